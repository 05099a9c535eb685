"""Complete: what a half-written word at the prompt may become, by what the session knows.

In a list's first place that is what can be called or what the form around takes, elsewhere layers,
variables and nets, in a string files, data sets and the names of weights.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sn.display import shape_text
from sn.editors.outline import Frame, around
from sn.editors.scan import Kind
from sn.editors.words import words
from sn.errors import SnError
from sn.interp import Interpreter
from sn.lisp.forms import fold, show, string_text, symbol_text
from sn.lisp.leads.names import call_form
from sn.session import Session

_MOST = 200  # offers; chosen here: nobody reads more
_LOOKS_INSIDE = ("net-weights", "net-curvature", "net-states")


@dataclass(frozen=True, slots=True)
class Offer:
    """A text that may stand in place of the half-written one, and what it is."""

    text: str
    about: str = ""


def complete(
    session: Session, manuals: Mapping[str, str], text: str, place: int
) -> tuple[int, list[Offer]]:
    """Return where the half-written word before a place begins, and what it may become.

    `manuals` are those of the words that only the prompt has.
    """
    frames, token = around(text, place)
    heads = [frame.head for frame in frames if frame.head]
    if token is not None and token.kind in (Kind.COMMENT, Kind.STRING, Kind.NUMBER):
        return place, []
    if token is not None and token.kind is Kind.OPEN_STRING:
        start = token.start + 1
        found = [*_in_string(session, heads, text[start:place])]
        return start, found[:_MOST]
    start = token.start if token is not None else place
    written = fold(text[start:place])
    is_quoted = text[:start].endswith("'") or bool(frames and frames[-1].is_quoted)
    offers = _quoted if is_quoted else _offers
    known = offers(session, manuals, frames, heads)
    found = [one for one in known if one.text.startswith(written)]
    unique = {one.text: one for one in reversed(found)}  # the first of each
    return start, [*reversed(unique.values())][:_MOST]


def _offers(
    session: Session, manuals: Mapping[str, str], frames: list[Frame], heads: list[str]
) -> Iterator[Offer]:
    """Yield what may stand inside forms, the likeliest first."""
    known, it = words(), session.interpreter
    if frames and not frames[-1].count:
        yield from _told(known.options(heads))
        if not known.takes_expressions(heads):
            return
        if "defnet" in heads:
            yield from _told(known.net_forms)
        yield from _told(manuals)
        yield from _called(it)
        return
    yield from _told(known.alone(heads))
    if heads and heads[-1] in known.net_forms:
        yield from _names(session)
    yield from _variables(it)
    yield from _called(it)


def _quoted(
    session: Session, manuals: Mapping[str, str], frames: list[Frame], heads: list[str]
) -> Iterator[Offer]:
    """Yield what may stand behind a quote: names of nets and layers, and any word, as for help."""
    known = words()
    yield from _names(session)
    yield from _told({**manuals, **known.net_words, **known.net_forms})
    yield from _called(session.interpreter)


def _told(manuals: Mapping[str, str]) -> Iterator[Offer]:
    return (Offer(word, _usage(doc)) for word, doc in sorted(manuals.items()))


def _usage(doc: str) -> str:
    return doc.partition("\n")[0]


def _called(it: Interpreter) -> Iterator[Offer]:
    """Yield all that can be called, with its call form."""
    for symbol in sorted(it.symbols, key=lambda symbol: symbol.name):
        if hasattr(symbol.value, "run"):
            yield Offer(symbol_text(symbol.name), call_form(symbol))


def _variables(it: Interpreter) -> Iterator[Offer]:
    """Yield the variables that have a value, with its beginning."""
    for symbol in sorted(it.symbols, key=lambda symbol: symbol.name):
        value = symbol.value
        if value is not None and not hasattr(value, "run"):
            with suppress(SnError):
                yield Offer(symbol_text(symbol.name), show(value, it.numbers, limit=12)[:60])


def _names(session: Session) -> Iterator[Offer]:
    """Yield the names of what was described: layers, nets, optimizers."""
    world = session.world
    for net in (*world.networks.values(), *([world.current] if world.current else [])):
        for layer in net.layers:
            yield Offer(symbol_text(layer.name), f"layer, {shape_text(layer.shape)}")
        yield Offer(symbol_text(net.name), "net")
    for spec in world.experiments.values():
        yield from (Offer(symbol_text(name), "optimizer") for name in spec.optimizers)


def _in_string(session: Session, heads: list[str], written: str) -> Iterator[Offer]:
    """Yield what a string that begins so may be: a name that the form takes, else a file."""
    innermost = heads[-1] if heads else ""
    names: list[Offer] = []
    if innermost in ("data", "first-available"):
        names = [Offer(name, "data set") for name in words().data_sets]
    if innermost in _LOOKS_INSIDE:
        for net in session.world.networks.values():
            names += [Offer(one.name, shape_text(one.wid.shape)) for one in net.parameters]
            names += [Offer(one.name, "layer") for one in net.layers]
    yield from (one for one in names if one.text.startswith(written))
    yield from _files(session.files.current, written)


def _files(folder: Path, written: str) -> Iterator[Offer]:
    """Yield the files and folders that a half-written path may become, folders with a slash."""
    lead, slash, start = written.rpartition("/")
    with suppress(OSError, ValueError):
        for name in sorted(os.listdir(folder / (lead + slash))):
            if name.startswith(start) and not (name.startswith(".") and not start):
                is_folder = (folder / (lead + slash) / name).is_dir()
                text = f"{lead}{slash}{name}{'/' if is_folder else ''}"
                if string_text(text) == f'"{text}"':  # no escape would be needed
                    yield Offer(text, "folder" if is_folder else "file")
