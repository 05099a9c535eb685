r"""Builtins on regular expressions in SN's notation: . [a-z] [^a-z] * + ? | ( ) and \ to quote."""

from __future__ import annotations

import re

from sn.errors import EvalError
from sn.lisp.calls import builtin
from sn.lisp.forms import List, to_list
from sn.lisp.matching import Match, pattern
from sn.memory import need


@builtin("regex-match")
def regex_match(regex: str, string: str) -> bool:
    """(regex-match regex string)

    Tell whether the whole string matches.

    (regex-match "[a-z]+[0-9]*" "layer12")
    => t
    """
    return pattern(regex).match(string) is not None


@builtin("regex-extract")
def regex_extract(regex: str, string: str) -> List:
    """(regex-extract regex string)

    Return what the parts of the expression in ( ) match, if the whole string matches; else ().

    (regex-extract "([a-z]+)([0-9]*)" "layer12")
    => ("layer" "12")
    """
    expression = pattern(regex)
    match = expression.match(string)
    if match is None:
        return None
    found: List = to_list(match[group] for group in range(1, expression.n_groups + 1))
    return found


@builtin("regex-seek")
def regex_seek(regex: str, string: str, start: int | None = None) -> List:
    """(regex-seek regex string [start])

    Return the position, from 1, and the length of the first match at or after start; else ().

    (regex-seek "[0-9]+" "layer12")
    => (6 2)
    """
    if start is not None and start < 1:
        raise EvalError(f"regex-seek counts positions from 1, found {start}")
    match = pattern(regex).search(string, min((start or 1) - 1, len(string)))
    if match is None:
        return None
    found: List = to_list([match.start + 1.0, float(match.end - match.start)])
    return found


@builtin("regex-subst")
def regex_subst(regex: str, by: str, string: str) -> str:
    """(regex-subst regex by string)

    Replace every match by a text, in which %0 to %9 stand for the parts in ( ), counted from 0,
    and %% for a percent sign.

    (regex-subst "([a-z])([0-9])" "%1%0" "a1b2")
    => "1a2b"
    """
    expression = pattern(regex)
    parts: list[str] = []
    n_characters, place = 0, 0
    for match in expression.matches(string):
        made = _PARTS.sub(lambda part: _part(match, expression.n_groups, part[1]), by)  # noqa: B023
        parts += (string[place : match.start], made)
        place = match.end
        n_characters += len(made)
        need(4 * n_characters, "the text that regex-subst makes")
    return "".join(parts) + string[place:]


_PARTS = re.compile(r"%([0-9%])")


def _part(match: Match, n_groups: int, digit: str) -> str:
    if digit == "%":
        return "%"
    if int(digit) >= n_groups:
        text = f"%{digit} stands for part {int(digit) + 1} in ( ), the expression has {n_groups}"
        raise EvalError(text, hint="%0 is the first part; ( ) around the whole make it one")
    return match[int(digit) + 1]
