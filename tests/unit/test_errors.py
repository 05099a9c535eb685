"""Errors as Python shows them: the message, and below it place, caret and hint."""

from __future__ import annotations

import pickle
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

import sn
from sn.errors import DataError, Label, SnError, SnInternalError, Span, notes

PROGRAM = """(defnet small
  (layer in (16 16)) (layer out (10))
  (connect in outt (full)))
"""


def shown(code: str, folder: Path) -> str:
    """Return what a Python that runs `code` writes to stderr."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    return done.stderr


def test_an_error_that_nobody_caught_shows_its_place(tmp_path: Path) -> None:
    (tmp_path / "small.sn").write_text(PROGRAM)
    text = shown("import sn; sn.load('small.sn')", tmp_path)
    assert text.startswith("Traceback (most recent call last):")
    assert text.endswith(
        "sn.errors.UnknownNameError: net small has no layer 'outt'\n"
        "small.sn:3:15:\n"
        "   3 |   (connect in outt (full)))\n"
        "     |               ^^^^\n"
        "  hint: did you mean 'out'?\n"
    )


def test_a_text_that_no_file_holds_is_shown_too(tmp_path: Path) -> None:
    text = shown("import sn; sn.Session().evaluate('(car\\n  (carr 1))')", tmp_path)
    assert text.endswith(
        "sn.errors.UnknownNameError: no function is called 'carr'\n"
        "<text>:2:3:\n"
        "   2 |   (carr 1))\n"
        "     |   ^^^^^^^^\n"
        "  hint: did you mean 'car'?\n"
    )
    assert text.count("Traceback") == 1  # and nothing about how the evaluator works


def test_a_file_is_shown_as_it_was_read(tmp_path: Path) -> None:
    file = tmp_path / "small.sn"
    file.write_text(PROGRAM)
    with pytest.raises(SnError) as found:
        sn.load(file)
    file.write_text("")
    assert "   3 |   (connect in outt (full)))" in found.value.__notes__


def test_the_message_stays_the_message(tmp_path: Path) -> None:
    error = DataError("rows differ", span=Span("a.csv", 2, 1, 2, 3), hint="add a column")
    assert str(error) == "rows differ"
    assert notes(error) == ["a.csv:2:1:", "  hint: add a column"]
    assert notes(SnError("nothing more")) == []
    assert SnError("nothing more").__notes__ == []


def test_labels_and_frames_are_notes(tmp_path: Path) -> None:
    file = tmp_path / "a.sn"
    file.write_text("(a)\n(b)\n")
    label = Label(Span(str(file), 1, 2, 1, 2), "a is here")
    error = SnError("b differs", span=Span(str(file), 2, 2, 2, 2), labels=[label])
    error.frames.append("(b) at a.sn:2:1")
    assert error.__notes__ == [
        f"{file}:2:2:",
        "   2 | (b)",
        "     |  ^",
        f"{file}:1:2: note: a is here",
        "   1 | (a)",
        "     |  ^",
        "  in (b) at a.sn:2:1",
    ]


def test_a_fault_of_ours_says_so() -> None:
    lines = traceback.format_exception_only(SnInternalError("a plan of nothing", dump="/tmp/x"))
    assert "".join(lines) == (
        "sn.errors.SnInternalError: a plan of nothing\n"
        "  this is a fault in SN, not in your program\n"
        "  please report it with the file /tmp/x\n"
    )


def test_others_may_add_notes() -> None:
    error = SnError("wrong", hint="do it")
    error.add_note("in cell 3")
    error.add_note("of mine")
    assert error.__notes__ == ["  hint: do it", "in cell 3", "of mine"]
    assert pickle.loads(pickle.dumps(error)).__notes__ == error.__notes__


def test_every_error_of_the_tree_can_be_shown(tmp_path: Path) -> None:
    def below(kind: type[SnError]) -> list[type[SnError]]:
        return [kind, *(one for direct in kind.__subclasses__() for one in below(direct))]

    for kind in below(SnError):
        lines = traceback.format_exception_only(kind("m", hint="h"))
        assert [line.rstrip() for line in lines][1:] == ["  hint: h"], kind
