"""Kinds: what a Python function's signature says about the Lisp values it takes and returns.

`calls.py` reads them once per builtin, when it is registered. Read next: `calls.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, TypeAlias, Union, get_args, get_origin

from sn.errors import EvalError
from sn.lisp.forms import LONG, Pair, Symbol, Value, kind_noun, ring_length, to_list
from sn.lisp.machine import Callee, Machine

Run: TypeAlias = Callable[[Machine, Pair], Value]


# --- kinds of arguments ---

WRONG = object()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of argument: its words, the Python types it accepts as they are (none: all), and
    how it is turned into what the Python function takes; `convert` returns `WRONG` to refuse.
    """

    words: str
    types: tuple[type, ...] = ()
    convert: Callable[[Value], Value] | None = None
    exact: type | None = None  # values of this type need no more than being recognised

    def take(self, value: Value) -> Value:
        """Return `value` as the Python function wants it, or `WRONG`."""
        if self.types and type(value) not in self.types:
            return WRONG
        return self.convert(value) if self.convert else value


def _whole(value: Value) -> Value:
    # SN's C primitives truncate toward zero
    return int(value) if value - value == 0 else WRONG


def _callee(value: Value) -> Value:
    is_one = type(value) is Symbol or hasattr(value, "apply") or is_lambda_list(value)
    return value if is_one else WRONG


def is_lambda_list(value: Value) -> bool:
    """Whether a value is a list (lambda ...), which SN takes for the function that it makes."""
    head = value.car if type(value) is Pair else None
    return type(head) is Symbol and head.name in ("lambda", "flambda", "mlambda")


_KINDS: dict[Any, Kind] = {
    float: Kind("a number", (float,), exact=float),
    int: Kind("a number", (float,), _whole),
    str: Kind("a string", (str,), exact=str),
    Symbol: Kind("a symbol", (Symbol,), exact=Symbol),
    Pair: Kind("a list that is not empty", (Pair,), exact=Pair),
    Pair | None: Kind("a list", (Pair, NoneType)),
    bool: Kind("anything", (), lambda value: value is not None),
    Callee: Kind("a function", (), _callee),
}


def _plural(words: str) -> str:
    """Return "numbers" for "a number", "lists of numbers" for "a list of numbers"."""
    noun, space, rest = words.removeprefix("a ").partition(" ")
    return f"{noun}s{space}{rest}"


def _list_kind(element: Kind | None) -> Kind:
    def convert(value: Value) -> Value:
        items: list[Value] = []
        while type(value) is Pair:
            item = value.car if element is None else element.take(value.car)
            if item is WRONG:
                return WRONG
            items.append(item)
            value = value.cdr
            if len(items) == LONG and ring_length(value):
                return WRONG
        return items if value is None else WRONG

    of_what = "" if element is None else " of " + _plural(element.words)
    return Kind(f"a list{of_what}", (Pair, NoneType), convert)


def _union_kind(parts: tuple[Any, ...]) -> Kind | None:
    optional = NoneType in parts
    kinds = [kind_of(part) for part in parts if part is not NoneType]
    if any(kind is None for kind in kinds):
        return None
    known = [kind for kind in kinds if kind is not None]

    def convert(value: Value) -> Value:
        if value is None and optional:
            return None
        taken = (kind.take(value) for kind in known)
        return next((value for value in taken if value is not WRONG), WRONG)

    words = " or ".join(dict.fromkeys(kind.words for kind in known))
    return Kind(words + (" or ()" if optional else ""), (), convert, known[0].exact)


def kind_of(hint: Any) -> Kind | None:
    """Return the kind that a type in a signature asks for, None for anything."""
    if hint in (Any, object):
        return None
    if hint in _KINDS:
        return _KINDS[hint]
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _union_kind(get_args(hint))
    if origin is list:
        return _list_kind(kind_of(get_args(hint)[0]))
    if isinstance(hint, type) and hasattr(hint, "noun"):
        noun = kind_noun(hint)
        return Kind(f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}", (hint,), exact=hint)
    raise TypeError(f"no kind of argument is known for {hint!r}")


# --- results ---

Finish: TypeAlias = Callable[[Machine, Any], Value]


def finish_of(hint: Any, name: str) -> Finish | None:
    """Return how the result of a Python function becomes a value, None if it is one."""
    if hint is bool:
        return lambda it, result: it.t if result else None
    if hint is int:
        return lambda it, result: float(result)
    if get_origin(hint) is list:
        of_numbers = get_args(hint)[0] in (int, float)
        return lambda it, result: to_list(map(float, result) if of_numbers else result)
    if hint is float:

        def finite(it: Machine, result: Any) -> float:
            number = result if type(result) is float else float(result)
            if number - number != 0:
                raise EvalError(f"floating exception: the result of {name} is not finite")
            return number

        return finite
    return None
