"""Folding: texts fit their width, words stay whole, and carets stay below their form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sn.errors import EvalError, Label, Notice, SnError, SnInternalError, Span, render
from sn.folding import columns, excerpt, fold, pad, paragraph

TEXT = st.text(st.sampled_from("ab( )日é.\t"), max_size=60)


def test_columns_are_those_of_a_terminal() -> None:
    assert columns("h1 -> h2") == 8
    assert columns("日本") == 4
    assert columns("e\u0301") == 1
    assert pad("日", 4) == "日  "
    assert pad("7", 3, right=True) == "  7"


def test_a_line_that_fits_is_left_as_it_is() -> None:
    assert fold("pass   1  train", 15) == ["pass   1  train"]
    assert fold("pass   1  train", None) == ["pass   1  train"]
    assert fold("one\n\ntwo", 10) == ["one", "", "two"]


def test_words_stay_whole() -> None:
    assert fold("the file /a/long/path/to/weights is here", 12, "  ") == [
        "the file",
        "  /a/long/path/to/weights",
        "  is here",
    ]
    assert fold("  hint: did you mean", 12, " " * 8) == [
        "  hint: did",
        "        you",
        "        mean",
    ]


@given(st.lists(st.text(st.sampled_from("ab日"), min_size=1, max_size=9)), st.integers(20, 40))
def test_every_line_fits_and_no_word_is_lost(words: list[str], width: int) -> None:
    lines = fold(" ".join(words), width, "  ")
    assert all(columns(line) <= width for line in lines)
    assert " ".join(lines).split() == words


def test_a_paragraph_hangs_from_its_name() -> None:
    assert paragraph("data  ", "ten digits, all real", 18) == "data  ten digits,\n      all real"
    assert paragraph("a name too long  ", "value", 20) == "a name too long\n  value"
    assert paragraph("data  ", "ten digits", None) == "data  ten digits"


# --- excerpts ---


def test_carets_stand_below_tabs_and_wide_characters() -> None:
    assert excerpt("\t(car 5)", 1, 7) == ("\t(car 5)", "\t^^^^^^^")
    assert excerpt("(f 日本 x)", 6, 6) == ("(f 日本 x)", " " * 8 + "^")
    assert excerpt("(f 日本 x)", 3, 4) == ("(f 日本 x)", "   ^^^^")
    # from column 7 a tab goes to column 8, so that `a<tab>b` is 9 columns and more
    assert excerpt("a\tb", 0, 2, gutter=7) == ("a\tb", "^" * 10)


def test_an_excerpt_may_point_behind_its_line() -> None:
    assert excerpt("(a", 2, 2) == ("(a", "  ^")
    assert excerpt("", 0, 0) == ("", "^")


def test_a_long_line_is_clipped_around_its_carets() -> None:
    row = "".join(chr(ord("a") + n % 26) for n in range(100))
    shown, carets = excerpt(row, 60, 63, 7, 47)
    assert shown[0] == shown[-1] == "…"
    assert len(shown) <= 40
    assert carets.strip() == "^^^^"
    at = carets.index("^")
    assert shown[at : at + 4] == row[60:64]


@given(TEXT, st.data(), st.integers(20, 50))
def test_carets_point_at_the_same_text_clipped_or_not(
    row: str, data: st.DataObject, width: int
) -> None:
    first = data.draw(st.integers(0, max(0, len(row) - 1)))
    last = data.draw(st.integers(first, max(first, len(row) - 1)))
    shown, carets = (on_screen(line, 7) for line in excerpt(row, first, last, 7, width))
    assert columns(shown) <= width - 7
    assert columns(carets) <= width - 7
    if row and row[first] not in "\t\u0301":
        at, before = 0, carets.index("^")
        there = ""
        for char in shown:
            there += char if at == before else ""
            at += columns(char)
        assert there.startswith(row[first])


def on_screen(line: str, gutter: int) -> str:
    """Return `line` with its tabs as a terminal shows them behind a gutter."""
    text = ""
    for char in line:
        text += " " * (8 - (gutter + columns(text)) % 8) if char == "\t" else char
    return text


# --- messages ---

SOURCE = "(defnet a (layer in (3)) (layer h (4)) (connect in hh (full)) (connect h out (full)))\n"
ERROR = EvalError(
    "net a has no layer that is called hh, and it has never had one",
    span=Span("a.sn", 1, 52, 1, 53),
    hint="declare the layer before the statement that connects it, as (layer hh (4))",
    labels=[Label(Span("a.sn", 1, 2, 1, 7), "the net that is described starts at this place")],
)
ERROR.frames = ["(connect in hh (full)), called from a function of the program: build"]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_message_fits_and_keeps_its_words(width: int) -> None:
    text = render(ERROR, lambda _: SOURCE, width)
    assert all(columns(line) <= width for line in text.split("\n"))
    whole = render(ERROR, lambda _: SOURCE)
    spoken = [line for line in whole.split("\n") if "|" not in line]
    folded = [line for line in text.split("\n") if "|" not in line]
    assert " ".join(folded).split() == " ".join(spoken).split()
    source, carets, *_ = (line for line in text.split("\n") if line[4:7] == " | ")
    at = carets.index("^")
    assert source[at : at + 2] == "hh"


def test_without_a_width_a_message_is_not_folded() -> None:
    text = render(ERROR, lambda _: SOURCE)
    assert ERROR.message in text and SOURCE.rstrip() in text and f"  hint: {ERROR.hint}\n" in text


def test_a_fault_of_ours_and_a_warning_fold_too() -> None:
    fault = render(SnInternalError("something that cannot be is", dump="/tmp/x"), width=30)
    assert all(len(line) <= 30 for line in fault.split("\n"))
    odd = Notice("map 3 of h1 feeds nothing", Span("a.sn", 1, 1, 1, 7), "leave it out")
    assert render(odd, lambda _: None) == (
        "a.sn:1:1: warning: map 3 of h1 feeds nothing\n  hint: leave it out"
    )


def test_no_file_commands_the_terminal_that_its_line_is_shown_on() -> None:
    """Sequences that clear a screen or turn text round are shown, not obeyed; carets stay below."""
    span = Span("x.csv", 1, 6, 1, 8)
    told = render(SnError("found \x1b[2J\x9b\u202e", span=span), lambda _: "\x1b[2J\tabc\x07")
    assert told == (
        "x.csv:1:6: error: found \ufffd[2J\ufffd\ufffd\n"
        "   1 | \ufffd[2J\tabc\ufffd\n"
        "     |     \t^^^"
    )
