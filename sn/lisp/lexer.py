"""Lexer: the words, brackets and prefixes of one form, cut from a stream for the grammar.

A stack keeps what is open, so the cutter knows where a form ends without reading beyond it, and
reports an unclosed bracket where it was opened. Read next: `grammar.lark`, `sn/parser.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import NoReturn

from sn.codes import Code
from sn.errors import Label, ReadError, Span
from sn.lisp.forms import Value
from sn.lisp.leads import parentheses
from sn.lisp.leads import text as leads
from sn.lisp.stream import Stream, UnfinishedError


class Piece:
    """A piece of text on its way through the grammar; `data` is the value of a VALUE.

    The other attributes are those that lark reads from its tokens.
    """

    __slots__ = ("data", "end_pos", "start_pos", "stream", "type")

    line = column = end_line = end_column = None

    def __init__(self, type: str, stream: Stream, start: int, end: int, data: Value = None) -> None:
        self.type = type
        self.stream = stream
        self.start_pos = start
        self.end_pos = end
        self.data = data

    @property
    def text(self) -> str:
        """The characters of the piece."""
        return self.stream.text[self.start_pos : self.end_pos]

    @property
    def span(self) -> Span:
        """The place of the piece."""
        return self.stream.span(self.start_pos, self.end_pos)

    def __str__(self) -> str:
        return self.text


OPENERS = {"OPEN": ")", "OPEN_MATRIX": "]", "OPEN_ARRAY": "#]"}
CLOSERS = {"CLOSE": "OPEN", "CLOSE_MATRIX": "OPEN_MATRIX", "CLOSE_ARRAY": "OPEN_ARRAY"}
PREFIXES = frozenset(("QUOTE", "TEMPLATE", "COMMA", "SPLICE", "NOT", "SCOPE", "PRETTY"))
_OPEN_STRING = re.compile(r'"[^"\\\n]*(?:\\[\s\S][^"\\\n]*)*\\?')


class _Waiting:
    """A bracket that waits for its end, or a prefix that waits for its form."""

    __slots__ = ("after_dot", "count", "dot", "in_template", "piece")

    def __init__(self, piece: Piece, in_template: bool) -> None:
        self.piece = piece
        self.in_template = in_template  # may a comma stand here?
        self.count = 0  # elements so far
        self.dot: Piece | None = None
        self.after_dot = False


class Cutter:
    """Cuts the pieces of one form. `pattern` matches a piece; `run_macro()` gives the values of
    the user's macro-character at the stream's place, or None where there is none.
    """

    def __init__(
        self,
        stream: Stream,
        pattern: re.Pattern[str],
        run_macro: Callable[[], list[Value] | None],
        macro_chars: Collection[str],
    ) -> None:
        self.stream = stream
        self.pattern = pattern
        self.run_macro = run_macro
        self.macro_chars = macro_chars
        self.waiting: list[_Waiting] = []  # innermost last
        self.joins = False  # the next character is the second colon of :a:b

    def pieces(self) -> Iterator[Piece]:
        """Yield the pieces of the form at the stream's place and stop right behind it.

        Raises: ReadError.
        """
        stream = self.stream
        while True:
            if self.joins:
                yield self._join()
                continue
            stream.skip_blank()
            start = stream.pos
            if start >= len(stream.text):
                self._refuse_end()
            values = self.run_macro()
            if values is not None:
                for value in values:
                    piece = Piece("VALUE", stream, start, stream.pos, value)
                    yield piece
                    if self._completes():
                        return
                continue
            piece = self._match(start)
            stream.pos = piece.end_pos
            kind = piece.type
            if kind in CLOSERS:
                self._close(piece)
            elif self._one_too_many():
                assert self.waiting[-1].dot is not None
                dot = Label(self.waiting[-1].dot.span, "the dot")
                text = "only one element may follow the dot"
                raise ReadError(text, span=piece.span, labels=[dot])
            elif kind in OPENERS or kind in PREFIXES:
                self._open(piece)
                yield piece
                continue
            elif kind == "DOT":
                self._dot(piece)
                yield piece
                continue
            yield piece
            if self._completes():
                return

    def _match(self, start: int) -> Piece:
        stream = self.stream
        match = self.pattern.match(stream.text, start)
        if match is None:
            self._refuse_character(start)
        kind, end = match.lastgroup or "", match.end()
        if kind == "WORD" and self.macro_chars:
            ends = (i for i in range(start + 1, end) if stream.text[i] in self.macro_chars)
            end = next(ends, end)
        return Piece(kind, stream, start, end)

    def _open(self, piece: Piece) -> None:
        kind, waiting = piece.type, self.waiting
        in_template = waiting[-1].in_template if waiting else False
        if kind == "TEMPLATE":
            if in_template:
                hint = "build the inner list with (list ...) and (quote ...)"
                raise ReadError(
                    "a backquote inside a backquote is not supported", span=piece.span, hint=hint
                )
            in_template = True
        elif kind in ("COMMA", "SPLICE"):
            if not in_template:
                text = f"'{piece}' stands outside a backquote"
                hint = leads.comma(self.stream.text, piece.start_pos)
                raise ReadError(text, code=Code.PREFIX, span=piece.span, hint=hint)
            in_template = False
        elif kind == "SCOPE":
            self._refuse_double_colon(piece)
        elif kind == "QUOTE":
            meant = leads.closing_quote(self.stream.text, piece.start_pos)
            if meant is not None:
                raise ReadError(
                    "this ' ends nothing", code=Code.STRING, span=piece.span, hint=meant
                )
        elif kind in ("OPEN_MATRIX", "OPEN_ARRAY", "PRETTY"):
            in_template = False
            # in a matrix a letter in front says of which kind the inner one is
            is_inner = bool(waiting) and waiting[-1].piece.type in ("OPEN_MATRIX", "OPEN_ARRAY")
            meant = None if is_inner else leads.subscript(self.stream.text, piece.start_pos)
            if meant is not None:
                raise ReadError("'[' cannot stand behind a name", span=piece.span, hint=meant)
        waiting.append(_Waiting(piece, in_template))

    def _close(self, piece: Piece) -> None:
        waiting = self.waiting
        if not waiting:
            raise ReadError(f"this '{piece}' closes nothing", code=Code.BRACKET, span=piece.span)
        top = waiting[-1]
        opener = top.piece
        if opener.type in PREFIXES:
            raise ReadError(
                f"nothing follows this prefix {opener}", code=Code.PREFIX, span=opener.span
            )
        if opener.type != CLOSERS[piece.type]:
            expected = OPENERS[opener.type]
            raise ReadError(
                f"expected '{expected}', found '{piece}'",
                code=Code.BRACKET,
                span=piece.span,
                labels=[Label(opener.span, f"'{opener}' was opened here")],
            )
        if top.dot and not top.after_dot:
            raise ReadError("an element must follow the dot", span=top.dot.span)
        waiting.pop()

    def _dot(self, piece: Piece) -> None:
        top = self.waiting[-1] if self.waiting else None
        if top is None or top.piece.type != "OPEN":
            text = "a dot may stand only inside ( )"
        elif top.dot:
            text = "a list has at most one dot"
        elif top.count == 0:
            text = "a dot needs an element before it"
        else:
            top.dot = piece
            return
        raise ReadError(text, span=piece.span, hint="a dotted list is written (a b . c)")

    def _one_too_many(self) -> bool:
        """Tell whether the innermost list is already past the element behind its dot."""
        return bool(self.waiting) and self.waiting[-1].after_dot

    def _completes(self) -> bool:
        """Note that a form has ended: end the prefixes that waited for it and tell whether
        nothing is open any more.
        """
        waiting, stream = self.waiting, self.stream
        while waiting and waiting[-1].piece.type in PREFIXES:
            if waiting[-1].piece.type == "SCOPE" and stream.text.startswith(":", stream.pos):
                self.joins = True
                return False
            waiting.pop()
        if not waiting:
            return True
        top = waiting[-1]
        top.count += 1
        top.after_dot = top.dot is not None
        return False

    def _join(self) -> Piece:
        stream = self.stream
        piece = Piece("JOIN", stream, stream.pos, stream.pos + 1)
        stream.pos += 1
        self.joins = False
        self._refuse_double_colon(piece)
        return piece

    def _refuse_double_colon(self, piece: Piece) -> None:
        if self.stream.text.startswith(":", piece.end_pos):
            self.stream.fail(
                "'::' starts the printed name of an object, which cannot be read back",
                piece.start_pos,
                piece.end_pos + 1,
                "the global value of x is written :x",
            )

    def _refuse_character(self, start: int) -> NoReturn:
        """Raise the error for a character that starts no piece."""
        stream = self.stream
        char = stream.text[start]
        if char == '"':
            match = _OPEN_STRING.match(stream.text, start)
            end = match.end() if match else start + 1
            hint = "close it with a quote; a line end inside a string is written \\n"
            if end >= len(stream.text):
                text = "this string is not closed"
                raise UnfinishedError(
                    text, code=Code.STRING, span=stream.span(start, start + 1), hint=hint
                )
            stream.fail(
                "this string is not closed on its line", start, start + 1, hint, Code.STRING
            )
        if char == "|":
            stream.fail(
                "this '|' is not closed", start, start + 1, "an exact name is written |Name|"
            )
        if char in "^#" and (found := leads.sharp(stream.text, start)):
            stream.fail(found[0], start, start + found[1], found[2])
        if char in "^#":
            name = stream.text[start : start + 2].rstrip()
            text = f"no macro-character '{name}' is defined"
            hint = "(dmc |" + (name if len(name) == 2 else name + "c") + "| ...) defines one"
            stream.fail(text, start, start + len(name), hint)
        text = f"the control character {ord(char)} cannot stand here"
        stream.fail(text, start, start + 1, leads.control(char))

    def _refuse_end(self) -> NoReturn:
        """Raise the error for a text that ends while something is open."""
        inner, outer = self.waiting[-1].piece, self.waiting[0].piece
        if inner.type in PREFIXES:
            raise UnfinishedError(
                f"nothing follows this prefix {inner}", code=Code.PREFIX, span=inner.span
            )
        text, span = self.stream.text, self.stream.span
        hides = parentheses.hidden(text, outer.start_pos)
        guess = None if hides else parentheses.missing(text, outer.start_pos)
        if guess is not None:
            labels = [Label(span(guess.beside, guess.beside + 1), "this starts beside it")]
            raise UnfinishedError(
                "this '(' is never closed",
                code=Code.BRACKET,
                span=span(guess.opener, guess.opener + 1),
                hint=guess.hint,
                labels=labels,
            )
        hint = f"a '{OPENERS[inner.type]}' is missing"
        labels = (
            [] if inner is outer else [Label(outer.span, "it is inside the form that starts here")]
        )
        if hides is not None:
            labels = [Label(span(hides, hides + 1), "a comment starts here")]
            hint = "the ; starts a comment, which hides the ')' behind it"
        raise UnfinishedError(
            f"this '{inner}' is never closed",
            span=inner.span,
            hint=hint,
            labels=labels,
            code=Code.BRACKET,
        )
