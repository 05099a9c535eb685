"""Outline: what a text defines, and which forms stand around a place in it.

Both look at brackets and words only, so they know a program that cannot be evaluated yet, and know
nothing of names that a loop makes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sn.editors.scan import Kind, Token, scan
from sn.lisp.forms import fold

# what each form defines, whose name stands behind its first word
DEFINING = {
    "de": "function",
    "df": "function",
    "dm": "macro",
    "dmd": "macro",
    "defclass": "class",
    "defnet": "net",
    "layer": "layer",
    "experiment": "experiment",
    "optimizer": "optimizer",
}
_FUNCTIONS = ("de", "df", "dm", "dmd", "lambda")
_PASSED_OVER = (Kind.BLANK, Kind.COMMENT)
_BETWEEN = (Kind.BLANK, Kind.OPEN, Kind.CLOSE, Kind.PREFIX)  # what nobody is writing on


@dataclass(frozen=True, slots=True)
class Definition:
    """A name that a form defines; `inside` is what defines the form around it, "" at the top.

    Places are numbers of characters: of the name, and of the form from bracket to bracket.
    """

    kind: str
    name: str
    inside: str
    start: int
    end: int
    form_start: int
    form_end: int


@dataclass(slots=True)
class Frame:
    """A bracket that is open: the words and forms behind it so far."""

    start: int
    is_quoted: bool
    head: str = ""  # the first word, where a word comes first
    count: int = 0  # elements that are complete
    names: list[Token] = field(default_factory=list)  # those at places where a name is defined
    defines: str = ""


def outline(text: str) -> list[Definition]:
    """Return the definitions in a text, in order of their forms' ends; one that is open counts.

    A `setq` defines the variables that it sets outside of all functions.
    """
    found: list[Definition] = []
    frames: list[Frame] = []
    for token in walk(text, frames):
        if token.kind is Kind.CLOSE and frames:
            found += _defined(frames.pop(), frames, token.end)
    while frames:
        found += _defined(frames.pop(), frames, len(text))
    return found


def around(text: str, place: int) -> tuple[list[Frame], Token | None]:
    """Return the brackets that are open at a place, innermost last, and what is being written.

    That is a word, a name, a number, a string or a comment which ends at the place, else None; it
    does not count among the elements of its frame.
    """
    frames: list[Frame] = []
    last: Token | None = None
    for token in walk(text[:place], frames):
        last = token
        if token.kind is Kind.CLOSE and frames:
            frames.pop()
    if last is None or last.kind in _BETWEEN:
        return frames, None
    if frames and last.kind is not Kind.COMMENT:
        frame = frames[-1]
        frame.count -= 1
        frame.head = frame.head if frame.count else ""
    return frames, last


def token_at(text: str, place: int) -> Token | None:
    """Return the token that a place is in, or that ends there if nothing but a blank follows."""
    before = None
    for token in scan(text):
        if token.start <= place < token.end and token.kind not in _BETWEEN:
            return token
        if token.start >= place:
            break
        before = token
    return before if before is not None and before.kind not in _BETWEEN else None


def walk(text: str, frames: list[Frame]) -> Iterator[Token]:
    """Yield the tokens of a text and keep `frames` by them; who asks takes a closed one off.

    An element is counted before it is yielded, a list when who asked has seen its end.
    """
    quoted = False
    for token in scan(text):
        if token.kind is Kind.OPEN:
            inherited = bool(frames) and frames[-1].is_quoted
            frames.append(Frame(token.start, quoted or inherited))
        elif token.kind not in (*_PASSED_OVER, Kind.CLOSE, Kind.PREFIX) and frames:
            _add(frames[-1], token)
        if token.kind not in _PASSED_OVER:
            quoted = token.kind is Kind.PREFIX and token.text in ("'", "`")
        yield token
        if token.kind is Kind.CLOSE and frames:
            frames[-1].count += 1


def _add(frame: Frame, token: Token) -> None:
    """Count an element of a frame, and keep it where it is a name that the form defines."""
    is_word = token.kind in (Kind.WORD, Kind.NAME)
    if frame.count == 0 and is_word:
        frame.head = folded(token)
    elif is_word and not frame.is_quoted:
        in_setq = frame.head == "setq" and frame.count % 2 == 1
        if in_setq or (frame.head in DEFINING and frame.count == 1):
            frame.names.append(token)
            frame.defines = folded(token)
    frame.count += 1


def _defined(frame: Frame, outer: list[Frame], end: int) -> Iterator[Definition]:
    """Yield what a form defines that stands inside `outer`."""
    heads = [one.head for one in outer]
    inside = next((one.defines for one in reversed(outer) if one.defines), "")
    match frame.head:
        case "setq":
            names = [] if any(head in _FUNCTIONS for head in heads) else frame.names
        case "layer" if "experiment" in heads:  # it tells of one
            names = []
        case "optimizer" if "phase" in heads:
            names = []
        case _:
            names = frame.names
    kind = DEFINING.get(frame.head, "variable")
    for name in names:
        yield Definition(kind, folded(name), inside, name.start, name.end, frame.start, end)


def folded(token: Token) -> str:
    """Return the name of a word or an exact name as the reader makes it."""
    return token.text[1:-1] if token.kind is Kind.NAME else fold(token.text)
