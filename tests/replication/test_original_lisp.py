"""Programs of SN 2.8 that run here, and every bit that the original kernels left of them."""

from __future__ import annotations

import time

import numpy as np
import pytest

from sn.data.base import is_available
from sn.live.net import CONN_CURV, CONN_STEP, DELTA, STEP, WEIGHT
from sn.session import Session
from tests.replication import original
from tests.replication.original import KERNELS, kept, live, quiet, sha256, units, weights

pytestmark = pytest.mark.kernels

XOR = """
(sn28-kernel '{kernel})
(alloc-net 20 50)
(build-net '((input 2) (hidden 2) (output 1)) '((input hidden) (hidden output)))
(setq pattern-matrix [[-1 -1] [1 -1] [1 1] [-1 1]])
(setq desired-matrix [[1] [-1] [1] [-1]])
(ensemble 0 3)
"""
HARD = "(setq gamma 0.1 mu 0.5) (epsilon 0.1)"
SETTINGS = {
    "sgd_A": "(epsi 1)",
    "sgd_seed": "(seed 0.87) (epsi 1) (forget 1)",
    "alpha_A": "(epsi 0.5) (setq alpha 0.5)",
    "decay_A": "(epsi 0.5) (setq decay 0.001)",
    "mom_A": "(epsi 0.5) (setq alpha 0.5 decay 0.001)",
    "epsisqrt_A": "(epsi-sqrt 0.5)",
    **{f"{word}_A": "(epsilon 0.005)" for word in ("lm", "newton")},
    **{f"{word}2_A": HARD for word in ("lm", "newton")},
    **{f"{word}mom_A": f"{HARD} (setq alpha 0.5 decay 0.001)" for word in ("lm", "newton")},
    "batch_A": "(epsi 0.3)",
    **{f"batch{word}_A": "(setq mu 0.05) (epsilon 0.3)" for word in ("lm", "newton")},
}
RUNS = [name for name in kept("xor")["runs"] if "batchcg" not in name]
FIELDS = {"delta": DELTA, "sigma": CONN_CURV}
# hooks of the program's own, behind which a driver goes on in Lisp
HOOK = "(de present-desired (l n) (get-pattern desired-matrix n l))"


def driver(run: str) -> str:
    """Return the word that learns in a run."""
    kind = next((word for word in ("newton", "lm") if word in run), "")
    words = ["learn", *["batch"] * ("batch" in run), *[kind] * bool(kind)]
    return "-".join(words)


def xor(kernel: str, run: str, hook: str = "") -> Session:
    session = quiet()
    session.evaluate(XOR.format(kernel=KERNELS[kernel]) + hook + SETTINGS[run])
    if run != "sgd_seed":
        net = live(session)
        net.weights[WEIGHT, :9] = kept("xor")["runs"][f"{kernel}__{run}"]["after"]["0"]
    return session


def test_all_runs_of_xor_are_here() -> None:
    """Three kernels; those of the fourth, sn28new, are in test_sn28_vectors.py."""
    assert len(RUNS) == 28
    assert {name.split("__")[0] for name in RUNS} == set(KERNELS)


@pytest.mark.parametrize("name", RUNS)
def test_xor_step_by_step(name: str) -> None:
    """Weights, deltas, curvatures and units behind each step, errors and what `perf` says."""
    kernel, run = name.split("__")
    golden = kept("xor")["runs"][name]
    session = xor(kernel, run)
    net = live(session)
    assert np.column_stack([net.src[:9], net.dst[:9]]).tolist() == kept("xor")["connections"]
    assert weights(session).tolist() == golden["after"]["0"]
    found: dict[str, list[object]] = {}
    found["perf"] = [perf(session)] if "perf" in golden else []
    for step in range(1, golden["steps"] + 1):
        session.evaluate(f"({driver(run)} 1)")
        found.setdefault("weights", []).append(weights(session))
        found.setdefault("delta", []).append(net.weights[DELTA, :9].copy())
        found.setdefault("sigma", []).append(net.conns[CONN_CURV, :9].copy())
        found.setdefault("neur", []).append(units(session, 6, 6 if kernel == "itenew" else 4))
        found.setdefault("local_error", []).append(session.evaluate("local-error"))
        found.setdefault("global_error", []).append(session.evaluate("global-error"))
        found.setdefault("output", []).append(net.units[0, 5])
        if step % 4 == 0 and "perf" in golden:
            found["perf"].append(perf(session))
        if str(step) in golden["after"]:
            assert weights(session).tolist() == golden["after"][str(step)], step
    for field, wanted in golden.items():
        if field not in ("steps", "after"):
            assert sha256(np.array(found[field], np.float32)) == wanted, field


def perf(session: Session) -> list[object]:
    session.evaluate("(perf)")
    return [session.evaluate("global-error"), session.evaluate("good-an-percent")]


@pytest.mark.parametrize("hook", ["", HOOK], ids=["compiled", "in Lisp"])
@pytest.mark.parametrize("name", RUNS)
def test_xor_in_one_call(name: str, hook: str) -> None:
    kernel, run = name.split("__")
    golden = kept("xor")["runs"][name]
    session = xor(kernel, run, hook)
    session.evaluate(f"({driver(run)} {golden['steps']})")
    assert weights(session).tolist() == golden["after"][str(golden["steps"])]
    told = session.world.told_loops
    assert told
    assert all((reason == "") == (hook == "") for _, reason in told), told


@pytest.mark.parametrize("hook", ["", HOOK], ids=["compiled", "in Lisp"])
@pytest.mark.parametrize("kernel", ["ite", "itenew"])
def test_xor_by_conjugate_gradients(kernel: str, hook: str) -> None:
    """Two line steps to the bit; what follows amplifies an order of additions that is not known."""
    after = kept("xor")["runs"][f"{kernel}__batchcg_A"]["after"]
    for steps in range(1, 6):
        session = quiet()
        session.evaluate(XOR.format(kernel=KERNELS[kernel]) + hook)
        live(session).weights[WEIGHT, :9] = after["0"]
        session.evaluate(f"(learn-batch-cg {steps})")
        assert weights(session) == pytest.approx(after[str(steps)], abs=1e-5)
        if steps <= 2:
            assert weights(session).tolist() == after[str(steps)]


def test_tables_of_connections_are_the_originals() -> None:
    """NetMASK and the 1989 net: every connection in the order of creation, every weight."""
    for name, runs in (("netmask", original.NETMASK), ("lecun89", original.LECUN89)):
        golden, found = kept(name), original.columns(name)
        for key in ("pre", "post", "widx"):
            assert sha256(found[key]) == golden[key], (name, key)
        assert golden["counts"] == [len(found["pre"]), len(found["w0"])]
        assert {golden[run]["w0"] for run in runs} == {sha256(found["w0"])}


def followed(session: Session, golden: dict[str, str], word: str, until: int) -> list[int]:
    """Learn, and compare weights, curvatures and units wherever the original left them."""
    net, done = live(session), 0
    n_units = net.n_units
    points = sorted(int(key[1:]) for key in golden if key[0] == "w" and key[1:].isdigit())
    for point in points:
        if point > until:
            continue
        session.evaluate(f"({word} {point - done})")
        done = point
        assert sha256(weights(session)) == golden[f"w{point}"], point
        if f"sigma{point}" in golden:
            assert sha256(net.conns[CONN_CURV, : net.n_conns]) == golden[f"sigma{point}"], point
        if f"neur{point}" in golden:
            fields = 6 if word == "learn-lm" else 4
            assert sha256(units(session, n_units, fields)) == golden[f"neur{point}"], point
    return [point for point in points if 0 < point <= until]


@pytest.mark.skipif(not is_available("digits-480"), reason="needs the data set digits-480")
@pytest.mark.parametrize(("run", "word"), [("ite_sgd", "learn"), ("itenew_lm", "learn-lm")])
def test_netmask(run: str, word: str) -> None:
    """9,600 presentations, and errors and percentages behind each pass."""
    golden = kept("netmask")[run]
    session = original.netmask(run, "(load-dataset 'digits-480)")
    assert sha256(steps(session)) == golden["epsilon"]
    assert followed(session, golden, word, 9600) == [1, 10, 320, 3200, 9600]
    session = original.netmask(run, "(load-dataset 'digits-480)")
    for row in golden["perf"]:
        found = [*scores(session, 0, 319), *scores(session, 320, 479)]
        assert np.float32(found).tolist() == row
        session.evaluate(f"({word} 320)")


def steps(session: Session) -> np.ndarray:
    """Return the learning rate of each unit, or of the connections into it."""
    net = live(session)
    if not net.variant.has_steps:
        return net.units[STEP, : net.n_units]
    found, n = np.zeros(net.n_units, np.float32), net.n_conns
    found[net.dst[:n]] = net.conns[CONN_STEP, :n]
    return found


def scores(session: Session, first: int, last: int) -> list[object]:
    """Return the error over some patterns, and the percentages by both criteria."""
    found: list[object] = []
    for judge in ("(set-class-quadrant)", "(set-class-max)"):
        session.evaluate(f"{judge} (performance {first} {last})")
        found.append(session.evaluate("good-an-percent"))
    return [session.evaluate("global-error"), *found]


@pytest.mark.skipif(not is_available("digits-480"), reason="needs the data set digits-480")
def test_netmask_takes_two_seconds() -> None:
    """(trun 320 20): 6,400 presentations and 21 measurements of both sets."""
    session = original.netmask("ite_sgd", "(load-dataset 'digits-480)")
    session.evaluate("(learn 1) (performance 0 1)")  # which compiles
    start = time.process_time()
    session.evaluate("(trun 320 20)")
    assert time.process_time() - start < 2


@pytest.mark.skipif(not is_available("zipcode"), reason="needs the data set zipcode")
@pytest.mark.parametrize(("run", "word"), [("sgd_plain0.003", "learn"), ("lm_0.0005", "learn-lm")])
def test_the_net_of_1989(run: str, word: str) -> None:
    """One pass."""
    session = original.lecun89(run, "(load-dataset 'zipcode)")
    assert sha256(steps(session)) == kept("lecun89")[run]["epsilon"]
    assert followed(session, kept("lecun89")[run], word, 7291) == [1, 10, 100, 1000, 7291]


@pytest.mark.slow
@pytest.mark.skipif(not is_available("zipcode"), reason="needs the data set zipcode")
@pytest.mark.parametrize(("run", "word"), [("sgd_plain0.003", "learn"), ("lm_0.0005", "learn-lm")])
def test_the_net_of_1989_to_its_end(run: str, word: str) -> None:
    """All 23 passes."""
    session = original.lecun89(run, "(load-dataset 'zipcode)")
    assert followed(session, kept("lecun89")[run], word, 167_693)[-1] == 167_693
