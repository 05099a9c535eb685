"""Infix: `(rate * 10)` as people write it in mathematics, turned into `(* rate 10)`."""

from __future__ import annotations

import re

from sn.lisp.forms import NUMBER, Pair, Symbol, Value, to_list
from sn.lisp.leads.writing import code, items, name_of

# What stands between two values elsewhere, what SN calls it, and how close it binds.
OPERATORS = {
    "**": ("**", 6),
    "^": ("**", 6),
    "*": ("*", 5),
    "×": ("*", 5),
    "/": ("/", 5),
    "÷": ("/", 5),
    "//": ("div", 5),
    "%": ("mod", 5),
    "mod": ("mod", 5),
    "+": ("+", 4),
    "-": ("-", 4),
    "<": ("<", 3),
    ">": (">", 3),
    "<=": ("<=", 3),
    ">=": (">=", 3),
    "≤": ("<=", 3),
    "≥": (">=", 3),
    "==": ("=", 3),
    "===": ("=", 3),
    "=": ("=", 3),
    "!=": ("<>", 3),
    "/=": ("<>", 3),
    "<>": ("<>", 3),
    "≠": ("<>", 3),
    "and": ("and", 2),
    "&&": ("and", 2),
    "or": ("or", 1),
}
_DEEPEST = 10  # lists inside one another; a hint is shorter than that
_CHANGES = {"+=": "+", "-=": "-", "*=": "*", "/=": "/"}
ASSIGNS = ("=", ":=", "<-", "←")
_JOINING = ("+", "*", "and", "or")  # of which one call takes as many as there are
# a name or number, an operator that no name holds, and another
_TIGHT = re.compile(r"([\w.-]+)(\*\*|[-+*/%<>]=?|==|!=)([\w.-]+)")


def lead(form: Pair, has_value: bool) -> str | None:
    """Return a hint for a call whose second element is an operator, None for another.

    `has_value` tells whether the first element is known as a value, or is written as one.
    """
    parts = items(form, 40)
    if parts is None or len(parts) < 2:
        return None
    name, operator = name_of(parts[0]), name_of(parts[1])
    if name and len(parts) == 3:
        value = parts[2]
        setq = code(to_list([Symbol("setq"), parts[0], prefixed(value)]))
        if operator == "=" and setq:
            return f"{setq} gives it a value, {code(_joined('=', parts[0], value))} compares"
        if operator in ASSIGNS and setq:
            return f"a name gets its value by {setq}"
        if operator in _CHANGES and (has_value or operator != "/="):
            inner = _joined(_CHANGES[operator], parts[0], value)
            text = code(to_list([Symbol("setq"), parts[0], inner]))
            return f"a variable is changed by {text}" if text else None
    if name and len(parts) == 2 and operator in ("++", "--"):
        return f"write (incr {name})" if operator == "++" else f"write (incr {name} -1)"
    text = code(_prefix(parts))
    return f"the function comes first: write {text}" if text and _is_infix(parts) else None


def tight(name: str) -> str | None:
    """Return `(* rate 10)` for a name like `rate*10`, None for one that is no such thing.

    A `-` counts between numbers only: elsewhere it is part of many a name.
    """
    match = _TIGHT.fullmatch(name)
    if match is None:
        return None
    left, operator, right = match.groups()
    is_number = [bool(NUMBER.fullmatch(part)) for part in (left, right)]
    if operator not in OPERATORS or (operator == "-" and not all(is_number)):
        return None
    return f"({OPERATORS[operator][0]} {left} {right})"


def prefixed(form: Value, depth: int = 0) -> Value:
    """Return a form with every infix list in it turned around, as deep as a hint may show."""
    parts = items(form, 40) if type(form) is Pair and depth < _DEEPEST else None
    if not parts:
        return form
    if _is_infix(parts):
        return _prefix(parts, depth)
    return to_list(prefixed(part, depth + 1) for part in parts)


def _is_infix(parts: list[Value]) -> bool:
    operators = [name_of(part) for part in parts[1::2]]
    if len(parts) < 3 or len(parts) % 2 == 0 or not OPERATORS.keys() >= {*operators}:
        return False
    return all(_may_be_a_value(part) for part in parts[::2])


def _may_be_a_value(part: Value) -> bool:
    """Whether an operator may have it beside it: `(mapcra + '(1 2))` is no sum of two."""
    is_quoted = type(part) is Pair and name_of(part.car) == "quote"
    return name_of(part) not in OPERATORS and type(part) is not str and not is_quoted


def _prefix(parts: list[Value], depth: int = 0) -> Value:
    """Return the call that infix parts mean, by the usual precedences."""
    if not _is_infix(parts):
        return None
    values = [prefixed(parts[0], depth + 1)]
    waiting: list[str] = []
    for operator, value in zip(parts[1::2], parts[2::2], strict=True):
        word = operator.name
        while waiting and OPERATORS[waiting[-1]][1] >= OPERATORS[word][1]:
            _reduce(values, waiting)
        waiting.append(word)
        values.append(prefixed(value, depth + 1))
    while waiting:
        _reduce(values, waiting)
    return values[0]


def _reduce(values: list[Value], waiting: list[str]) -> None:
    right, left = values.pop(), values.pop()
    values.append(_joined(OPERATORS[waiting.pop()][0], left, right))


def _joined(operator: str, left: Value, right: Value) -> Value:
    if operator in _JOINING and type(left) is Pair and name_of(left.car) == operator:
        return to_list([*(items(left) or ()), right])
    return to_list([Symbol(operator), left, right])
