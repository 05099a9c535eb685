"""The variants of nets/zipcode.sn that docs/replication.md is made from.

A variant is the shipped net with a few words changed, so that whoever doubts a figure can make
the same change and run it: see measure.py.
"""

from __future__ import annotations

from dataclasses import dataclass

NEWTON = "(diagonal-newton (learning-rate 0.0005) (mu 0.05) (gamma 0.05))"
SGD = "(sgd (learning-rate 0.003))"
INIT = "(init (uniform 2.4 fan-in))"
TANH = "(nlf-tanh 0.66666666 0)"
INPUT = "(16 16)  (border -1)"
H1 = f"{TANH} (border -1)"
WINDOW = "(kernel 5 5) (stride 2 2)"


@dataclass(frozen=True, slots=True)
class Variant:
    """A net of nets/ with words replaced, one of its optimizers, and values for its variables."""

    name: str
    edits: tuple[tuple[str, str], ...] = ()
    optimizer: str = "newton"
    net: str = "zipcode"
    settings: tuple[tuple[str, str], ...] = ()


def newton(name: str, rule: str) -> Variant:
    """Return the net with another Newton rule."""
    return Variant(name, ((NEWTON, rule),))


def sgd(name: str, rate: str) -> Variant:
    """Return the net with plain gradient descent of another step."""
    return Variant(name, ((SGD, f"(sgd (learning-rate {rate}))"),), "sgd")


# the constants of the article that presents SN (Bottou and LeCun 1988), one by one and together;
# its law goes with either tanh, and so does the law as printed
ROOT_1988 = (INIT, "(init (uniform 2.38 sqrt-fan-in))")
TANH_1988 = (TANH, "(nlf-tanh 0.666 0.05)")
OF_1988 = (
    ("init-1988", (ROOT_1988,)),
    ("tanh-1988", (TANH_1988,)),
    ("both-1988", (ROOT_1988, TANH_1988)),
)

VARIANTS = (
    Variant("newton"),
    newton("full", f"{NEWTON[:-1]} (curvature full))"),
    newton("sampled", "(diagonal-newton (learning-rate 0.0005) (mu 0.02) (samples 500))"),
    Variant("sgd", optimizer="sgd"),
    Variant("2022", optimizer="sgd", net="ladder/0-1989", settings=(("digits", '"zipcode"'),)),
    Variant("init-sqrt", ((INIT, "(init (uniform 2.4 sqrt-fan-in))"),)),
    Variant("init-sqrt-1", ((INIT, "(init (uniform 1 sqrt-fan-in))"),)),
    Variant("sgd-init-sqrt", ((INIT, "(init (uniform 2.4 sqrt-fan-in))"),), "sgd"),
    *(
        Variant(f"{prefix}{name}", edits, optimizer)
        for prefix, optimizer in (("", "newton"), ("sgd-", "sgd"))
        for name, edits in OF_1988
    ),
    Variant("tanh", ((TANH, "(tanh)"),)),
    Variant("sgd-tanh", ((TANH, "(tanh)"),), "sgd"),
    newton("step-00025", NEWTON.replace("0.0005", "0.00025")),
    newton("step-001", NEWTON.replace("0.0005", "0.001")),
    newton("step-002", NEWTON.replace("0.0005", "0.002")),
    newton("mu-02", NEWTON.replace("(mu 0.05)", "(mu 0.02)")),
    newton("mu-2", NEWTON.replace("(mu 0.05)", "(mu 0.2)")),
    newton("gamma-005", NEWTON.replace("(gamma 0.05)", "(gamma 0.005)")),
    sgd("sgd-step-001", "0.001"),
    sgd("sgd-step-01", "0.01"),
    Variant("targets-08", (("(targets -1 1)", "(targets -0.8 0.8)"),)),
    Variant("targets-15", (("(targets -1 1)", "(targets -1.5 1.5)"),)),
    Variant("shuffled", (("(order constant)", "(order shuffled)"),)),
    Variant("border-h1-0", ((H1, f"{TANH} (border 0)"),)),
    Variant("border-0", ((H1, f"{TANH} (border 0)"), (INPUT, "(16 16)  (border 0)"))),
    Variant("wrap", ((WINDOW, f"{WINDOW} (wrap)"),)),
    Variant(
        "bias-map",
        (
            (f"(12 8 8) {TANH}", f"(12 8 8) {TANH} (bias map)"),
            (f"(12 4 4) {TANH}", f"(12 4 4) {TANH} (bias map)"),
            ("(parameters 9760)", "(parameters 8824)"),
        ),
    ),
    Variant("overlap", net="zipcode-overlap"),
    Variant("lenet", net="zipcode-lenet"),
    Variant("all", net="zipcode-full"),
    Variant("forty", net="zipcode-40"),
    Variant("forty-sgd", optimizer="sgd", net="zipcode-40"),
)

RANDOM_TABLES = tuple(
    Variant(f"random-{seed}", net="zipcode-random", settings=(("table-seed", str(seed)),))
    for seed in range(1, 11)
)

# Source: LeCun, Generalization and Network Design Strategies (1989): what each network is, its
# connections and weights, and the test digits it gets right, in per cent.
REPORT = {
    "net-1": ("one layer", 2570, 2570, 80.0),
    "net-2": ("12 hidden units", 3214, 3214, 87.0),
    "net-3": ("local connections", 1226, 1226, 88.5),
    "net-4": ("one shared layer", 2266, 1132, 94.0),
    "net-5": ("two shared layers", 5194, 1060, 98.4),
}
