"""Errors: where a form stands, what can go wrong, and how a person is told.

Every other module raises one of the classes below; only `render` turns one into text,
so the command line, the REPL and Python all show the same words.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from sn.codes import Code
from sn.display import many
from sn.folding import clip, excerpt, fold

# Characters that a terminal would obey: files and names of strangers reach messages.
_COMMANDS = dict.fromkeys(
    [*({*range(32), *range(127, 160)} - {9, 10}), *range(0x202A, 0x202F), *range(0x2066, 0x206A)],
    "\N{REPLACEMENT CHARACTER}",
)


# Bytes of the parts of a message, whatever the program has in its names, strings and lines; chosen
# here so that the whole stays below 2 kB.
_MESSAGE, _HINT, _NOTE, _PLACE, _ALL = 600, 600, 200, 160, 1900
_WORD = 100  # letters of a word that anybody mistypes
_WORDS = 10_000  # words that are compared with it
_CLOSE = 0.61  # the share of their letters that two words have in common
# Chosen here, by the goldens: words that are looked at and offered, how much each of the first
# letters counts, which few slips change, and how much less close than the nearest a word may be.
_NEAREST, _OFFERED, _FIRST, _LESS = 6, 3, 0.08, 0.095


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of source text: 1-based lines and columns, both ends inclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Label:
    """A second place that a message points at, with a few words about it."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something odd in the user's program that stops nothing: a warning, worded as errors are."""

    message: str
    span: Span | None = None
    hint: str | None = None
    code: Code = Code.WARNING


class _Rendered(Exception):
    """An error whose place, caret and hint Python shows as notes below its message.

    Python, IPython and notebooks print the notes of an error that nobody caught (PEP 678).
    """

    _added: tuple[str, ...] = ()

    @property
    def __notes__(self) -> list[str]:  # type: ignore[override]  # made when asked for
        """What `render` says beside the message, then what `add_note` was given."""
        assert isinstance(self, SnError | SnInternalError)
        return [*notes(self), *self._added]

    def add_note(self, note: str) -> None:
        """Add a note, as to any exception."""
        self._added = (*self._added, note)


class SnError(_Rendered):
    """Something wrong in the user's program or data (exit code 1).

    `message` says what was expected and found, lower case, no full stop; `hint` says what
    to do next; `frames` lists the Lisp calls around the place, innermost first; `texts` are
    the programs that its places are in, as they were read, by file name; `form` is the call that
    it arose in, `lost` the parameter that was () there, `bindings` how deep each symbol was bound
    there and its value, until a program has seen it; `others` are errors that were found
    besides, each with a place of its own; `code` is its kind, that of its class if none is given.
    """

    code: Code = Code.FILE

    def __init__(
        self,
        message: str,
        *,
        span: Span | None = None,
        hint: str | None = None,
        labels: Iterable[Label] = (),
        code: Code | None = None,
    ) -> None:
        message = clip(message, _MESSAGE)
        super().__init__(message)
        self.message = message
        self.span = span
        self.hint = None if hint is None else clip(hint, _HINT)
        self.labels = tuple(labels)
        if code is not None:
            self.code = code
        self.frames: list[str] = []
        self.form: object = None
        self.lost: object = None
        self.bindings: dict[Any, tuple[int, Any]] | None = None
        self.texts: dict[str, str] = {}
        self.others: tuple[SnError, ...] = ()

    @property
    def all(self) -> tuple[SnError, ...]:
        """The error itself and those that were found besides, in the order of the source."""
        return (self, *self.others)

    def keep_texts(self, texts: Mapping[str, str]) -> None:
        """Keep those of `texts`, by file name, that its places are in; the others do too."""
        for other in self.others:
            other.keep_texts(texts)
        spans = (self.span, *(label.span for label in self.labels))
        files = {span.file for span in spans if span is not None}
        self.texts |= {file: texts[file] for file in files if file in texts}


class ReadError(SnError):
    """The text is not a well-formed program."""

    code = Code.TEXT


class EvalError(SnError):
    """A form cannot be evaluated."""

    code = Code.EVALUATION


class UnknownNameError(EvalError):
    """A name that nothing defines."""

    code = Code.UNKNOWN


class ArityError(EvalError):
    """A call with too few or too many arguments."""

    code = Code.COUNT


class ValueKindError(EvalError):
    """A value of the wrong kind, such as a string where a number is needed."""

    code = Code.KIND


class SettingError(ValueKindError):
    """A setting outside its limits, or of the wrong kind: in Lisp as in Python."""

    code = Code.LIMIT


class NotAllowedError(EvalError):
    """Something that a program may not do unless whoever starts it allows it."""

    code = Code.NOT_ALLOWED


class NoFileError(EvalError):
    """There is no file of this name where it was searched."""


class ProgramExit(EvalError):
    """The program ends here, as it says itself; `status` is the exit code that it asks for."""

    status = 0


class MemoryLimitError(EvalError):
    """Something that would take more memory than is allowed."""

    code = Code.MEMORY


class NetError(SnError):
    """A network that cannot be built as described."""

    code = Code.NET


class LowerError(SnError):
    """A network that the compiler refuses."""

    code = Code.COMPILER


class TrainError(SnError):
    """Training that cannot start or go on."""

    code = Code.TRAINING


class DataError(SnError):
    """A data set that is missing, damaged or not what it claims to be."""

    code = Code.DATA


class SnInternalError(_Rendered):
    """A fault of SN itself (exit code 3); `dump` names a file that helps to report it."""

    code = Code.INTERNAL

    def __init__(self, message: str, *, dump: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.dump = dump


def raise_all(errors: Iterable[SnError]) -> None:
    """Raise the first of several errors, with the others beside it; none if there is none."""
    found = [one for error in errors for one in error.all]
    if found:
        first, *others = found
        first.others = tuple(others)
        raise first


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """Return a hint that offers the names closest to `name`, or None when none is close."""
    # the time of a comparison grows with the square of the letters
    some = list(islice((word for word in known if _may_be(word, name)), _WORDS))
    near = difflib.get_close_matches(name, some, n=_NEAREST, cutoff=_CLOSE)
    if not near:
        return None

    def closeness(word: str) -> float:
        ratio = difflib.SequenceMatcher(None, word, name).ratio()
        return ratio + _FIRST * len(os.path.commonprefix([word[:_OFFERED], name]))

    # what is much less like it than the nearest only distracts
    likely = [word for word in near if closeness(word) > max(map(closeness, near)) - _LESS]
    likely.sort(key=closeness, reverse=True)
    return "did you mean " + " or ".join(f"'{word}'" for word in likely[:_OFFERED]) + "?"


def _may_be(word: str, name: str) -> bool:
    """Whether two words are of such lengths that they can be close."""
    one, other = sorted((len(word), len(name)))
    if other > _WORD or 2 * one < _CLOSE * (one + other):
        return False
    # a slip of the keys adds or leaves out a few letters; who abbreviates leaves out the end
    return other - one <= max(1, len(name) // 2) or word.startswith(name)


def ended(run: Callable[[], object]) -> int | None:
    """Run a program; return the exit code that it ended itself with, None if it did not."""
    try:
        run()
    except ProgramExit as end:
        return end.status
    return None


def read_source(file: str) -> str | None:
    """Return the text of `file`, or None when it is not a readable file."""
    try:
        path = Path(file)
        # a pipe may have no end, and nobody who writes to it
        text = source_text(path.read_bytes()) if path.is_file() else None
    except (OSError, ValueError):  # a name may hold what no file's can
        return None
    return None if text is None else text.replace("\r\n", "\n").replace("\r", "\n")


def source_text(raw: bytes) -> str:
    """Return the text of a program: UTF-8, or else Latin-1, as programs of the nineties have it."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def render(
    error: SnError | SnInternalError | Notice,
    source: Callable[[str], str | None] = read_source,
    width: int | None = None,
    shows_code: bool = False,
) -> str:
    """Return the whole message as shown to a person: place, text, caret, labels, hint, frames.

    `source(file)` gives the text of a file for the excerpt; None leaves the excerpt out. Texts
    are folded to `width` columns and lines of source clipped to it; None leaves them as long as
    they are, unless that is very long: the whole stays below 2 kB. `shows_code` puts the kind
    behind the word, as in `error[SN0303]`, which `sn explain` explains.
    """
    kind = {SnInternalError: "internal error", Notice: "warning"}.get(type(error), "error")
    kind += f"[{error.code}]" if shows_code else ""
    span = None if isinstance(error, SnInternalError) else error.span
    place = f"{_place(span)}: " if span else ""
    text = f"{place}{kind}: {_shown(error.message, _MESSAGE)}"
    lines = [("  ", text), *_below(error, source, width)]
    folded = [part for lead, line in lines for part in fold(line, width, lead)]
    return "\n".join(_first(folded))


def _place(span: Span) -> str:
    return _shown(span.file, _PLACE) + str(span).removeprefix(span.file)


def _shown(text: str, most: int) -> str:
    """Return a text without what a terminal would obey, clipped to so many bytes."""
    return clip(text.translate(_COMMANDS), most)


def _first(lines: list[str]) -> Iterator[str]:
    """Yield the lines that come to less than 2 kB together."""
    left = _ALL
    for line in lines:
        left -= len(line.encode("utf-8", "replace")) + 1
        if left < 0:
            yield "  …"
            return
        yield line


def notes(error: SnError | SnInternalError) -> list[str]:
    """Return what `render` says beside the message: the place first, a string a line."""
    place = [f"{_place(error.span)}:"] if isinstance(error, SnError) and error.span else []
    below = (line for _, line in _below(error, read_source, None))
    found = list(_first([*place, *below]))
    count = len(error.others) if isinstance(error, SnError) else 0
    if count:
        found.append(f"  and {many(count, 'more error')}, which `error.others` has")
    return found


def _below(
    error: SnError | SnInternalError | Notice,
    source: Callable[[str], str | None],
    width: int | None,
) -> Iterator[tuple[str, str]]:
    """Yield the lines below a message, each with the indent of what is folded of it."""
    if isinstance(error, SnInternalError):
        yield "  ", "  this is a fault in SN, not in your program"
        if error.dump is not None:
            yield "  ", f"  please report it with the file {_shown(error.dump, _HINT)}"
        return
    labels: Iterable[Label] = ()
    frames: Iterable[str] = ()
    if isinstance(error, SnError):
        labels, frames = error.labels, error.frames
        source = _with_texts(error, source)
    if error.span:
        yield from _excerpt(error.span, source, width)
    for label in labels:
        yield "  ", f"{_place(label.span)}: note: {_shown(label.text, _NOTE)}"
        yield from _excerpt(label.span, source, width)
    if error.hint:
        yield " " * len("  hint: "), f"  hint: {_shown(error.hint, _HINT)}"
    for frame in frames:
        yield " " * len("  in "), f"  in {_shown(frame, _NOTE)}"


def _with_texts(error: SnError, source: Callable[[str], str | None]) -> Callable[[str], str | None]:
    """Return a source that knows the texts of an error too."""
    return lambda file: error.texts[file] if file in error.texts else source(file)


def _excerpt(
    span: Span, source: Callable[[str], str | None], width: int | None
) -> Iterator[tuple[str, str]]:
    text = source(span.file)
    rows = text.split("\n") if text is not None else []
    if not 1 <= span.line <= len(rows):
        return
    row = rows[span.line - 1].rstrip("\r").translate(_COMMANDS)
    last = span.end_column if span.end_line == span.line else len(row)
    gutter = f"{span.line:>4} | "
    shown, carets = excerpt(row, span.column - 1, last - 1, len(gutter), width)
    yield "", f"{gutter}{shown}"
    yield "", f"{' ' * (len(gutter) - 2)}| {carets}"
