"""Complete: what a half-written word of a text may become, by the forms that it stands in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sn.editors.outline import Definition, Frame, around, outline
from sn.editors.scan import Kind
from sn.editors.words import Words, words
from sn.lsp.findings import NetFacts
from sn.lsp.names import heads_of, net_around

_FILE_ARGUMENTS = ("libload", "load")
# forms whose arguments name a layer, and the places at which they do
_NAMES_LAYERS = {"connect": (1, 2), "from": (1,), "output": (1,), "layer": (1,)}


@dataclass(frozen=True, slots=True)
class Offer:
    """A word that may stand at a place: what kind it is, and its manual."""

    label: str
    kind: str
    manual: str = ""


def complete(text: str, place: int, nets: Sequence[NetFacts], file: str) -> tuple[int, list[Offer]]:
    """Return where the word at a place begins, and what it may become."""
    frames, token = around(text, place)
    if token is not None and token.kind is Kind.COMMENT:
        return place, []
    if token is not None and token.kind in (Kind.STRING, Kind.OPEN_STRING):
        if token.kind is Kind.STRING:
            return place, []
        return token.start + 1, [*_in_string(heads_of(frames), file)]
    start = token.start if token is not None else place
    if frames and frames[-1].is_quoted:
        return start, []
    offers = {one.label: one for one in reversed([*_offers(text, frames, nets)])}
    return start, list(reversed(offers.values()))


def _in_string(heads: Sequence[str], file: str) -> Iterator[Offer]:
    """Yield what a string may be in forms."""
    innermost = heads[-1] if heads else ""
    if innermost in ("data", "first-available"):
        yield from (Offer(name, "data") for name in words().data_sets)
    if innermost in _FILE_ARGUMENTS:
        yield from (Offer(name, "file") for name in _programs_beside(Path(file)))


def _programs_beside(file: Path) -> list[str]:
    """Return the programs in the folder of a file and those in it, as `load` takes them."""
    try:
        found = sorted([*file.parent.glob("*.sn"), *file.parent.glob("*/*.sn")])
    except OSError:
        return []
    names = (path.relative_to(file.parent).with_suffix("") for path in found if path != file)
    return [name.as_posix() for name in names]


def _offers(text: str, frames: list[Frame], nets: Sequence[NetFacts]) -> Iterator[Offer]:
    """Yield what may stand inside forms, the likeliest first."""
    heads, defined, known = heads_of(frames), outline(text), words()
    if frames and not frames[-1].count:
        yield from _calls(heads, defined, known)
        return
    innermost, count = (heads[-1], frames[-1].count) if heads and frames[-1].head else ("", 0)
    yield from _manuals(known.alone(heads), "constant")
    if count in _NAMES_LAYERS.get(innermost, ()) and not _names_new_layer(heads):
        yield from _layers(defined, frames, nets)
    elif innermost == "experiment" and count == 1:
        yield from _named(defined, ("net",))
    elif innermost == "optimizer" and "phase" in heads:
        yield from _named(defined, ("optimizer",))
    elif innermost not in known.net_forms:
        yield from _named(defined, ("variable", "function"))


def _calls(heads: Sequence[str], defined: Sequence[Definition], known: Words) -> Iterator[Offer]:
    """Yield what a list may start with inside forms."""
    yield from _manuals(known.options(heads), "option")
    if not known.takes_expressions(heads):
        return
    if "defnet" in heads:
        yield from _manuals(known.net_forms, "form")
    yield from _named(defined, ("function", "macro"))
    if not heads:
        tops = {word: known.net_forms[word] for word in ("defnet", "experiment")}
        yield from _manuals(tops, "form")
    yield from _manuals(known.special_forms, "form")
    yield from _manuals(known.functions, "function")


def _names_new_layer(heads: Sequence[str]) -> bool:
    return heads[-1] == "layer" and "experiment" not in heads


def _manuals(table: Mapping[str, str], kind: str) -> Iterator[Offer]:
    return (Offer(word, kind, doc) for word, doc in table.items())


def _named(defined: Sequence[Definition], kinds: Sequence[str]) -> Iterator[Offer]:
    return (Offer(one.name, one.kind) for one in defined if one.kind in kinds)


def _layers(
    defined: Sequence[Definition], frames: Sequence[Frame], nets: Sequence[NetFacts]
) -> Iterator[Offer]:
    """Yield the layers of the net that a place is in: of the text, and those that loops made."""
    net = net_around(frames)
    shapes = {
        layer.name: " x ".join(map(str, layer.shape))
        for facts in nets
        if facts.name == net
        for layer in facts.layers
    }
    names = [one.name for one in defined if one.kind == "layer" and one.inside == net]
    for name in dict.fromkeys([*names, *shapes]):
        yield Offer(name, "layer", shapes.get(name, ""))
