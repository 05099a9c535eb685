r"""Builtins on regular expressions in SN's notation: . [a-z] [^a-z] * + ? | ( ) and \ to quote."""

from __future__ import annotations

import functools
import re

from sn.errors import EvalError
from sn.lisp.calls import builtin
from sn.lisp.forms import List, to_list


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return the Python pattern for an SN pattern; what only Python knows is quoted."""
    out = []
    in_set = False
    i = 0
    while i < len(pattern):
        char = pattern[i]
        if char == "\\" and i + 1 < len(pattern):
            i += 1
            out.append(re.escape(pattern[i]))
        elif in_set:
            in_set = char != "]"
            out.append("\\[" if char == "[" else char)
        elif char == "[":
            in_set = True
            out.append(char)
            if pattern[i + 1 : i + 2] == "^":
                i += 1
                out.append("^")
            if pattern[i + 1 : i + 2] == "]":
                i += 1
                out.append("\\]")
        elif char == "(" and pattern[i + 1 : i + 2] == "?":
            out.append("(")
        else:
            out.append(re.escape(char) if char in "{}\\" else char)
        i += 1
    try:
        return re.compile("".join(out), re.DOTALL)
    except (re.error, RecursionError, OverflowError) as problem:
        raise EvalError(f'the regular expression "{pattern}" does not work: {problem}') from None


@builtin("regex-match")
def regex_match(regex: str, string: str) -> bool:
    """(regex-match regex string)

    Tell whether the whole string matches.

    (regex-match "[a-z]+[0-9]*" "layer12")
    => t
    """
    return _compiled(regex).fullmatch(string) is not None


@builtin("regex-extract")
def regex_extract(regex: str, string: str) -> List:
    """(regex-extract regex string)

    Return what the parts of the expression in ( ) match, if the whole string matches; else ().

    (regex-extract "([a-z]+)([0-9]*)" "layer12")
    => ("layer" "12")
    """
    match = _compiled(regex).fullmatch(string)
    found: List = to_list(group or "" for group in match.groups()) if match else None
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
    match = _compiled(regex).search(string, (start or 1) - 1)
    if match is None:
        return None
    found: List = to_list([match.start() + 1.0, float(match.end() - match.start())])
    return found


@builtin("regex-subst")
def regex_subst(regex: str, by: str, string: str) -> str:
    """(regex-subst regex by string)

    Replace every match by a text, in which %1 to %9 stand for the parts in ( ), %0 for all of it
    and %% for a percent sign.

    (regex-subst "[aeiou]" "<%0>" "layer")
    => "l<a>y<e>r"
    """

    def replacement(match: re.Match[str]) -> str:
        return _PARTS.sub(lambda part: _part(match, part[1]), by)

    return _compiled(regex).sub(replacement, string)


_PARTS = re.compile(r"%([0-9%])")


def _part(match: re.Match[str], digit: str) -> str:
    if digit == "%":
        return "%"
    if int(digit) > match.re.groups:
        groups = match.re.groups
        raise EvalError(f"%{digit} needs that many parts in ( ), the expression has {groups}")
    return match[int(digit)] or ""
