"""Names: the word at a place of a text, the forms around it, and where it is defined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sn.editors.outline import Definition, Frame, around, folded, outline, token_at
from sn.editors.scan import Kind, Token


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text, and the forms around it."""

    token: Token
    frames: Sequence[Frame]

    @property
    def name(self) -> str:
        """The name of the symbol that the reader makes of it."""
        return folded(self.token)

    @property
    def is_head(self) -> bool:
        """Whether it is the first of a list, so that something is called by it."""
        return bool(self.frames) and not self.frames[-1].count


def word_at(text: str, place: int) -> Word | None:
    """Return the word at a place."""
    token = token_at(text, place)
    if token is None or token.kind not in (Kind.WORD, Kind.NAME):
        return None
    return Word(token, around(text, token.end)[0])


def heads_of(frames: Sequence[Frame]) -> list[str]:
    """Return the first words of forms, outermost first; lists without one are left out."""
    return [frame.head for frame in frames if frame.head]


def net_around(frames: Sequence[Frame]) -> str:
    """Return the net that forms describe or train, "" for none."""
    return next((one.defines for one in frames if one.head in ("defnet", "experiment")), "")


def definition(
    text: str, place: int, others: Mapping[str, str]
) -> tuple[str | None, Definition] | None:
    """Return where the name at a place is defined: the file, None for this one, and the form.

    `others` are the texts of files that the program loads. A layer of the same net counts before
    other names, and the last definition before earlier ones.
    """
    word = word_at(text, place)
    if word is None:
        return None
    here = [one for one in outline(text) if one.name == word.name]
    net = net_around(word.frames)
    layers = [one for one in here if one.kind == "layer" and one.inside == net]
    calls = ("function", "macro")
    alike = [one for one in here if (one.kind in calls) == word.is_head]
    for some in ([] if word.is_head else layers, alike, here):
        if some:
            return None, some[-1]
    for file, other in others.items():
        there = [one for one in outline(other) if one.name == word.name]
        if there:
            return file, there[-1]
    return None
