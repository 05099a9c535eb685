"""Writing: forms as the text of a hint, short enough to be read at a glance."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sn.errors import EvalError
from sn.lisp.forms import Pair, Symbol, Value, number_exact, show, to_list

_PLACEHOLDER = re.compile(r"\|([A-Z]+)\|")  # what a person is to fill in, which show() puts bars at
LONGEST = 64  # characters of a form in a hint, chosen here: it fits a line behind a few words


def code(form: Value) -> str:
    """Return a form as a person may copy it, "" where that is too long or has no end."""
    try:
        text = show(form, number_exact, limit=60)
    except EvalError:
        return ""
    text = _PLACEHOLDER.sub(r"\1", text)
    return text if len(text) <= LONGEST and not text.endswith("...") else ""


def call(head: str, args: Iterable[Value]) -> str:
    """Return a call as text; what is too long for a hint becomes `...`."""
    return opening(Pair(Symbol(head), to_list(args)))


def opening(form: Pair) -> str:
    """Return a list as text; what is too long for a hint becomes `...`."""
    given = items(form, 200) or []
    text = code(form)
    while not text and given:
        given.pop()
        short = code(to_list(given)) if given else ""
        text = f"{short[:-1]} ...)" if short else ""
    return text or "(...)"


def items(form: Value, most: int = 1000) -> list[Value] | None:
    """Return the elements of a proper list of at most `most`, else None."""
    found: list[Value] = []
    while type(form) is Pair and len(found) <= most:
        found.append(form.car)
        form = form.cdr
    return found if form is None else None


def label(symbol: Symbol) -> str:
    """Return a symbol as a person writes it; of a long one its beginning."""
    text = show(symbol)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def some_cells(form: Value, most: int = 1000) -> Iterator[Pair]:
    """Yield the first cells of a list, which may have no end."""
    while type(form) is Pair and most:
        yield form
        form, most = form.cdr, most - 1


def name_of(value: Value) -> str:
    """Return the name of a symbol, "" of anything else."""
    return value.name if type(value) is Symbol else ""
