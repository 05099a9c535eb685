"""Codes: every kind of error is explained, and its example is one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sn.codes import STAGES, Code, explanations
from sn.commands import main
from sn.errors import Notice, ReadError, SnError, SnInternalError, render
from sn.session import Program, Session

ROOT = Path(__file__).resolve().parents[2]
EXPLAINED = explanations()
WRONG = {code: one.programs["wrong"] for code, one in EXPLAINED.items() if "wrong" in one.programs}
RIGHT = {code: one.programs["right"] for code, one in EXPLAINED.items() if "right" in one.programs}


def found_in(program: str) -> list[str]:
    """The codes of what SN says about a program, evaluated and checked."""
    session = Session()
    try:
        session.evaluate(program)
        if session.world.networks:
            nets = session.world.networks
            return [str(w.code) for name in nets for w in warnings_of(session, name)]
    except SnError as error:
        return [one.code for one in error.all]
    return []


def warnings_of(session: Session, name: str) -> tuple[Notice, ...]:
    """What is odd about a net."""
    return Program(session, Path("t.sn"), "").compiled(name).warnings


def test_every_kind_is_explained_in_the_order_of_numbers() -> None:
    assert list(EXPLAINED) == sorted(Code)
    assert {code[:4] for code in Code} == set(STAGES)
    for one in EXPLAINED.values():
        assert one.title[0].islower() or one.title.startswith("SN")
        assert not one.title.endswith(".")


def test_every_kind_is_told_somewhere() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "sn").rglob("*.py"))
    assert set(re.findall(r"\bCode\.([A-Z_]+)\b", text)) == {code.name for code in Code}


@pytest.mark.parametrize("code", WRONG)
def test_what_is_wrong_has_this_code(code: Code) -> None:
    assert code in found_in(WRONG[code])


@pytest.mark.parametrize("code", RIGHT)
def test_what_is_right_has_none(code: Code) -> None:
    assert found_in(RIGHT[code]) == []


@pytest.mark.parametrize("code", Code)
def test_sn_explain_prints_every_kind(code: Code, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", code]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{code}: {EXPLAINED[code].title}\n")
    for program in EXPLAINED[code].programs.values():
        assert program.split("\n")[0] in out
    assert max(map(len, out.split("\n"))) <= 96


def test_sn_explain_lists_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[-len(Code) :]] == list(Code)


@pytest.mark.parametrize("words", ["303", "sn303", "SN0303", "sn0303"])
def test_a_number_will_do(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", words]) == 0
    assert capsys.readouterr().out.startswith("SN0303: ")


def test_an_unknown_code_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "SN0399"]) == 2
    assert "there is no code 'SN0399'" in capsys.readouterr().err


def test_a_message_shows_its_code_where_asked() -> None:
    assert render(ReadError("odd"), shows_code=True) == "error[SN0100]: odd"
    assert render(ReadError("odd", code=Code.STRING), shows_code=True) == "error[SN0102]: odd"
    assert render(Notice("odd"), shows_code=True) == "warning[SN0700]: odd"
    assert render(SnInternalError("odd"), shows_code=True).startswith("internal error[SN0900]: odd")
    assert render(ReadError("odd")) == "error: odd"
