"""Pygments: SN Lisp in colours, for documents, pages and terminals that show code by Pygments.

Pygments finds the lexer by its entry point, so `pygmentize nets/xor.sn` and ```sn in a document
work where SN is installed. The tokens are those of `scan.py`; what a word is depends on the forms
around it, and the words are those that SN has.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pygments.lexer import Lexer
from pygments.token import (
    Comment,
    Error,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Token,
)

from sn.editors.outline import DEFINING, Frame, folded, walk
from sn.editors.scan import Kind
from sn.editors.scan import Token as Piece

_PLAIN = {
    Kind.BLANK: Token.Text.Whitespace,
    Kind.STRING: String.Double,
    Kind.OPEN_STRING: Error,
    Kind.NAME: Name,
    Kind.OPEN: Punctuation,
    Kind.CLOSE: Punctuation,
    Kind.PREFIX: Operator,
    Kind.DOT: Punctuation,
    Kind.COMMAND: Comment.Preproc,
    Kind.ODD: Error,
}


class SnLexer(Lexer):  # type: ignore[misc]  # Pygments has no types
    """The lexer of SN Lisp."""

    name = "SN Lisp"
    aliases: ClassVar[list[str]] = ["sn", "sn-lisp"]
    filenames: ClassVar[list[str]] = ["*.sn"]
    mimetypes: ClassVar[list[str]] = ["text/x-sn"]
    url = "https://en.wikipedia.org/wiki/Lush_(programming_language)"

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, object, str]]:
        """Yield the place, kind and text of each token."""
        frames: list[Frame] = []
        quote = ""
        for piece in walk(text, frames):
            yield piece.start, _kind(piece, frames, quote), piece.text
            if piece.kind is Kind.CLOSE and frames:
                frames.pop()
            if piece.kind not in (Kind.BLANK, Kind.COMMENT):
                quote = piece.text if piece.kind is Kind.PREFIX else ""

    def analyse_text(text: str) -> float:
        """Return how likely a text is a program of SN, from 0 to 1."""
        return 0.9 if "(defnet " in text else 0.3 if "(de " in text and "(setq " in text else 0.0


def _kind(piece: Piece, frames: list[Frame], quote: str) -> object:
    """Return the kind that Pygments has for a piece inside frames, behind a prefix."""
    match piece.kind:
        case Kind.COMMENT:
            return Comment.Single if piece.text.startswith(";") else Comment.Multiline
        case Kind.NUMBER:
            is_hex, is_whole = "x" in piece.text.lower(), piece.text.lstrip("+-").isdigit()
            return Number.Hex if is_hex else Number.Integer if is_whole else Number.Float
        case Kind.WORD:
            return _kind_of_word(folded(piece), frames, quote)
        case other:
            return _PLAIN[other]


def _kind_of_word(word: str, frames: list[Frame], quote: str) -> object:
    from sn.editors.words import CONSTANTS, words  # NumPy: whoever looks for lexers can do without

    if quote in ("'", "`"):
        return String.Symbol
    frame = frames[-1] if frames else Frame(0, is_quoted=False)
    if word in CONSTANTS:
        return Keyword.Constant
    if frame.is_quoted:
        return Name
    if frame.count == 1:
        return _kind_of_head(word, [outer.head for outer in frames[:-1]])
    if frame.head in DEFINING and frame.count == 2:
        is_function = DEFINING[frame.head] in ("function", "macro")
        return Name.Function if is_function else Name.Class
    heads = [outer.head for outer in frames]
    return Name.Constant if word in words().alone(heads) else Name


def _kind_of_head(word: str, heads: list[str]) -> object:
    """Return the kind of the first word of a list in forms with these first words."""
    from sn.editors.words import words  # as above

    known = words()
    if word in known.options(heads):
        return Name.Attribute
    in_net = "defnet" in heads or word in DEFINING
    if word in DEFINING or (in_net and word in known.net_forms):
        return Keyword.Declaration
    if word in known.special_forms:
        return Keyword
    return Name.Builtin if word in known.functions else Name.Function
