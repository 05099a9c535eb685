"""Diagnostics: one list, and what a terminal, a program, GitHub and an editor see of it."""

from __future__ import annotations

import io
import json
import re
import sys
import time
from pathlib import Path

import pytest

from sn.codes import Code
from sn.commands import main
from sn.diagnose import diagnose
from sn.diagnostics import Diagnostic, Severity, github, lines, listed, terminal
from sn.errors import Label, NetError, Notice, SnError, SnInternalError, Span, raise_all, render

BAD = """(defnet tiny
  (layer in (2 4 4))
  (layer out (2 2 2))
  (connect in out (conv (kernel 2 2) (stride 2 2) (maps '((0 1) (1 2))))))
"""
ODD = BAD.replace("((0 1) (1 2))", "((0) (0))")
GOOD = BAD.replace("((0 1) (1 2))", "((0) (1))")
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a wrong program, an odd one and a good one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, text in (("bad.sn", BAD), ("odd.sn", ODD), ("good.sn", GOOD)):
        (tmp_path / name).write_text(text)
    return tmp_path


def error(message: str = "it is wrong", file: str = "a.sn") -> NetError:
    label = Label(Span(file, 1, 2, 1, 3), "it is made here")
    return NetError(message, span=Span(file, 4, 5, 4, 9), hint="mend it", labels=[label])


# --- the list ---


def test_errors_found_besides_are_told_too_each_once_in_their_order() -> None:
    first, second = error("one"), error("two")
    with pytest.raises(SnError) as caught:
        raise_all([first, second, error("one")])
    assert [one.message for one in listed(caught.value)] == ["one", "two"]


def test_a_warning_and_a_fault_of_ours_are_diagnostics_too() -> None:
    place = Span("a.sn", 1, 1, 1, 1)
    assert listed(Notice("odd", place, "look", Code.ORDER)) == [
        Diagnostic(Code.ORDER, Severity.WARNING, "odd", place, "look")
    ]
    (ours,) = listed(SnInternalError("KeyError: 3"))
    assert (ours.code, ours.severity, ours.span) == (Code.INTERNAL, Severity.ERROR, None)
    assert ours.hint == "this is a fault in SN, not in your program"


# --- a program ---


def test_a_line_of_json_has_place_code_and_labels() -> None:
    (one,) = listed(error("it is \x1b[2J wrong\x85"))
    text = lines.line(one)
    assert text.isascii() and "\x1b" not in text
    assert json.loads(text) == {
        "type": "diagnostic",
        "severity": "error",
        "code": "SN0300",
        "message": "it is \x1b[2J wrong\x85",
        "hint": "mend it",
        "file": "a.sn",
        "line": 4,
        "column": 5,
        "end_line": 4,
        "end_column": 9,
        "labels": [
            {
                "message": "it is made here",
                "file": "a.sn",
                "line": 1,
                "column": 2,
                "end_line": 1,
                "end_column": 3,
            }
        ],
        "frames": [],
    }


def test_a_place_that_is_not_known_is_null() -> None:
    found = lines.json_object(listed(NetError("odd"))[0])
    assert [found[name] for name in ("file", "line", "column", "end_line", "end_column")] == [
        None
    ] * 5


# --- GitHub ---


def test_an_annotation_is_one_command_whatever_is_in_the_texts() -> None:
    (one,) = listed(error("100 % wrong\n::error::mine", file="a,b:c%.sn"))
    text = github.annotation(one)
    assert text == (
        "::error file=a%2Cb%3Ac%25.sn,line=4,endLine=4,col=5,endColumn=9,title=SN0300"
        "::100 %25 wrong%0A::error::mine%0Aa,b:c%25.sn:1:2: it is made here%0Ahint: mend it"
    )
    assert "\n" not in text


def test_an_annotation_of_several_lines_has_no_columns() -> None:
    (one,) = listed(Notice("odd", Span("a.sn", 1, 3, 2, 1)))
    assert github.annotation(one) == "::warning file=a.sn,line=1,endLine=2,title=SN0700::odd"


# --- a terminal ---


def test_colours_change_no_word(desk: Path) -> None:
    (one,) = diagnose(BAD, "bad.sn")
    assert one.problem is not None
    plain, shown = terminal.text(one.problem), terminal.text(one.problem, colours=True)
    assert plain == render(one.problem, shows_code=True)
    assert re.sub(r"\x1b\[[\d;]*m", "", shown) == plain
    assert shown.startswith(
        "\x1b[1mbad.sn:4:68: \x1b[0m\x1b[1;31merror[SN0303]\x1b[0m: in has maps"
    )
    assert "\x1b[1;31m^\x1b[0m" in shown
    assert "\x1b[36m  hint\x1b[0m: maps are counted" in shown


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("variables", "words", "has_some"),
    [
        ({}, [], True),
        ({"NO_COLOR": "1"}, [], False),
        ({"NO_COLOR": ""}, [], True),
        ({"TERM": "dumb"}, [], False),
        ({}, ["--no-color"], False),
    ],
)
def test_a_terminal_has_colours_unless_somebody_wants_none(
    variables: dict[str, str],
    words: list[str],
    has_some: bool,
    desk: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    assert main(["check", "bad.sn", *words]) == 1
    assert ("\x1b[" in stream.getvalue()) is has_some
    assert not terminal.has_colours(io.StringIO())


# --- the command line ---


def test_check_prints_nothing_but_lines_for_a_program(desk: Path, capsys: Capture) -> None:
    assert main(["check", "bad.sn", "--format", "json"]) == 1
    out, err = capsys.readouterr()
    (line,) = map(json.loads, out.splitlines())
    assert (line["code"], line["line"], line["column"], err) == ("SN0303", 4, 68, "")
    assert main(["check", "odd.sn", "--format", "json"]) == 0
    out, err = capsys.readouterr()
    (line,) = map(json.loads, out.splitlines())
    assert (line["code"], line["severity"], err) == ("SN0701", "warning", "")
    assert main(["check", "good.sn", "--format", "json"]) == 0
    assert capsys.readouterr() == ("", "")


def test_check_annotates_for_github(desk: Path, capsys: Capture) -> None:
    assert main(["check", "bad.sn", "--format", "github"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("::error file=bad.sn,line=4,") and out.count("\n") == 1 and not err


def test_derivatives_are_no_diagnostics(desk: Path, capsys: Capture) -> None:
    assert main(["check", "good.sn", "--grad", "--format", "json"]) == 2
    assert "leave --format out" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["run", "--no-folder"], ["compare"]])
def test_others_print_lines_for_a_program_to_stderr(
    words: list[str], desk: Path, capsys: Capture
) -> None:
    assert main([*words, "bad.sn", "--format", "json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(err)["code"] == "SN0303" and out == ""


# --- an editor ---


def test_an_editor_gets_the_list(desk: Path) -> None:
    (one,) = diagnose(BAD, "bad.sn")
    assert (one.code, one.severity, str(one.span)) == (Code.TABLE, Severity.ERROR, "bad.sn:4:68")
    (one,) = diagnose(ODD, "odd.sn")
    assert (one.code, one.severity) == (Code.LOOSE_END, Severity.WARNING)
    assert diagnose(GOOD, "good.sn") == []
    assert diagnose(GOOD.replace("\n", "\r\n"), "good.sn") == []


@pytest.mark.parametrize(
    "text",
    ["(", "\0", "\ud800", "(car 5)", "(exp 1000)", "(de f () (f)) (f)", "#", "", "(error \"e\")",
     "(matrix 1000000 1000000)"],
)  # fmt: skip
def test_no_program_makes_it_raise(text: str) -> None:
    assert all(isinstance(one, Diagnostic) for one in diagnose(text))


def test_a_program_without_an_end_is_stopped() -> None:
    started = time.monotonic()
    (one,) = diagnose("(while t 1)", "loop.sn", seconds=0.3)
    assert time.monotonic() - started < 5
    assert (one.code, one.message) == (
        Code.STOPPED,
        "stopped after 0.3 s: what is behind is not looked at",
    )


def test_it_prints_asks_and_writes_nothing(desk: Path, capsys: Capture) -> None:
    before = sorted(desk.rglob("*"))
    program = '(print 1) (writing "$stderr" (print 2)) (writing "own.txt" (print 3))'
    diagnose(f'{program} (reading "$stdin" (read-string))', "a.sn")
    assert capsys.readouterr() == ("", "")
    assert sorted(desk.rglob("*")) == before


def test_a_program_reads_below_its_own_folder_only(desk: Path) -> None:
    (desk / "below").mkdir()
    load = '(load "../good.sn")'
    (one,) = diagnose(load, "below/a.sn")
    assert one.code == Code.NOT_ALLOWED
    assert diagnose('(load "good.sn")', "a.sn") == []
