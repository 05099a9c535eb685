"""Several errors a run: whole texts as a person sees them, and where they stop.

Each program of tests/golden/diagnostics has what `sn check` says of it beside it, in NAME.txt; some
have the lines for other programs too, in NAME.json.txt and NAME.github.txt.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sn.codes import Code
from sn.commands import main
from sn.describe.several import MOST, Several
from sn.errors import EvalError, MemoryLimitError, SnError, Span
from sn.format import format_text
from sn.session import Session

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "diagnostics"
PROGRAMS = sorted(path.stem for path in GOLDEN.glob("*.sn"))
FORMATS = {"experiment", "layer-options", "loose-ends", "table-rows"}
Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_said_of_a_wrong_program(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    golden: Callable[[str, str], None],
) -> None:
    shutil.copy(GOLDEN / f"{name}.sn", tmp_path)
    monkeypatch.chdir(tmp_path)
    code = main(["check", f"{name}.sn"])
    golden(f"diagnostics/{name}.txt", f"{capsys.readouterr().err}exit code {code}\n")
    if name in FORMATS:
        for how in ("json", "github"):
            assert main(["check", f"{name}.sn", "--format", how]) == code
            golden(f"diagnostics/{name}.{how}.txt", capsys.readouterr().out)


def test_no_golden_text_is_left_of_a_program_that_is_gone() -> None:
    texts = {path.name.partition(".")[0] for path in GOLDEN.glob("*.txt")}
    assert texts == set(PROGRAMS)


def test_the_wrong_programs_are_well_laid_out() -> None:
    for name in PROGRAMS:
        text = (GOLDEN / f"{name}.sn").read_text(encoding="utf-8")
        assert format_text(text, name) == text


def at(line: int, text: str = "odd") -> EvalError:
    return EvalError(text, span=Span("t", line, 1, line, 1))


def test_errors_come_in_the_order_of_the_source() -> None:
    errors = Several()
    for error in (at(3), EvalError("nowhere"), at(1), at(2)):
        with errors:
            raise error
    with pytest.raises(SnError) as caught:
        errors.end()
    assert [one.span and one.span.line for one in caught.value.all] == [1, 2, 3, None]


def test_what_a_limit_stops_and_what_is_no_error_of_ours_goes_on() -> None:
    errors = Several()
    with pytest.raises(MemoryLimitError), errors:
        raise MemoryLimitError("too much")
    with pytest.raises(KeyboardInterrupt), errors:
        raise KeyboardInterrupt
    errors.end()


def test_so_many_errors_are_enough() -> None:
    errors = Several()
    with pytest.raises(EvalError) as caught:
        for line in range(2 * MOST):
            errors.add(at(line))
    assert len(caught.value.all) == MOST


def test_python_has_all_errors_and_shows_how_many_there_are() -> None:
    program = (GOLDEN / "layer-options.sn").read_text(encoding="utf-8")
    with pytest.raises(SnError) as caught:
        Session().evaluate(program, "t.sn")
    assert [one.code for one in caught.value.all] == [Code.UNKNOWN, Code.UNKNOWN, Code.LIMIT]
    assert caught.value.__notes__[-1] == "  and 2 more errors, which `error.others` has"


def test_a_lead_explains_the_whole_form() -> None:
    with pytest.raises(SnError) as caught:
        Session().evaluate("(defnet n (layer a (2)) (layer b (1)) (connect a -> b (full)))")
    assert len(caught.value.all) == 1
