"""Scanning: every text is its tokens, and those of a program are what the reader cuts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sn.describe import new_interpreter
from sn.editors.outline import around, outline, token_at
from sn.editors.scan import Kind, scan
from sn.lisp.lexer import Cutter, Piece
from sn.shipped import shipped_nets

ROOT = Path(__file__).resolve().parents[2]
NETS = [net.path for net in shipped_nets()]
PROGRAMS = [*NETS, *sorted((ROOT / "tests" / "conformance").rglob("*.sn"))]
PASSED_OVER = (Kind.BLANK, Kind.COMMENT)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_the_tokens_of_a_program_are_the_program(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "".join(token.text for token in scan(text)) == text
    place = 0
    for token in scan(text):
        assert token.start == place
        place = token.end


@pytest.mark.parametrize("path", NETS, ids=lambda path: path.stem)
def test_the_tokens_are_those_that_the_reader_cuts(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut: list[str] = []

    class Noting(Cutter):
        def pieces(self) -> Iterator[Piece]:
            for piece in super().pieces():
                cut.append(str(piece))
                yield piece

    monkeypatch.setattr("sn.parser.Cutter", Noting)
    text = path.read_text(encoding="utf-8")
    new_interpreter().read(text)
    assert [token.text for token in scan(text) if token.kind not in PASSED_OVER] == cut


PIECES = ["(", ")", "[", "#[", "#]", '"', "|", ";", "\n", " ", "'", ",@", "^P", "^La", "#!", "!#"]
PIECES += ["a", "1", ".", ":", "\\", "é", "\x01", "#"]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_text_is_its_tokens(text: str) -> None:
    assert "".join(token.text for token in scan(text)) == text


@given(st.lists(st.sampled_from(["(", ")", "setq ", "a ", "1 ", "'", '"b" ', "; c\n", "layer "])))
def test_any_text_has_an_outline_and_something_around_each_place(pieces: list[str]) -> None:
    text = "".join(pieces)
    for one in outline(text):
        assert text[one.start : one.end] == one.name
        assert one.form_start < one.start < one.end <= one.form_end
    for place in range(len(text) + 1):
        frames, last = around(text, place)
        assert all(frame.count >= 0 for frame in frames)
        assert last is None or last.end == place


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("#! /usr/bin/sn\n(a)", [Kind.COMMENT, Kind.BLANK, Kind.OPEN, Kind.WORD, Kind.CLOSE]),
        ("#! x !# a", [Kind.COMMENT, Kind.BLANK, Kind.WORD]),
        ("; a\n1e-3", [Kind.COMMENT, Kind.BLANK, Kind.NUMBER]),
        ("'|A b|", [Kind.PREFIX, Kind.NAME]),
        (
            "(a . b)",
            [Kind.OPEN, Kind.WORD, Kind.BLANK, Kind.DOT, Kind.BLANK, Kind.WORD, Kind.CLOSE],
        ),
        ('"a\\"b"', [Kind.STRING]),
        ('"a\nb', [Kind.OPEN_STRING, Kind.BLANK, Kind.WORD]),
        ("^Lfile\n^!ls", [Kind.COMMAND, Kind.BLANK, Kind.COMMAND]),
        (
            "0x1f -.5 1+ .",
            [Kind.NUMBER, Kind.BLANK, Kind.NUMBER, Kind.BLANK, Kind.WORD, Kind.BLANK, Kind.DOT],
        ),
        ("\x01#", [Kind.ODD, Kind.ODD]),
    ],
)
def test_kinds(text: str, kinds: list[Kind]) -> None:
    assert [token.kind for token in scan(text)] == kinds


def test_the_outline_of_the_1989_net() -> None:
    text = (ROOT / "nets" / "zipcode.sn").read_text(encoding="utf-8")
    found = {(one.kind, one.name, one.inside) for one in outline(text)}
    layers = {("layer", name, "zipcode") for name in ("input", "h1", "h2", "h3", "output")}
    optimizers = {("optimizer", name, "zipcode") for name in ("newton", "sgd")}
    top = {("variable", "h1-to-h2", ""), ("net", "zipcode", ""), ("experiment", "zipcode", "")}
    assert found == layers | optimizers | top


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("(setq a 1 B_c 2)", ["a", "b-c"]),
        ("(de f (x) (setq y x))", ["f"]),
        ("(if t (setq a 1))", ["a"]),
        ("'(setq a 1)", []),
        ("(setq a (list 1 2) b 'c)", ["a", "b"]),
        ("(defnet n (layer |In| (2))", ["In", "n"]),  # not closed yet
        ("(experiment n (init (layer a (uniform 1))) (phase (optimizer sgd)))", ["n"]),
        ("(de", []),
        ('; (de f ()\n(print "(de g ()")', []),
    ],
)
def test_what_is_defined(text: str, names: list[str]) -> None:
    assert [one.name for one in outline(text)] == names


@pytest.mark.parametrize(
    ("text", "heads", "count", "last"),
    [
        ("(connect h", ["connect"], 1, "h"),
        ("(connect h1 h2 (con", ["connect", ""], 0, "con"),
        ("(connect h1 h2 (conv ", ["connect", "conv"], 1, None),
        ("(connect h1 h2 (conv (kernel 5 5) ", ["connect", "conv"], 2, None),
        ('(data "zip', ["data"], 1, '"zip'),
        ("(a) ", [], 0, None),
        ("(a '(b c) ", ["a"], 2, None),
        ("(a ; c", ["a"], 1, "; c"),
    ],
)
def test_what_stands_around(text: str, heads: list[str], count: int, last: str | None) -> None:
    frames, token = around(text, len(text))
    assert [frame.head for frame in frames] == heads
    assert (frames[-1].count if frames else 0) == count
    assert (token.text if token else None) == last


def test_the_token_at_a_place() -> None:
    text = "(abc 12)"
    assert [token.text if (token := token_at(text, at)) else "" for at in range(9)] == [
        "", "abc", "abc", "abc", "abc", "12", "12", "12", "",
    ]  # fmt: skip
