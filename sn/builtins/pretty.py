"""Pretty printing: values and function definitions in lines of moderate length."""

from __future__ import annotations

from collections.abc import Callable

from sn.lisp.forms import Pair, Symbol, Value, show, to_list
from sn.lisp.lambdas import Lambda

WIDTH = 78
# Forms whose first arguments stay on the line of the head; the rest is indented by two.
_HEADS = {"de": 2, "df": 2, "dm": 2, "dmd": 2, "lambda": 1, "let": 1, "let*": 1, "for": 1}
_HEADS |= {"each": 1, "all": 1, "when": 1, "while": 1, "if": 1, "repeat": 1, "selectq": 1}
_HEADS |= {"progn": 0, "cond": 0, "mapfor": 1, "on-error": 1, "do-while": 1}
_HEADS |= {"defclass": 2, "defmethod": 3, "demethod": 3, "letslot": 1}
_DEEPEST = 60


def pretty_text(value: Value, numbers: Callable[[float], str]) -> str:
    """Return `value` as text of several lines, or the definition that a function came from."""
    if isinstance(value, Lambda):
        name = Symbol(value.name)
        anonymous = value.name in ("lambda", "flambda", "mlambda")
        head = [name] if anonymous else [Symbol(value.kind.lower()), name]
        value = to_list([*head, value.params], value.body)
    show(value, numbers)  # refuses what contains itself or has no end of parts
    return _lines(value, 0, numbers, 0)


def _lines(value: Value, column: int, numbers: Callable[[float], str], depth: int) -> str:
    """Return the text of `value`, whose first line starts at `column`."""
    if type(value) is not Pair or depth > _DEEPEST:
        return show(value, numbers)
    # no piece of a list but the ends of quotes is empty: what has more pieces does not fit
    flat = show(value, numbers, limit=2 * WIDTH)
    if column + len(flat) <= WIDTH:
        return flat
    items, rest = [], value
    while type(rest) is Pair:
        items.append(rest.car)
        rest = rest.cdr
    head = items[0]
    kept = _HEADS.get(head.name, -1) if type(head) is Symbol else -1
    indent = column + (2 if kept >= 0 else 1)
    text = "("
    for i, item in enumerate(items):
        if i == 0:
            text += _lines(item, column + 1, numbers, depth + 1)
        elif i <= kept:
            start = column + len(text.rsplit("\n", 1)[-1]) + 1
            text += " " + _lines(item, start, numbers, depth + 1)
        else:
            text += "\n" + " " * indent + _lines(item, indent, numbers, depth + 1)
    if rest is not None:
        text += " . " + show(rest, numbers)
    return text + ")"
