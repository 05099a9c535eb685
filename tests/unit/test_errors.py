"""Errors as Python shows them: the message, and below it place, caret and hint."""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
import traceback
from pathlib import Path

import pytest

import sn
from sn.errors import (
    DataError,
    Label,
    Notice,
    SnError,
    SnInternalError,
    Span,
    did_you_mean,
    notes,
    render,
)

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


@pytest.mark.parametrize("letter", ["a", "é", "漢", "😀", "\ud800", "\x1b", " ", "\t"])
@pytest.mark.parametrize("width", [None, 80, 10_000])
def test_a_message_is_short_whatever_the_program_holds(letter: str, width: int | None) -> None:
    long = letter * 100_000
    row = f'(setq x "{long}") (carr 1) (setq y "{long}")'
    at = row.index("(carr") + 1
    span = Span(f"{long}.sn", 1, at, 1, at + 7)
    error = SnError(long, span=span, hint=long, labels=[Label(span, long)] * 9)
    error.frames = [long] * 12
    for one in (error, Notice(long, span, long), SnInternalError(long)):
        text = render(one, lambda file: row, width)
        assert len(text.encode("utf-8", "replace")) < 2000
    lines = render(error, lambda file: row, width).split("\n")
    shown = next(line for line in lines if "(carr 1)" in line)
    below = lines[lines.index(shown) + 1]
    assert below.index("^") == shown.index("(carr") or letter not in "a"
    assert len("\n".join(notes(error)).encode("utf-8", "replace")) < 2000
    assert len(str(error)) < 1000


def test_a_long_message_keeps_its_head_and_its_tail() -> None:
    error = SnError(f"there is no {'x' * 10_000} in the net")
    assert error.message.startswith("there is no xxx")
    assert error.message.endswith("xxx in the net")
    assert "x…x" in error.message


def test_the_carets_of_a_long_line_stay_below_their_form() -> None:
    row = f"{'(a) ' * 5000}(carr 1){' (b)' * 5000}"
    span = Span("a.sn", 1, 20_001, 1, 20_008)
    _, shown, below = render(SnError("no", span=span), lambda file: row).split("\n")
    assert shown.startswith("   1 | …")
    assert shown.endswith("…")
    assert shown[below.index("^") : below.rindex("^") + 1] == "(carr 1)"


def test_carets_that_are_longer_than_what_is_shown_are_clipped() -> None:
    row = f"(setq x {'1 ' * 50_000})"
    text = render(SnError("no", span=Span("a.sn", 1, 1, 1, len(row))), lambda file: row)
    _, shown, below = text.split("\n")
    assert shown.startswith("   1 | (setq x 1 1")
    assert len(below) <= len(shown)


def test_huge_words_are_not_compared_letter_by_letter() -> None:
    known = ["connect", "b" * 100_000, *(f"word{n}" for n in range(100_000))]
    started = time.process_time()
    assert did_you_mean("conect", known) == "did you mean 'connect'?"
    assert did_you_mean("a" * 100_000, known) is None
    assert time.process_time() - started < 5


def test_a_command_line_in_a_hint_stays_whole() -> None:
    folder = "/tmp/" + "a-folder-of-some-length/" * 9
    hint = f"the state is in '{folder}', which goes on with sn run --resume {folder}"
    assert SnError("no", hint=hint).hint == hint
    assert hint in render(SnError("no", hint=hint))
