"""The Pygments lexer: a text is its tokens, programs have no faults, words are what they are."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path

import pytest
from pygments.token import Comment, Error, Keyword, Name, Number, Operator, String, Token

from sn.editors.pygments import SnLexer
from sn.editors.words import words
from sn.shipped import shipped_nets

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PROGRAMS = [net.path for net in shipped_nets()] + sorted(ROOT.glob("tests/conformance/**/*.sn"))


def kinds(text: str) -> list[tuple[object, str]]:
    """Return the tokens that are not blank."""
    found = SnLexer(ensurenl=False).get_tokens(text)
    return [(kind, value) for kind, value in found if value.strip()]


def kind_of(word: str, text: str) -> object:
    """Return the kind of the first token that is `word`."""
    return next(kind for kind, value in kinds(text) if value == word)


def test_the_entry_point_is_the_lexer() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, name = project["entry-points"]["pygments.lexers"]["sn"].partition(":")
    assert getattr(importlib.import_module(module), name) is SnLexer


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_is_its_tokens_and_has_no_fault(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tokens = list(SnLexer(ensurenl=False, stripnl=False).get_tokens(text))
    assert "".join(value for _, value in tokens) == text
    # programs that show what cannot be read have faults, and so do those that change the reader
    if not any(word in text for word in ("expect error", "(dmc ", "read-string")):
        assert not [value for kind, value in tokens if kind is Error]


def test_lisp_in_documents_has_no_fault() -> None:
    blocks = [
        block
        for path in DOCUMENTS
        for block in re.findall(r"```lisp\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    ]
    assert len(blocks) > 20
    for block in blocks:
        assert not [value for kind, value in kinds(block) if kind is Error], block


NET = """(setq table '(0 |Odd name|))  ; a comment
(de twice (x) (+ x x))
(defnet n (layer a (2) (nlf-tanh 0.5 0)) (if t (connect a b (conv (kernel 5 5) (maps table)))))
(experiment n (data "xor") (cost lms) (init (uniform 2.4 fan-in))
  (optimizer o (sgd (epsilon 0x1f))))
"""


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("setq", Keyword),
        ("if", Keyword),
        ("de", Keyword.Declaration),
        ("twice", Name.Function),
        ("+", Name.Builtin),
        ("defnet", Keyword.Declaration),
        ("connect", Keyword.Declaration),
        ("n", Name.Class),
        ("nlf-tanh", Name.Attribute),
        ("conv", Name.Attribute),
        ("kernel", Name.Attribute),
        ("t", Keyword.Constant),
        ("table", Name),
        ("0", Number.Integer),
        ("0.5", Number.Float),
        ("0x1f", Number.Hex),
        ("'", Operator),
        ("|Odd name|", Name),
        ("; a comment", Comment.Single),
        ('"xor"', String.Double),
        ("lms", Name.Constant),
        ("fan-in", Name.Constant),
        ("sgd", Name.Attribute),
        ("epsilon", Name.Attribute),
    ],
)
def test_a_word_is_what_it_is_where_it_stands(word: str, kind: object) -> None:
    assert kind_of(word, NET) is kind


def test_every_word_of_sn_is_known() -> None:
    known = words()
    for name in known.functions:
        if name not in known.net_forms:
            assert kind_of(name, f"({name} x)") is Name.Builtin, name
    for name in known.special_forms:
        assert kind_of(name, f"({name} x)") in (Keyword, Keyword.Declaration), name
    for name in known.net_forms:
        assert kind_of(name, f"(defnet n ({name} x y))") is Keyword.Declaration, name


@pytest.mark.parametrize("text", ['"open', "|open", "#", "^", "\x01"])
def test_what_cannot_be_read_is_a_fault(text: str) -> None:
    assert Error in [kind for kind, _ in kinds(text)]


def test_a_symbol_behind_a_quote_is_one() -> None:
    assert kind_of("car", "(mapcar 'car l)") is String.Symbol
    assert kind_of("car", "'(car l)") is Name
    assert kind_of("if", "'(if x)") is Name


def test_a_program_is_told_from_other_lisps() -> None:
    assert SnLexer.analyse_text((ROOT / "nets" / "xor.sn").read_text(encoding="utf-8")) > 0.5
    assert SnLexer.analyse_text("(define (f x) x)") == 0
    assert Token.Text is not Error
