"""Draws: what chance does to presentations, from counters alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from sn.errors import SettingError, SnError, TrainError
from sn.kernels import compile_net
from sn.lower.recognise import lower
from sn.machine_code import compile_functions
from sn.net.costs import cost
from sn.net.reference import Reference
from sn.net.table import ConnectionTable, freeze
from sn.optim.adaptive import AdamW
from sn.optim.base import Optimizer
from sn.optim.first_order import Sgd
from sn.optim.rules import Curvature, Hyper, RuleSpec
from sn.optim.second_order import DiagonalNewton
from sn.session import Session
from sn.train import loops
from sn.train.draws import Augmentation, Draws, gaussian_weights
from sn.train.engines import KernelEngine
from sn.train.twin import ReferenceEngine
from tests.sample_nets import described

NET = (
    "(defnet n (layer in (6 5) (border -1) {in_}) (layer h (3 4 3) (gelu) (dropout 0.25))"
    " (layer g (2 3 7) (tanh)) (layer k (11) (dropout 0.5)) (layer out (4) (linear))"
    " (connect in h (conv (kernel 3 3))) (connect in g (full)) (connect h k (full))"
    " (connect g k (full)) (connect k out (full)))"
)
COUNT = 40


@cache
def table(in_: str = "") -> ConnectionTable:
    return freeze(described(NET.format(in_=in_)))


@cache
def compiled() -> ModuleType:
    return compile_functions(Path(loops.__file__).read_text(encoding="utf-8"), "loops")


def shown(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    patterns = rng.uniform(-1, 1, (COUNT, 30)).astype(np.float32)
    return patterns, np.eye(4, dtype=np.float32)[rng.integers(0, 4, COUNT)]


def augmented(augmentation: Augmentation, background: float = -1.0, seed: int = 3) -> np.ndarray:
    draws = Draws(table(), augmentation, seed, background)
    order = np.arange(COUNT, dtype=np.int32)
    return np.concatenate([one.patterns for one in draws.take(order, *shown())])


def test_words_are_those_of_the_paper() -> None:
    """Known answers of Random123 (Salmon et al. 2011) for philox4x32-10."""
    ones = (0xFFFFFFFF,) * 6
    pi = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0)
    assert loops.philox(*(0,) * 6) == (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)
    assert loops.philox(*ones) == (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)
    assert loops.philox(*pi) == (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)


def test_small_functions() -> None:
    for x in np.linspace(-3.1, 3.1, 63):
        assert loops.sine(x) == pytest.approx(np.sin(x), abs=1e-12)
    for p in (1e-300, 0.01, 0.3, 0.5, 0.999):
        assert loops.minus_log(p) == pytest.approx(-np.log(p), rel=1e-13)
    # quantiles from tables of the normal distribution
    for u, x in ((0.0, 0.0), (0.95, 1.959964), (-0.95, -1.959964), (0.9999, 3.890592)):
        assert loops.gauss(u) == pytest.approx(x, abs=2e-6)
    assert -1 < loops.spread(0) < -0.999
    assert 0.999 < loops.spread(loops.LOW) < 1


@pytest.mark.kernels
@pytest.mark.parametrize(
    "how",
    [
        (1, 1, 0, 0, 0, -1, 0, 0),
        (2, 1, 0, 0, 0, -1, 1, 0),
        (1, 0, 0.3, 0.1, 0, -1, 0, 0),
        (1, 2, 0.3, 0.1, 0.2, -1, 1, 0),
        (0, 0, 0, 0, 0, -1, 0, 8.0),
    ],
)
def test_machine_code_does_what_the_text_says(how: tuple[float, ...]) -> None:
    patterns, shape = shown()[0], np.array([1, 6, 5])
    order = np.arange(COUNT, dtype=np.int32)[::-1].copy()
    found = [np.empty((COUNT, 30), np.float32) for _ in range(2)]
    for module, out in zip((loops, compiled()), found, strict=True):
        module.augment(
            *(patterns.reshape(-1), order, out.reshape(-1), shape, np.array(how, float)),
            *(gaussian_weights(1.5), np.zeros(2 * 30 + 6)),
            *(65536, 2**33, 5, 6),
        )
    assert np.abs(found[0] - found[1]).max() < (1e-6 if how[4] else 1e-9)
    masks = [np.empty((COUNT, 13), np.float32) for _ in range(2)]
    for module, out in zip((loops, compiled()), masks, strict=True):
        module.masks(out.reshape(-1), COUNT, 0, 13, 2**30, 4 / 3, 17, 2**33, 5, 6)
    assert np.array_equal(*masks)


@pytest.mark.kernels
def test_shifts_roll_or_bring_in_the_background() -> None:
    patterns = shown()[0].reshape(COUNT, 6, 5)
    rolled = augmented(Augmentation(down=1, across=2, wraps=True)).reshape(COUNT, 6, 5)
    filled = augmented(Augmentation(down=1, across=2)).reshape(COUNT, 6, 5)
    seen = set()
    for before, roll, fill in zip(patterns, rolled, filled, strict=True):
        shifts = [
            (dy, dx)
            for dy in (-1, 0, 1)
            for dx in (-2, -1, 0, 1, 2)
            if np.array_equal(np.roll(before, (dy, dx), (0, 1)), roll)
        ]
        assert len(shifts) == 1
        dy, dx = shifts[0]
        seen.add((dy, dx))
        framed = np.pad(before, 2, constant_values=-1)
        assert np.array_equal(framed[2 - dy : 8 - dy, 2 - dx : 7 - dx], fill)
    assert len(seen) > 10


@pytest.mark.kernels
def test_turned_and_scaled_patterns_are_read_between_four_pixels() -> None:
    """A plane stays one: values of y and x where the turn and the size say, inside the frame."""
    y, x = np.mgrid[0:6, 0:5].astype(np.float32)
    draws = Draws(table(), Augmentation(rotate=20, scale=0.2), 4)
    planes = np.tile(np.stack([y, x]).reshape(2, 30), (1, 1))
    order, targets = np.array([0, 1], np.int32), np.zeros((2, 4), np.float32)
    (first,) = draws.take(order, planes, targets)
    draws.set_counters({"drawn": np.array([0.0])})
    (again,) = draws.take(np.array([1, 0], np.int32), planes, targets)
    # the same presentation of both planes
    ys, xs = first.patterns[0].reshape(6, 5), again.patterns[0].reshape(6, 5)
    inside = np.s_[2:4, 1:4]
    v, u = y[inside] - 2.5, x[inside] - 2
    matrix = np.linalg.lstsq(
        np.stack([v.ravel(), u.ravel()], 1),
        np.stack([ys[inside].ravel() - 2.5, xs[inside].ravel() - 2], 1),
        rcond=None,
    )[0]
    assert np.stack([v, u], -1) @ matrix == pytest.approx(
        np.stack([ys[inside] - 2.5, xs[inside] - 2], -1), abs=1e-5
    )
    grown = 1 / np.sqrt(np.linalg.det(matrix))
    angle = np.degrees(np.arctan2(matrix[0, 1], matrix[0, 0]))
    assert 0.8 < grown < 1.2
    assert 0 < abs(angle) < 20
    assert matrix @ matrix.T == pytest.approx(np.eye(2) / grown**2, abs=1e-5)


@pytest.mark.kernels
def test_pixels_are_displaced_smoothly() -> None:
    """Planes of y and x show the displacements, which are those of a filtered field."""
    y, x = np.mgrid[0:6, 0:5].astype(np.float32)
    planes = np.stack([y, x]).reshape(2, 30)
    draws = Draws(table(), Augmentation(elastic=3, smooth=1.5), 4)
    targets = np.zeros((2, 4), np.float32)
    (first,) = draws.take(np.array([0], np.int32), planes, targets)
    draws.set_counters({"drawn": np.array([0.0])})
    (again,) = draws.take(np.array([1], np.int32), planes, targets)
    field = np.zeros(60)
    for block in range(15):
        words = loops.philox(0, 0, loops.ELASTIC, block, 4, 0)
        field[4 * block : 4 * block + 4] = [loops.spread(word) for word in words]
    weights = gaussian_weights(1.5)
    kernel = np.concatenate([weights[:0:-1], weights])
    assert kernel.sum() == pytest.approx(1, abs=1e-9)

    def filtered(plane: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        for axis in range(2):
            plane = np.apply_along_axis(np.convolve, axis, plane, kernel)
        far = len(weights) - 1
        return plane[far:-far, far:-far]

    down, across = (3 * filtered(part.reshape(6, 5)) for part in (field[:30], field[30:]))
    assert 0.1 < np.abs(down).max() < 3
    inside = np.s_[2:4, 1:4]
    shown_y, shown_x = (one.patterns[0].reshape(6, 5)[inside] for one in (first, again))
    assert shown_y == pytest.approx((y + down)[inside], abs=1e-5)
    assert shown_x == pytest.approx((x + across)[inside], abs=1e-5)


@pytest.mark.kernels
def test_noise_is_gaussian() -> None:
    noise = augmented(Augmentation(noise=0.5)) - shown()[0]
    assert noise.mean() == pytest.approx(0, abs=0.05)
    assert noise.std() == pytest.approx(0.5, rel=0.05)
    assert not np.array_equal(noise, augmented(Augmentation(noise=0.5), seed=4) - shown()[0])


@pytest.mark.kernels
def test_units_are_left_out_as_often_as_said() -> None:
    draws, order = Draws(table("(dropout 0.1)"), None, 9), np.zeros(4000, np.int32)
    masks = np.concatenate([one.masks for one in draws.take(order, *shown())])
    start = 0
    for share, size in ((0.1, 30), (0.25, 36), (0.5, 11)):
        part = masks[:, start : start + size]
        assert set(np.unique(part)) == {np.float32(0), np.float32(1 / (1 - share))}
        deviation = np.sqrt(share * (1 - share) / len(part))
        assert np.abs((part == 0).mean(axis=0) - share).max() < 4.5 * deviation
        start += size
    assert start == masks.shape[1]
    # neighbours and one after the other do not go together
    out = masks[:, 30:66] == 0
    assert abs(np.corrcoef(out[:, 0], out[:, 1])[0, 1]) < 0.06
    assert abs(np.corrcoef(out[1:, 0], out[:-1, 0])[0, 1]) < 0.06


@pytest.mark.kernels
@pytest.mark.parametrize("in_", ["", "(dropout 0.2)"])
@pytest.mark.parametrize("curvature", [Curvature.GAUSS_NEWTON, Curvature.FULL])
def test_kernels_leave_out_what_the_twin_does(in_: str, curvature: Curvature) -> None:
    net, error = table(in_), cost.get("softmax")(4)
    patterns, targets = shown()
    weights = np.random.default_rng(1).uniform(-0.7, 0.7, net.n_weights).astype(np.float32)
    kernels = compile_net(lower(net), error, RuleSpec(curvature=curvature, gather=True))
    twin = Reference(net, error, curvature is Curvature.FULL)
    draws = Draws(net, None, 5)
    (some,) = draws.take(np.arange(8, dtype=np.int32), patterns, targets)
    slots = kernels.slots(weights, [0.0] * len(kernels.source.nodes), Hyper())
    kernels.train(slots, some.patterns, some.targets, np.arange(8, dtype=np.int32), some.masks)
    sums = [np.zeros(net.n_weights), np.zeros(net.n_weights)]
    for row in range(8):
        kept = np.ones(net.n_units)
        kept[draws.units] = some.masks[row]
        ends = some.patterns[row].astype(float), some.targets[row].astype(float)
        found = twin.present(weights.astype(float), *ends, kept)
        assert not found.state[draws.units[some.masks[row] == 0]].any()
        sums[0] += found.d_weight
        sums[1] += found.curv_weight
    for name, expected in zip(("descents", "curvatures"), sums, strict=True):
        sizes = np.abs(expected).max()
        assert kernels.unpack(slots[name]) == pytest.approx(expected, rel=1e-4, abs=3e-6 * sizes)


def engine(kind: str, rule: Optimizer, seed: int = 7, phase: int = 0) -> Any:
    net, error = table(), cost.get("softmax")(4)
    draws = Draws(net, Augmentation(down=1, across=1, rotate=5, noise=0.05), seed, -1, phase)
    patterns, targets = shown()
    made: Any
    if kind == "kernels":
        plan = partial(compile_net, lower(net), error)
        made = KernelEngine(plan, net, rule, {"train": patterns}, targets, error, draws)
    else:
        twin = Reference(net, error)
        made = ReferenceEngine(twin, net, rule, {"train": patterns}, targets, draws)
    start = np.random.default_rng(2).uniform(-0.3, 0.3, net.n_weights)
    made.set_weights(start.astype(np.float32))
    return made


def one_pass(some: Any, parts: tuple[int, ...] = (COUNT,)) -> None:
    order = np.arange(COUNT, dtype=np.int32)
    some.begin_pass(order)
    for part in np.split(order, np.cumsum(parts)[:-1]):
        some.present(part)
    some.end_pass()


RULES: dict[str, Callable[[], Optimizer]] = {
    "sgd": lambda: Sgd(learning_rate=0.02),
    "adamw": lambda: AdamW(learning_rate=0.002, eps=1e-3),
    "sampled newton": lambda: DiagonalNewton(learning_rate=0.01, samples=9),
}


@pytest.mark.kernels
@pytest.mark.parametrize("rule", RULES)
def test_engines_are_shown_the_same(rule: str) -> None:
    fast, slow = (engine(kind, RULES[rule]()) for kind in ("kernels", "reference"))
    for some in (fast, slow):
        one_pass(some)
        one_pass(some)
    assert fast.get_weights() == pytest.approx(slow.get_weights(), rel=1e-3, abs=3e-5)
    other = engine("kernels", RULES[rule](), seed=8)
    one_pass(other)
    one_pass(other)
    assert np.abs(other.get_weights() - slow.get_weights()).max() > 1e-3


@pytest.mark.kernels
@pytest.mark.parametrize("kind", ["kernels", "reference"])
def test_a_run_that_goes_on_draws_what_it_would_have_drawn(kind: str) -> None:
    whole, first = engine(kind, RULES["adamw"]()), engine(kind, RULES["adamw"]())
    for _ in range(2):
        one_pass(whole)
    one_pass(first, (7, 20, 13))
    later = engine(kind, RULES["adamw"]())
    later.set_state(first.get_state())
    one_pass(later, (1, 39))
    assert np.array_equal(later.get_weights(), whole.get_weights())
    assert later.get_state().counters["drawn"].item() == 2 * COUNT


@pytest.mark.kernels
def test_phases_have_draws_of_their_own() -> None:
    some, other = (engine("kernels", RULES["sgd"](), phase=phase) for phase in (0, 1))
    one_pass(some)
    one_pass(other)
    assert not np.array_equal(some.get_weights(), other.get_weights())


EXPERIMENT = """(experiment n (data "mnist-1989") (augment {}) (targets 0 1) (cost softmax)
  (optimizer sgd (sgd (learning-rate 0.1))) (optimizer line (conjugate-gradient)))"""


def spoken(form: str, net: str = NET.format(in_="")) -> Augmentation | None:
    session = Session()
    session.evaluate(net + EXPERIMENT.format(form))
    return session.world.experiments["n"].augmentation


def test_a_program_says_what_happens() -> None:
    assert spoken("(shift 1)") == Augmentation(down=1, across=1)
    assert spoken("(shift 0 2) (wrap)") == Augmentation(across=2, wraps=True)
    told = "(rotate 5) (scale 0.1) (noise 0.05) (fill 0.5)"
    found = spoken(told)
    assert found == Augmentation(rotate=5, scale=0.1, noise=0.05, fill=0.5)
    assert str(found) == "rotate 5, scale 0.1, noise 0.05, fill 0.5"
    assert spoken("(elastic 34 6)") == Augmentation(elastic=34, smooth=6)
    assert str(spoken("(elastic 8)")) == "elastic 8 4"
    flat = "(defnet n (layer in (30)) (layer out (10) (linear)) (connect in out (full)))"
    assert spoken("(shift 2)", flat) == Augmentation(across=2)


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("(shift 5)", "a shift of 5 leaves nothing of 5 columns"),
        ("(shift 0.5)", "the shift must be a whole number of at least 0, found 0.5"),
        ("(rotate 181)", "the rotate must be a number from 0 to 180"),
        ("(flip)", "augment has no option 'flip'"),
        ("", "augment"),
    ],
)
def test_what_cannot_be_is_told_at_its_place(form: str, message: str) -> None:
    with pytest.raises(SnError) as told:
        spoken(form)
    assert message in told.value.message
    assert told.value.span is not None


def test_images_are_needed_to_turn() -> None:
    flat = "(defnet n (layer in (30)) (layer out (10) (linear)) (connect in out (full)))"
    with pytest.raises(SnError, match="rotate needs rows and columns"):
        spoken("(rotate 5)", flat)
    with pytest.raises(SettingError, match="scale must be"):
        Augmentation(scale=1)


@pytest.mark.parametrize("share", ["1", "-0.1", "1e-60"])
def test_a_share_is_below_one(share: str) -> None:
    with pytest.raises(SnError, match="dropout must be a number"):
        described(NET.format(in_=f"(dropout {share})"))


def test_an_output_is_never_left_out() -> None:
    net = "(defnet n (layer a (3)) (layer b (2) (dropout 0.5)) (connect a b (full)))"
    with pytest.raises(SnError, match="layer b is an output"):
        described(net)


@pytest.mark.parametrize(
    ("optimizer", "engine", "words"),
    [
        ("line", "reference", "conjugate-gradient has no dropout and no augmentation"),
        ("sgd", "historical", "SN's own arithmetic has no dropout"),
    ],
)
def test_who_cannot_draw_says_so(optimizer: str, engine: str, words: str, tmp_path: Path) -> None:
    net = (
        "(defnet n (layer in (16 16)) (layer out (10) (linear)) (connect in out (full)))"
        + EXPERIMENT.format("(shift 1)").replace("(cost softmax)", "")
    )
    (tmp_path / "n.sn").write_text(net)
    experiment = Session().load(tmp_path / "n.sn").experiment()
    with pytest.raises(TrainError, match=words):
        experiment.train(passes=1, optimizer=optimizer, **{engine: True})
