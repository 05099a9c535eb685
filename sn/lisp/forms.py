"""Forms: the values of SN Lisp, which are also its programs, with the place each was read from.

A value is a Python float (every number), a str (string), None (the empty list, false), a
`Symbol`, a `Pair`, or an object such as a function or a matrix. A program is a list of such
values; the pairs made by the reader remember their spans, so that a message can point at one
number inside a quoted table. Read next: `parser.py`, then `interp.py`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from sn.display import brief
from sn.errors import EvalError, MemoryLimitError, Span, ValueKindError
from sn.lisp.characters import ODD
from sn.lisp.sizes import SMALL, need_list
from sn.memory import need

# The types a value may have are listed above; programs mix them freely, hence Any.
Value: TypeAlias = Any


class Symbol:
    """A name with its stack of values: `value` is the innermost, `saved` those it hides.

    A binding pushes, its end pops (dynamic scope). The global value is the bottom one. A locked
    symbol refuses assignment to its global value; a binding on top of it is free.
    """

    __slots__ = ("locked", "name", "saved", "value")

    def __init__(self, name: str) -> None:
        self.name = name
        self.value: Value = None
        self.saved: list[Value] = []
        self.locked = False

    def __repr__(self) -> str:
        return f"Symbol({self.name!r})"

    @property
    def global_value(self) -> Value:
        """The value below all bindings."""
        return self.saved[0] if self.saved else self.value

    def set_global(self, value: Value) -> None:
        """Set the value below all bindings."""
        if self.saved:
            self.saved[0] = value
        else:
            self.value = value


class SymbolTable:
    """The symbols of one session by name; two readings of a name give the same symbol."""

    def __init__(self) -> None:
        self.by_name: dict[str, Symbol] = {}
        self.properties: dict[Symbol, dict[Symbol, Value]] = {}

    def intern(self, name: str) -> Symbol:
        """Return the symbol called exactly `name`, made on first use."""
        symbol = self.by_name.get(name)
        if symbol is None:
            symbol = self.by_name[name] = Symbol(name)
        return symbol

    def __iter__(self) -> Iterator[Symbol]:
        return iter(list(self.by_name.values()))


class Shown:
    """A value that Python's prompt shows in a line of Lisp, shortened."""

    __slots__ = ()

    def __repr__(self) -> str:
        return brief(describe(self).removeprefix("the "))


class Pair(Shown):
    """A cell of a list. `span` covers the list that starts here, `car_span` its first element.

    Only the reader sets spans; cells built by a running program have None.
    """

    __slots__ = ("car", "car_span", "cdr", "span")

    def __init__(
        self, car: Value, cdr: Value, span: Span | None = None, car_span: Span | None = None
    ) -> None:
        self.car = car
        self.cdr = cdr
        self.span = span
        self.car_span = car_span


List: TypeAlias = Pair | None


def span_of(value: Value) -> Span | None:
    """Return where `value` was read, or None: only lists remember their place."""
    return value.span if type(value) is Pair else None


def element_span(cell: Value) -> Span | None:
    """Return where the first element of `cell` was read, or None."""
    if type(cell) is not Pair:
        return None
    return cell.car_span or span_of(cell.car)


def fold(name: str) -> str:
    """Return `name` as the reader folds it: lower case, `_` as `-` except in front."""
    return name[:1].lower() + name[1:].lower().replace("_", "-")


def to_list(values: Iterable[Value], tail: Value = None) -> Value:
    """Return the Lisp list of `values`, ended by `tail`."""
    cells = list(values)
    if len(cells) > SMALL:
        need_list(len(cells), 0)
    result = tail
    for value in reversed(cells):
        result = Pair(value, result)
    return result


def iterate(value: Value) -> Iterator[Value]:
    """Yield the elements of a Lisp list.

    Raises: ValueKindError when `value` is not a list or does not end in (), EvalError when it
    is circular.
    """
    for cell in cells(value):
        yield cell.car


def elements(value: Value) -> list[Value]:
    """Return the elements of a Lisp list as a Python list; errors as in `iterate`."""
    return [cell.car for cell in cells(value)]


def cells(value: Value) -> Iterator[Pair]:
    """Yield the cells of a Lisp list; errors as in `iterate`."""
    # Brent's method: compare with an anchor that moves forward at every power of two
    cell, anchor, steps, limit = value, Pair(None, None), 0, 64
    while type(cell) is Pair:
        yield cell
        cell = cell.cdr
        if cell is anchor:
            raise ring_error()
        steps += 1
        if steps == limit:
            anchor, limit = cell, limit * 2
    if cell is not None:
        raise list_error(value, cell)


def list_error(value: Value, end: Value) -> ValueKindError:
    """Return the error for what is no list, or one that ends in something else than ()."""
    what = "a list" if end is value else "a list that ends in ()"
    return ValueKindError(f"expected {what}, found {describe(end)}")


def ring_length(value: Value) -> int:
    """Return the number of cells of the ring that a list leads into, 0 where it has an end."""
    cell, anchor, steps, limit = value, None, 0, 64
    while type(cell) is Pair:
        cell = cell.cdr
        steps += 1
        if cell is anchor and cell is not None:
            return steps
        if steps == limit:
            anchor, steps, limit = cell, 0, limit * 2
    return 0


# Walks that evaluate count to this and then ask once whether the list has an end: a counter is
# cheaper than Brent's method, and they are what programs spend their time in. Chosen here.
LONG = 256


def refuse_ring(value: Value) -> None:
    """Refuse a list that has no end.

    Raises: EvalError.
    """
    if ring_length(value):
        raise ring_error()


def ring_error() -> EvalError:
    """Return the error for a list that has no end."""
    hint = "its last cell points back into it; rplacd, rplaca and nconc can do that"
    return EvalError("this list is circular, so it has no end", hint=hint)


# --- printing ---

# possessive (++), so that a long word of digits that is no number is not tried in every part
NUMBER = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F]+|(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][+-]?[0-9]+)?)"
)
# NOTE(read): the characters that end a word; grammar.lark lists the same ones.
_WORD = re.compile(r"""[^\s\x00-\x20\x7f\ufeff()\[\]"|;#^'`,~:]+""")
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_ESCAPES |= {'"': '\\"', "\\": "\\\\", "\xff": "\\e", "\x7f": "\\x7f"}


def number_sn(number: float) -> str:
    """Return a number as SN 2.8 prints it: six significant digits."""
    return f"{number:g}" if math.isfinite(number) else _not_finite(number)


def number_lush(number: float) -> str:
    """Return a number as Lush 1 prints it: at most four decimals, or six digits if tiny or huge."""
    if not math.isfinite(number):
        return _not_finite(number)
    if number != 0 and not 1e-3 <= abs(number) <= 1e10:
        return f"{number:g}"
    return f"{number:.4f}".rstrip("0").rstrip(".")


def number_exact(number: float) -> str:
    """Return a number with as many digits as it takes to read the same number back."""
    if not math.isfinite(number):
        return _not_finite(number)
    return repr(number).removesuffix(".0")


def _not_finite(number: float) -> str:
    return "Nan" if math.isnan(number) else "Inf" if number > 0 else "-Inf"


NUMBER_FORMATS = {"sn": number_sn, "lush": number_lush, "exact": number_exact}


def symbol_text(name: str) -> str:
    """Return a symbol's name as the reader takes it, between bars where it must be."""
    plain = _WORD.fullmatch(name) is not None and fold(name) == name and name != "."
    if not name.isascii() and ODD.search(name):
        plain = False
    return name if plain and not NUMBER.fullmatch(name) else f"|{name}|"


def string_text(text: str) -> str:
    """Return a string between quotes, with the reader's escapes."""
    return '"' + "".join(map(_escape, text)) + '"'


def _escape(char: str) -> str:
    known = _ESCAPES.get(char)
    if known:
        return known
    if char == "\x1c":  # its letter is the backslash, which would escape what follows
        return "\\x1c"
    return char if char >= " " else f"\\^{chr(ord(char) + 64)}"


class Text:
    """A piece of text among the values that `show` has yet to print."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class _Rest:
    """The unprinted part of a list on the stack of `show`, and what is open around it."""

    __slots__ = ("cell", "close", "path")

    def __init__(self, cell: Value, path: list[Value], close: str) -> None:
        self.cell = cell
        self.path = path
        self.close = close


def show(
    value: Value,
    numbers: Callable[[float], str] = number_sn,
    limit: int | None = None,
    is_brief: bool = True,
) -> str:
    """Return `value` as text that reads back; stop with "..." after `limit` pieces.

    Brief is 'a and :x, for messages; `print` writes the lists that these are, (quote a) and
    (scope x) (SN).

    An object with a method `parts(numbers)` is printed as the values and pieces of `Text` that
    this returns, any other as its method `show(numbers)` says.
    Raises: EvalError when a list contains itself, MemoryLimitError for a text that is too long.
    """
    out: list[str] = []
    todo: list[Value] = [value]
    inside: set[int] = set()  # the cells and objects around the current place, by id
    checked = _CHECKED
    while todo:
        if limit is not None and len(out) > limit:
            out.append("...")
            break
        if len(out) > checked:
            # a list that holds another one twice, which holds another one twice, and so on
            need(2 * _PIECE * checked, f"a text of more than {checked:,} words and brackets")
            checked *= 2
        item = todo.pop()
        kind = type(item)
        if kind is _Rest:
            cell = item.cell
            if type(cell) is Pair:
                out.append(" ")
                _step_into(cell, item.path, inside)
                todo += (_Rest(cell.cdr, item.path, ")"), cell.car)
            elif cell is not None:
                out.append(" . ")
                todo += (_Rest(None, item.path, ")"), cell)
            else:
                inside.difference_update(map(id, item.path))
                out.append(item.close)
        elif kind is Text:
            out.append(item.text)
        elif kind is not Pair:
            parts = getattr(item, "parts", None)
            found = parts(numbers) if parts is not None else None
            if found is None:
                out.append(_atom_text(item, numbers))
            else:
                around: list[Value] = []
                _step_into(item, around, inside)
                todo.append(_Rest(None, around, ""))
                todo += reversed(found)
        elif is_brief and (path := _scope_text(item)) is not None:
            out.append(path)
        else:
            around = []
            _step_into(item, around, inside)
            if is_brief and _is_quote(item):
                out.append("'")
                todo += (_Rest(None, around, ""), item.cdr.car)
            else:
                out.append("(")
                todo += (_Rest(item.cdr, around, ")"), item.car)
    return "".join(out)


_CHECKED = 100_000  # pieces of text before `show` asks for memory
_PIECE = 120  # bytes that a piece takes until it is joined: measured, with its place on the stack


def _step_into(item: Value, path: list[Value], inside: set[int]) -> None:
    if id(item) in inside:
        what = "a list" if type(item) is Pair else f"a {kind_noun(type(item))}"
        raise EvalError(
            f"cannot print {what} that contains itself",
            hint="rplaca, rplacd and nconc can make such a list"
            if type(item) is Pair
            else "an array holds what is written into it, itself too",
        )
    inside.add(id(item))
    path.append(item)


def _is_quote(form: Pair) -> bool:
    head, rest = form.car, form.cdr
    return type(head) is Symbol and head.name == "quote" and type(rest) is Pair and rest.cdr is None


def _scope_text(form: Pair) -> str | None:
    """Return `:a:b` for (scope a b), or None for any other list."""
    if type(form.car) is not Symbol or form.car.name != "scope":
        return None
    names: list[str] = []
    rest = form.cdr
    while type(rest) is Pair and type(rest.car) is Symbol and len(names) < 16:
        names.append(symbol_text(rest.car.name))
        rest = rest.cdr
    return ":" + ":".join(names) if names and rest is None else None


def _atom_text(value: Value, numbers: Callable[[float], str]) -> str:
    if value is None:
        return "()"
    kind = type(value)
    if kind is float:
        return numbers(value)
    if kind is str:
        return string_text(value)
    if kind is Symbol:
        return symbol_text(value.name)
    text = getattr(value, "show", None)
    return str(text(numbers)) if text else f"::{kind.__name__.upper()}:"


def kind_noun(kind: type) -> str:
    """Return what messages call values of a Python type: its attribute `noun` if it has one."""
    nouns = {float: "number", str: "string", Symbol: "symbol", Pair: "list"}
    return nouns.get(kind) or str(getattr(kind, "noun", "object"))


_SHOWN = 60  # characters of a value in a message


def describe(value: Value) -> str:
    """Return `value` for a message: its kind and its text, shortened."""
    if value is None:
        return "()"
    if type(value) is str:
        value = value[:_SHOWN]  # the rest is not worth the time of a huge text
    try:
        text = show(value, limit=24)
    except EvalError as error:
        rings = not isinstance(error, MemoryLimitError)
        text = "(...) that contains itself" if rings else "(...) that is too long"
    text = text.replace("\n", "")  # between the rows of a matrix
    if len(text) > _SHOWN:
        text = text[: _SHOWN - 3] + "..."
    return f"the {kind_noun(type(value))} {text}"
