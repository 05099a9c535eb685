"""Drivers that run in one call of compiled code, held to the same driver in Lisp with ==.

A hook that the program defines anew, and which does what the library's does, sends a driver
through Lisp, pattern by pattern.
"""

from __future__ import annotations

import pytest

from sn.lisp.forms import show
from tests.replication.original import live, quiet

pytestmark = pytest.mark.kernels

NET = """
(sn28-kernel '{kernel})
(alloc-net 60 400)
(build-net '((input 3) (hidden 18) (output 2)) '((input hidden) (hidden output) (input output)))
(setq pattern-matrix [[-1 -1 0.3] [1 -1 0] [1 1 -0.7] [-1 1 0.2] [0.5 -0.5 1]])
(setq desired-matrix [[1 -1] [-1 1] [1 -1] [-1 1] [1 1]])
(ensemble 0 3)
(test-set 3 4)
(seed 0.87) (forget 1) (epsi 1)
"""
HOOK = "(de present-desired (l n) (get-pattern desired-matrix n l))"
LEFT = "age local-error good-answer current-pattern global-error good-an-percent"
ONLINE = ("sn28", "sn28ite", "sn28new", "sn28itenew")
TABLE = ("sn28ite", "sn28itenew")
CURVED = ("sn28new", "sn28itenew")
CASES = [
    *[(kernel, text) for kernel in ONLINE for text in (
        "(learn 23)",
        "(setq alpha 0.9 decay 0.01) (learn 23)",
        "(set-nextcho-rnd) (set-class-max) (setq alpha 0.9) (learn 23) (learn 4) (perf)",
        "(set-class-quadrant) (learn-cycle 3) (perf)",
        "(set-cost-thlms 0.1) (set-class-hamming 1) (learn 9) (perf)",
        "(nlf-lin 0.1 1.1) (set-class-sgn -0.5 0.5) (learn 9)",
        "(trun 4 3)",
    )],
    *[(kernel, text) for kernel in CURVED for text in (
        "(epsilon 0.01) (learn-lm 23)",
        "(epsilon 0.01) (setq alpha 0.7 decay 0.01 mu 0.3) (learn-lm 23) (perf)",
        "(epsilon 0.01) (setq mu 0.8) (learn-newton 11)",
        "(epsi-sqrt 0.02) (learn-cycle-lm 3) (trun-lm 4 2)",
    )],
    *[(kernel, text) for kernel in TABLE for text in (
        "(epsilon 0.1) (learn-batch 5)",
        "(epsilon 0.1) (setq alpha 0.5 decay 0.01) (run-batch 2 2)",
    )],
    ("sn28itenew", "(epsilon 0.1) (learn-batch-lm 4) (learn-batch-newton 1)"),
    ("sn28itenew", "(learn-batch-cg 3)"),
]  # fmt: skip


def trained(kernel: str, text: str) -> tuple[dict[str, object], set[bool]]:
    """Return all that a program leaves, and in which ways its drivers went."""
    session = quiet()
    session.evaluate(NET.format(kernel=kernel) + text)
    net = live(session)
    found: dict[str, object] = {
        name: show(session.interpreter.get_global(name)) for name in LEFT.split()
    }
    found["weights"] = net.weights[:2, : net.n_weights].tolist()
    found["sigma"] = net.conns[1, : net.n_conns].tolist()
    found["units"] = net.units[:4, : net.n_units].tolist()
    found["draw"] = session.evaluate("(rand)")
    return found, {reason == "" for _, reason in session.world.told_loops}


@pytest.mark.parametrize(("kernel", "text"), CASES)
def test_one_call_does_what_lisp_does(kernel: str, text: str) -> None:
    found, ways = trained(kernel, text)
    wanted, others = trained(kernel, HOOK + text)
    assert (ways, others) == ({True}, {False})
    for field, value in wanted.items():
        assert found[field] == value, field


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (HOOK, "present-desired is the program's own"),
        ("(de present-pattern (l n) (get-pattern pattern-matrix n l))", "present-pattern is"),
        ("(setq theta 0.1)", "theta is not 0"),
        ("(setq input-noise 0.1)", "input-noise is not 0"),
        ("(de classify (n) t)", "classify is the program's own"),
        ("(de next-choice (n) 0)", "next-choice is the program's own"),
        ("(de forward-prop (l) ())", "forward-prop is not what define-net made"),
        ("(de basic-iteration (n) ())", "basic-iteration is the program's own"),
    ],
)
def test_why_a_driver_goes_on_in_lisp(text: str, reason: str) -> None:
    session = quiet()
    session.evaluate(NET.format(kernel="sn28ite") + text + "(learn 2)")
    told = [why for name, why in session.world.told_loops if name == "learn"]
    assert len(told) == 1 and told[0].startswith(reason)
    session.evaluate("(perf)")


@pytest.mark.parametrize("kernel", ["sn28", "sn28ite", "sn28new"])
def test_it_begins_anew_where_the_net_grew(kernel: str) -> None:
    """Presenters are kept; a connection that comes or goes between two calls counts, and momentum
    moves no weight of a connection that is gone.
    """
    found = []
    for hook in ("", HOOK):
        session = quiet()
        session.evaluate(NET.format(kernel=kernel) + hook)
        session.evaluate("(setq alpha 0.6) (learn 6)")
        net = live(session)
        slot = net.wid[net.connection(1, 5)]
        session.evaluate("(cut-connection 1 5) (learn 6) (connect 5 20 0.1)")
        session.evaluate("(epsi 1) (learn 6) (sval 2 5 0.25) (learn 6)")
        found.append(net.weights[0].tolist())
        assert net.variant.has_table or net.weights[0, slot] == 0
    assert found[0] == found[1]
