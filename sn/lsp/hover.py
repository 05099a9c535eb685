"""Hover: what a word of a text is, as Markdown, from the text and what evaluating it told last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sn.editors.outline import outline
from sn.editors.words import manual
from sn.lsp.findings import LayerFacts, NetFacts
from sn.lsp.names import heads_of, word_at

_LINES = 12  # of a definition that is shown; chosen here
_MARKS = "\\`*_[]<>|~#"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is shown for a word, as Markdown, and the characters that it is about."""

    text: str
    start: int
    end: int


def hover(text: str, place: int, nets: Sequence[NetFacts]) -> Answer | None:
    """Return what the word at a place is: a layer, a name of the program, or a word of SN."""
    word = word_at(text, place)
    if word is None:
        return None
    of_program = (_layer_text(word.name, nets), _definition_text(text, word.name))
    of_sn = _manual_text(word.name, heads_of(word.frames))
    told = (of_sn, *of_program) if word.is_head else (*of_program, of_sn)
    found = next((one for one in told if one), None)
    return Answer(found, word.token.start, word.token.end) if found else None


def _layer_text(name: str, nets: Sequence[NetFacts]) -> str | None:
    parts = [_one_layer(net, layer) for net in nets for layer in net.layers if layer.name == name]
    return "\n\n---\n\n".join(parts) or None


def _one_layer(net: NetFacts, layer: LayerFacts) -> str:
    """Return a layer with its shape, what feeds it and what it feeds, as Markdown."""
    shape = " x ".join(map(str, layer.shape))
    lines = [
        f"**{_plain(layer.name)}**: layer of {_plain(net.name)}, {shape}, {layer.units:,} units"
    ]
    lines += ["", _plain(layer.activation), ""]
    into = [one for one in net.connections if one.label.endswith(f"-> {layer.name}")]
    if into:
        lines += ["| from | scheme | connections | parameters | plan |", "|---|---|---:|---:|---|"]
        lines += [
            f"| {_plain(one.label.partition(' -> ')[0])} | {_plain(one.scheme)} "
            f"| {one.connections:,} | {one.parameters:,} | {_plain(one.plan)} |"
            for one in into
        ]
    feeds = [one.label for one in net.connections if one.label.startswith(f"{layer.name} -> ")]
    if feeds:
        lines += ["", f"feeds {', '.join(_plain(label.partition(' -> ')[2]) for label in feeds)}"]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Return a text that Markdown shows as it is."""
    return "".join(f"\\{char}" if char in _MARKS else char for char in text)


def _code(text: str) -> str:
    """Return lines of SN Lisp as a block, whatever they hold."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}sn\n{text}\n{fence}"


def _definition_text(text: str, name: str) -> str | None:
    found = [one for one in outline(text) if one.name == name]
    if not found:
        return None
    one = found[-1]
    lines = text[one.form_start : one.form_end].split("\n")
    shown = [*lines[:_LINES], *(["..."] if len(lines) > _LINES else [])]
    return _code("\n".join(shown))


def _manual_text(name: str, heads: Sequence[str]) -> str | None:
    doc = manual(name, heads)
    if doc is None:
        return None
    usage, blank, rest = doc.partition("\n\n")
    if not usage.startswith("(") or "):" in usage:
        return _plain_lines(doc)
    prose, example = rest, ""
    if "\n=> " in rest:
        prose, _, example = rest.rpartition("\n\n")
    parts = [_code(usage), _plain_lines(prose) if prose else "", _code(example) if example else ""]
    return "\n\n".join(part for part in parts if part) if blank else _code(usage)


def _plain_lines(text: str) -> str:
    return "\n".join(_plain(line) for line in text.split("\n"))
