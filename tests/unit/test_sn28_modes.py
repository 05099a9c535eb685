"""How programs of SN 2.8 choose between its own arithmetic and the compiler's kernels."""

from __future__ import annotations

from pathlib import Path

import pytest

from sn.commands import main
from sn.errors import EvalError
from sn.lisp.forms import show
from sn.session import Session

pytestmark = pytest.mark.kernels
Capture = pytest.CaptureFixture[str]

XOR = """
(libload "sn28/sn28ite")
(alloc-net 20 50)
(build-net '((input 2) (hidden 2) (output 1)) '((input hidden) (hidden output)))
(setq pattern-matrix [[-1 -1][1 -1][1 1][-1 1]] desired-matrix [[1][-1][1][-1]])
(ensemble 0 3) (seed 0.87) (epsi 1) (forget 1)
"""


def weights(text: str) -> list[float]:
    session = Session()
    session.evaluate(XOR + text)
    return [float(w) for w in session.world.live.weights[0, :9]]


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("", "fast"),
        ('(libload "sn28/sn28")', "historical"),
        ("(sn28-kernel 'sn28new)", "historical"),
        ("(numeric-mode 'fast) (sn28-kernel 'sn28new)", "fast"),
        ("(sn28-kernel 'sn28new) (numeric-mode 'fast)", "fast"),
        ("(numeric-mode 'historical)", "historical"),
    ],
)
def test_a_kernel_of_sn28_is_historical_unless_told_otherwise(text: str, mode: str) -> None:
    assert show(Session().evaluate(f"(progn {text} (numeric-mode))")) == mode


@pytest.mark.parametrize(
    "text",
    ["(learn 20)", "(setq alpha 0.5 decay 0.01) (learn 20)", "(epsi-sqrt 0.3) (learn-cycle 5)"],
)
def test_both_modes_compute_the_same(text: str) -> None:
    historical, fast = weights(text), weights("(numeric-mode 'fast)" + text)
    assert fast == pytest.approx(historical, abs=2e-6)
    assert fast != historical or "cycle" in text


def test_what_kernels_lack_runs_historically() -> None:
    session = Session()
    session.evaluate(XOR + "(numeric-mode 'fast) (nlf-bin 0.6666 0) (learn 3)")
    assert any(name == "fast" and reason for name, reason in session.world.told_loops)


def test_a_weight_that_layers_share_moves_at_the_rate_of_each() -> None:
    text = (
        "(connect 1 5 0.5) (dup-connection 1 3 2 5) (epsilon 0.2) (epsilon output 0.05) (learn 9)"
    )
    historical, fast = weights(text), weights("(numeric-mode 'fast)" + text)
    assert fast == historical, "no kernel has two rates for a weight"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("(learn 5) (nval 0 0.5) (learn 5)", "the state of the bias is not 1"),
        ("(connect output hidden) (learn 5)", "output -> hidden runs backwards"),
        ("(connect hidden hidden) (learn 5)", "hidden -> hidden runs backwards"),
        ("(connect hidden input) (learn 5)", "connections lead to units that are in no layer"),
        (
            "(connect hidden desired-layer) (learn 5)",
            "connections lead to units that are in no lay",
        ),
        (
            "(connect desired-layer hidden) (learn 5)",
            "connections lead out of the layer of what is",
        ),
        (
            "(define-net '((input) (hidden) (hidden) (output))) (learn 5)",
            "layer 'hidden' is already",
        ),
    ],
)
def test_a_net_that_kernels_would_present_in_another_way_runs_historically(
    text: str, why: str
) -> None:
    found = []
    for mode in ("historical", "fast"):
        session = Session()
        session.evaluate(f"{XOR} (numeric-mode '{mode}) {text}")
        live = session.world.live
        found.append((live.weights[0].tolist(), live.units[:4].tolist()))
    told = [reason for name, reason in session.world.told_loops if name == "fast" and reason]
    assert len(told) == 1 and told[0].startswith(why)
    assert found[1] == found[0] or text.startswith("(learn")
    assert found[1][0] == pytest.approx(found[0][0], abs=2e-6)


def test_a_constant_that_changes_counts_in_both_modes() -> None:
    made = "(setq k (newneurons 1)) (connect k 4 0.3) (nval (car k) 1) (learn 5)"
    text = f"{made} (nval (car k) 3) (learn 5)"
    historical, fast = weights(text), weights("(numeric-mode 'fast)" + text)
    assert fast == pytest.approx(historical, abs=2e-6)


@pytest.mark.parametrize("call", ["(learn 200)", "(learn-cycle 50)", "(learn-batch 50)", "(perf)"])
@pytest.mark.parametrize("mode", ["historical", "fast"])
def test_errors_beyond_float32_are_a_floating_exception_in_all_ways(mode: str, call: str) -> None:
    for hook in ("", "(de present-desired (l n) (get-pattern desired-matrix n l))"):
        session = Session()
        session.evaluate(f"{XOR} (numeric-mode '{mode}) {hook} (nlf-tanh 1 1) (epsilon 1000)")
        if call == "(perf)":
            session.evaluate("(set-weight 5 '(1e30 1e30 1e30))")
        with pytest.raises(EvalError, match="floating exception"):
            session.evaluate(call)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--explain",), ["explain: learn, 3 times in compiled code"]),
        (("--explain", "--fast"), ["explain: 7 of these by the kernels of the compiler"]),
    ],
)
def test_explain_tells_how_loops_ran(
    tmp_path: Path, capsys: Capture, words: tuple[str, ...], told: list[str]
) -> None:
    program = tmp_path / "xor.sn"
    program.write_text(XOR + "(run 4 3)")
    assert main(["run", *words, str(program)]) == 0
    stderr = capsys.readouterr().err
    for line in told:
        assert line in stderr


def test_explain_tells_which_hook_is_the_programs(tmp_path: Path, capsys: Capture) -> None:
    program = tmp_path / "xor.sn"
    program.write_text(XOR + "(de classify (n) t) (run 4 3)")
    main(["run", "--explain", str(program)])
    stderr = capsys.readouterr().err
    assert "explain: learn, 3 times in Lisp: classify is the program's own" in stderr


def test_two_modes_at_once_are_refused(tmp_path: Path, capsys: Capture) -> None:
    program = tmp_path / "xor.sn"
    program.write_text(XOR)
    assert main(["run", "--fast", "--historical", str(program)]) == 2
    assert "--fast and --historical are two modes" in capsys.readouterr().err


def test_a_program_of_sn28_is_checked_and_drawn_as_a_net(tmp_path: Path, capsys: Capture) -> None:
    program = tmp_path / "xor.sn"
    program.write_text(XOR)
    assert main(["check", str(program)]) == 0
    told = capsys.readouterr().out
    assert "in all 5 units, 9 connections, 9 parameters" in told
    assert "1.7159 tanh(0.66667 x)\n" in told
    assert "full 2 x 2" in told
    assert main(["check", "--grad", str(program)]) == 0
    assert main(["draw", str(program), "-o", str(tmp_path / "xor.svg")]) == 0
    assert (tmp_path / "xor.svg").read_text().startswith("<svg")


def test_a_net_without_layers_is_told_of(tmp_path: Path, capsys: Capture) -> None:
    program = tmp_path / "loops.sn"
    program.write_text("(setq l (newneurons 3)) (connect l l)")
    assert main(["check", str(program)]) == 1
    assert "there are no layers of define-net" in capsys.readouterr().err
    assert main(["run", str(program)]) == 0


def test_variables_count_for_optimizers_where_a_program_sets_them() -> None:
    form = (
        "(defnet n (layer in (2)) (layer out (10)) (connect in out (full)))"
        '(experiment n (data "mnist-1989") (optimizer a (nesterov (learning-rate 0.1))))'
    )
    for before, momentum in (("", 0.9), ("(setq alpha 0)", 0.0), ("(setq alpha 0.5)", 0.5)):
        session = Session()
        session.evaluate(before + form)
        assert session.world.experiments["n"].optimizers["a"].momentum == momentum
