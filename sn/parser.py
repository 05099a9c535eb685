"""Read: text to forms, one at a time, each list with the place it was read from.

The grammar is in lisp/grammar.lark; this is the only module that imports lark, which runs the
grammar over the pieces of one form and calls the functions of `_Forms` from the inside out, so
nothing here recurses. Read next: `lisp/templates.py` (what a backquote becomes), `interp.py`.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from lark import Lark, Transformer, UnexpectedToken
from lark.lexer import Lexer

from sn.codes import Code
from sn.errors import ReadError, Span
from sn.lisp.forms import NUMBER, Pair, Symbol, SymbolTable, Value, elements, fold
from sn.lisp.leads.text import odd
from sn.lisp.lexer import Cutter, Piece
from sn.lisp.stream import Stream, UnfinishedError
from sn.lisp.templates import Node, Template, make_list, refuse_splice, template_code


class EndOfText:
    """The kind of `EOF`, which `next_form` returns when nothing is left."""

    def __repr__(self) -> str:
        return "EOF"


EOF: Final = EndOfText()

Macro: TypeAlias = Callable[["Reader"], Value]
MakeMatrix: TypeAlias = Callable[[str, list[Value], list[Span], Span], Value]


@dataclass(frozen=True, slots=True)
class Host:
    """What a reader needs from its session.

    `intern(name)` gives a symbol. `make_matrix(opener, values, spans, span)` builds what stands
    between "[" or "#[" and its end, and raises ReadError itself. `macros` holds the user's
    macro-characters (`c`, `^C`, `#c`) as they are defined.
    """

    intern: Callable[[str], Symbol] = field(default_factory=lambda: SymbolTable().intern)
    make_matrix: MakeMatrix | None = None
    macros: Mapping[str, Macro] = field(default_factory=dict)


def read(text: str, file: str = "<text>", host: Host | None = None) -> list[Value]:
    """Return all forms of `text`.

    Raises: ReadError, and nothing else, when the text is not well formed.
    """
    reader = Reader(text, file, host)
    forms = []
    while (form := reader.next_form()) is not EOF:
        forms.append(form)
    return forms


class Reader(Stream):
    """A stream that gives forms as well as characters; `span` is the place of the last form."""

    def __init__(
        self,
        text: str,
        file: str = "<text>",
        host: Host | None = None,
        more: Callable[[], str] | None = None,
    ) -> None:
        super().__init__(text, file, more)
        self.host = host or Host()
        self.macros = self.host.macros
        self.span_of_last: Span | None = None
        self._ready: list[Value] = []  # what a macro-character put before the text

    def next_form(self) -> Value:
        """Read the next form, or return EOF.

        Raises: ReadError at the place of the fault; UnfinishedError if more text may mend it.
        """
        while True:
            start = self.pos
            try:
                return self._next_form()
            except UnfinishedError:
                if not self.fill():
                    self.pos = len(self.text)
                    raise
                self.pos = start

    def _next_form(self) -> Value:
        while not self._ready:
            self.skip_blank()
            if self.pos >= len(self.text):
                if self.fill():
                    continue
                return EOF
            if self.text[self.pos] == ")" and ")" not in self.host.macros:
                # SN discards these: old programs end their forms with a few too many
                self.pos += 1
                continue
            start = self.pos
            values = self.run_macro()
            if values is None:
                return self._parse()
            self.span_of_last = self.span(start, self.pos)
            self._ready = values
        return self._ready.pop(0)

    def _parse(self) -> Value:
        try:
            parse: Any = _engine().parse  # typed for text, but a lexer of our own takes any source
            value, self.span_of_last = parse(self)
        except UnexpectedToken as problem:
            piece: Any = problem.token
            if not isinstance(piece, Piece):
                raise ReadError(
                    "this form is not complete", span=self.span(self.pos, self.pos)
                ) from None
            hint = "a ':' takes a symbol, as in :x or :object:slot"
            raise ReadError(f"'{piece}' cannot stand here", span=piece.span, hint=hint) from None
        return value

    def noted(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        """Return the pieces of a form on their way to the grammar; who formats keeps them."""
        return pieces

    def run_macro(self) -> list[Value] | None:
        """Run the user's macro-character at the stream's place and return the values that
        replace it, one or for a `#` macro any number; None where there is none.
        """
        macros = self.host.macros
        if not macros:
            return None
        name = self.text[self.pos]
        length = 1
        if name < " ":
            name = f"^{chr(ord(name) + 64)}"  # a control character is read as the caret form
        elif name not in macros:
            length = 2
            name = self.text[self.pos : self.pos + 2]
            name = name.upper() if name.startswith("^") else name
        macro = macros.get(name)
        if macro is None:
            return None
        self.pos += length
        value = macro(self)
        return elements(value) if len(name) == 2 and name[0] == "#" else [value]


class _PieceLexer(Lexer):
    """Lark's way to our cutter: the terminals of the grammar become one pattern."""

    def __init__(self, conf: Any) -> None:
        terminals = sorted(conf.terminals, key=lambda terminal: -terminal.priority)
        known = ((t.name, t.pattern.to_regexp()) for t in terminals if t.pattern is not None)
        self.pattern = re.compile("|".join(f"(?P<{name}>{regexp})" for name, regexp in known))

    def lex(self, reader: Any, parser_state: Any = None) -> Iterator[Any]:
        """Yield the pieces of one form."""
        cutter = Cutter(reader, self.pattern, reader.run_macro, reader.host.macros)
        noted: Iterator[Any] = reader.noted(cutter.pieces())
        return noted


@functools.cache
def _engine() -> Lark:
    grammar = Path(__file__).with_name("lisp").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer=_PieceLexer, transformer=_Forms())


class _Forms(Transformer[Any, Node]):
    """One function per rule of the grammar: its pieces and inner forms to a form and its place."""

    def start(self, parts: list[Any]) -> Node:
        """Return the whole form."""
        node: Node = parts[0]
        return node

    def word(self, parts: list[Piece]) -> Node:
        """A number if it looks like one, else a symbol."""
        piece = parts[0]
        text = piece.text
        if text[0] in "0123456789.+-" and NUMBER.fullmatch(text):
            return _number(text, piece), piece.span
        if not text.isascii() and (found := odd(piece.stream.text, piece.start_pos, piece.end_pos)):
            place, message, hint = found
            piece.stream.fail(message, place, place + 1, hint)
        return _host(piece).intern(fold(text)), piece.span

    def name(self, parts: list[Piece]) -> Node:
        """|Name|: the symbol called exactly so."""
        return _host(parts[0]).intern(parts[0].text[1:-1]), parts[0].span

    def string(self, parts: list[Piece]) -> Node:
        """A string, its escapes replaced."""
        piece = parts[0]

        def replace(match: re.Match[str]) -> str:
            return _escape(match, piece)

        text = piece.text[1:-1]
        return (_ESCAPE.sub(replace, text) if "\\" in text else text), piece.span

    def braced(self, parts: list[Piece]) -> Node:
        """'{text}: the text, which keeps its lines."""
        return parts[0].text[1:-1], parts[0].span

    def value(self, parts: list[Piece]) -> Node:
        """What a macro-character returned."""
        return parts[0].data, parts[0].span

    def load(self, parts: list[Piece]) -> Node:
        """^Lfile: (load "file")."""
        return _call(parts[0], "load", parts[0].text.lstrip("^Ll").strip().strip('"'))

    def system(self, parts: list[Piece]) -> Node:
        """^!command: (sys "command")."""
        return _call(parts[0], "sys", parts[0].text[2:].strip())

    def parens(self, parts: list[Any]) -> Node:
        """( ... )."""
        return make_list(_host(parts[0]).intern, parts[1:-1], None, _whole(parts))

    def dotted(self, parts: list[Any]) -> Node:
        """( ... . tail)."""
        return make_list(_host(parts[0]).intern, parts[1:-3], parts[-2], _whole(parts))

    def matrix(self, parts: list[Any]) -> Node:
        """[ ... ] and #[ ... #]: an object built while reading."""
        opener, span = parts[0], _whole(parts)
        make_matrix = _host(opener).make_matrix
        if make_matrix is None:
            hint = "start SN with NumPy installed"
            raise ReadError("matrices need NumPy, which is not here", span=span, hint=hint)
        values, spans = [node[0] for node in parts[1:-1]], [node[1] for node in parts[1:-1]]
        return make_matrix(opener.text, values, spans, span), span

    def quote(self, parts: list[Any]) -> Node:
        """'x."""
        return _prefixed(parts, "quote")

    def negation(self, parts: list[Any]) -> Node:
        """~x."""
        return _prefixed(parts, "null")

    def caret(self, parts: list[Any]) -> Node:
        """^Px."""
        return _prefixed(parts, "pretty")

    def scope(self, parts: list[Any]) -> Node:
        """:x, :object:slot; in a template :,e is (scope <value of e>)."""
        first, nodes = parts[0], parts[1::2]
        for value, span in nodes:
            if type(value) not in (Symbol, Pair, Template):
                raise ReadError("a ':' takes a symbol, as in :x or :object:slot", span=span)
        last = nodes[-1][1]
        return _headed(first, "scope", nodes, last)

    def comma(self, parts: list[Any]) -> Node:
        """,e."""
        return Template(parts[1][0], False), _joined(parts[0], parts[1][1])

    def splice(self, parts: list[Any]) -> Node:
        """,@e."""
        return Template(parts[1][0], True), _joined(parts[0], parts[1][1])

    def template(self, parts: list[Any]) -> Node:
        """`x: the code that makes x."""
        value, span = parts[1]
        refuse_splice(value, span)
        return template_code(_host(parts[0]).intern, value), _joined(parts[0], span)


def _host(piece: Piece) -> Host:
    reader = piece.stream
    assert isinstance(reader, Reader)
    return reader.host


def _whole(parts: list[Any]) -> Span:
    first, last = parts[0], parts[-1]
    span: Span = first.stream.span(first.start_pos, last.end_pos)
    return span


def _joined(piece: Piece, last: Span) -> Span:
    first = piece.span
    return Span(first.file, first.line, first.column, last.end_line, last.end_column)


def _prefixed(parts: list[Any], head: str) -> Node:
    refuse_splice(*parts[1])
    return _headed(parts[0], head, [parts[1]], parts[1][1])


def _headed(piece: Piece, head: str, nodes: list[Node], last: Span) -> Node:
    intern = _host(piece).intern
    return make_list(intern, [(intern(head), piece.span), *nodes], None, _joined(piece, last))


def _call(piece: Piece, head: str, argument: str) -> Node:
    return _headed(piece, head, [(argument, piece.span)], piece.span)


def _number(text: str, piece: Piece) -> float:
    if "x" in text or "X" in text:
        digits = int(text, 16)
        number = float(digits) if digits.bit_length() < 1024 else math.inf
    else:
        number = float(text)
    if math.isinf(number):
        raise ReadError(f"the number {text[:40]} is too large", span=piece.span)
    return number


_ESCAPE = re.compile(
    r"\\(?:(?P<octal>[0-7]{1,3})|x(?P<hex>[0-9a-fA-F]{1,2})|\^(?P<control>[\s\S])|\+(?P<high>[\s\S])"
    r"|(?P<line>\r?\n)|(?P<other>[\s\S]))"
)
_PLAIN_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "e": "\xff"}
_PLAIN_ESCAPES |= {'"': '"', "\\": "\\"}
_ESCAPE_HINT = (
    r"the escapes are \n \r \t \b \f \e \" \\ \^X \+X \xHH \OOO; write \\ for a backslash"
)


def _escape(match: re.Match[str], piece: Piece) -> str:
    kind, text = match.lastgroup, match.group(match.lastgroup or 0)
    if kind == "octal":
        return chr(int(text, 8) & 0xFF)
    if kind == "hex":
        return chr(int(text, 16))
    if kind == "control":
        return chr(ord(text) & 0x1F)
    if kind == "high":
        return chr(ord(text) & 0x7F | 0x80)
    if kind == "line":
        return ""
    if text in _PLAIN_ESCAPES:
        return _PLAIN_ESCAPES[text]
    start = piece.start_pos + 1 + match.start()
    raise ReadError(
        f"'{match.group()}' means nothing in a string",
        code=Code.STRING,
        span=piece.stream.span(start, start + len(match.group())),
        hint=_ESCAPE_HINT,
    )
