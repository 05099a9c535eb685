"""Regular expressions: the matcher finds what Python's engine finds, groups included."""

from __future__ import annotations

import re

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from sn.lisp.matching import Match, Pattern
from sn.lisp.patterns import Reading

ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "c", "\\.", "[a-c]", ""])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, st.sampled_from("*+?")).map(lambda t: f"({t[0]}){t[1]}"),
        st.tuples(ATOMS.filter(bool), st.sampled_from("*+?")).map("".join),
        st.tuples(inner, inner).map(lambda t: f"({t[0]}|{t[1]})"),
        st.tuples(inner, inner).map(lambda t: f"{t[0]}|{t[1]}"),
        inner.map(lambda t: f"^{t}"),
        inner.map(lambda t: f"{t}$"),
    ),
    max_leaves=7,
)
TEXTS = st.text("abc\n", max_size=9)


def slow(text: str) -> Pattern:
    """A pattern that Python's engine never helps."""
    made = Pattern(text)
    made._quick = None
    return made


def seen(found: re.Match[str] | None) -> object:
    return found and (found.span(), [group or "" for group in found.groups()])


def ours(found: Match | None, n_groups: int) -> object:
    return found and ((found.start, found.end), [found[i + 1] for i in range(n_groups)])


@settings(max_examples=1500, deadline=None)
@given(PATTERNS, TEXTS)
@example("(((a)*)+)*", "a")
def test_all_matches_are_those_of_backtracking(pattern: str, text: str) -> None:
    assume(not re.search(r"[\^$][*+?]", pattern))
    mine, reading = slow(pattern), Reading(pattern)
    python = re.compile(reading.python, re.DOTALL)
    n = python.groups
    assert mine.n_groups == n
    assert ours(mine.match(text), n) == seen(python.fullmatch(text))
    assert ours(mine.search(text), n) == seen(python.search(text))
    assert [ours(match, n) for match in mine.matches(text)] == [
        seen(match) for match in python.finditer(text)
    ]


@settings(max_examples=300, deadline=None)
@given(PATTERNS, TEXTS)
def test_python_s_engine_helps_to_the_same_result(pattern: str, text: str) -> None:
    assume(not re.search(r"[\^$][*+?]", pattern))
    quick, mine = Pattern(pattern), slow(pattern)
    assert quick.match(text) == mine.match(text) or quick.n_groups
    assert list(map(str, quick.matches(text))) == list(map(str, mine.matches(text)))
