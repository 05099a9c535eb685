"""Patterns: what a regular expression means, what is refused, and how long a match takes."""

from __future__ import annotations

import time

import pytest

from sn.errors import EvalError, MemoryLimitError
from sn.lisp.matching import Pattern
from sn.lisp.patterns import DEEPEST, LONGEST
from sn.memory import set_limit


@pytest.mark.parametrize(
    ("pattern", "text", "groups"),
    [
        ("([a-z]+)([0-9]*)", "layer12", ["layer", "12"]),
        ("(a)|b", "b", [""]),
        ("(a*)*", "aa", [""]),  # the last round takes nothing, as in Python
        ("(a|ab)(c|bcd)", "abcd", ["a", "bcd"]),
        ("((a|b)+)c", "abac", ["aba", "a"]),
        (r"(\.)(\\)", ".\\", [".", "\\"]),
        ("([]-a]+)([^]]*)", "]^ab", ["]^a", "b"]),
        ("(-[a-]+)", "-a-", ["-a-"]),
        ("(+|-)?[0-9]+", "-56", ["-"]),  # errata 2: a repeat with nothing before it is itself
        ("*a|?", "?", []),
        ("a{2}", "a{2}", []),
        ("(.)", "\n", ["\n"]),
        ("", "", []),
    ],
)
def test_a_pattern_matches_the_whole_text(pattern: str, text: str, groups: list[str]) -> None:
    for is_quick in (True, False):
        made = Pattern(pattern)
        made._quick = made._quick if is_quick else None
        match = made.match(text)
        assert match is not None
        assert [match[i + 1] for i in range(made.n_groups)] == groups
        assert made.match(text + "]]") is None


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("(", "a ')' is missing"),
        ("a)", "a ')' closes nothing"),
        ("[a", "a ']' is missing"),
        ("[]", "a ']' is missing"),
        ("[z-a]", "the range z-a is empty"),
        ("a**", "'*' behind another repeat"),
        ("a*?", "'?' behind another repeat"),
        ("a|^*", "'^' is a place and cannot be repeated"),
        ("a" * (LONGEST + 1), "at most 10,000 characters, found 10,001"),
        ("(" * 60 + "a*" + ")*" * 60, f"more than {DEEPEST} repeats are inside one another"),
        ("(" * 4000 + "a", 'the regular expression "((((((((((((((((((((((((((((((((((((((((((('),
    ],
)
def test_what_is_no_pattern_says_why(pattern: str, words: str) -> None:
    with pytest.raises(EvalError) as caught:
        Pattern(pattern)
    assert words in caught.value.message
    assert len(caught.value.message) < 200


def test_many_groups_ask_for_memory() -> None:
    set_limit(10_000_000)
    try:
        with pytest.raises(MemoryLimitError, match="the groups of this regular expression"):
            Pattern("(a)" * 3000)
    finally:
        set_limit(None)
    assert Pattern("(a)" * 300).match("a" * 300) is not None
    assert Pattern("(" * 2000 + "a" + ")" * 2000).match("a") is not None


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a|a)*b", "(a|aa)+b", "((a*)*)*b", "(a?)*b"])
def test_time_grows_with_the_text_and_not_faster(pattern: str) -> None:
    def seconds(n: int) -> float:
        made = Pattern(pattern)
        start = time.process_time()
        assert made.match("a" * n) is None
        assert made.search("a" * n) is None
        return time.process_time() - start

    # backtracking would double its time with every a
    assert seconds(4000) < 40 * max(seconds(400), 0.001)


def test_repeats_one_after_the_other_take_no_power_of_the_text() -> None:
    start = time.process_time()
    assert Pattern(".*.*.*.*.*.*x").match("a" * 2000) is None
    assert Pattern("a?" * 25 + "a" * 25).match("a" * 25) is not None
    assert time.process_time() - start < 20  # 2000 to the 6th ways


def test_matches_follow_one_another() -> None:
    for is_quick in (True, False):
        made = Pattern("x*")
        made._quick = made._quick if is_quick else None
        found = [(match.start, match.end) for match in made.matches("abxxd")]
        assert found == [(0, 0), (1, 1), (2, 4), (4, 4), (5, 5)]
        match = Pattern("^a|b$").search("cab", 1)
        assert match is not None and (match.start, match.end) == (2, 3)
