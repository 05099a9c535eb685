"""What is typed: when it is whole, and how far in its next line begins."""

from __future__ import annotations

import pytest

from sn.repl.text import indent, is_whole


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "(a)", "(a))", '"(a"', "; (a", "(a) ; (b", "#! (a !# b", "|(a|", "'(a b)",
        "(a . b)", "[1 2]", '(print "\\"(")',
        # wrong for good: what is typed after it does not mend it
        "(a, b)", "#(1)", '"a\nb"',
    ],
)  # fmt: skip
def test_what_is_whole_is_evaluated(text: str) -> None:
    assert is_whole(text)


@pytest.mark.parametrize(
    "text", ["(a", "(a (b)", "'", "(a ; b)", "#! a", "[1", '(print "a\\\n', "(a . ", "`(a ,"]
)
def test_what_is_open_goes_on(text: str) -> None:
    assert not is_whole(text)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("(a)", 0),
        ("(de f (x)", 2),
        ("(let ((a 1)", 6),
        ("(defnet n", 2),
        ("(list 1", 6),
        ("(mapcar", 2),
        ("(a\n  (list 1 (car", 12),
        ("'((1 2)", 2),
        ('(print "a\\', 0),
        ("(+ 1 ; one", 3),
    ],
)
def test_a_line_begins_where_sn_fmt_would_have_it(text: str, column: int) -> None:
    assert indent(text) == column
