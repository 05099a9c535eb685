"""The reader: places of faults, places of forms, one stream for forms and characters."""

from __future__ import annotations

import sys

import pytest

from sn.errors import ReadError
from sn.lisp.forms import Pair, SymbolTable, Value, show
from sn.lisp.stream import UnfinishedError
from sn.parser import EOF, Host, Reader, read


def fault(text: str) -> ReadError:
    with pytest.raises(ReadError) as caught:
        read(text, "t.sn")
    assert caught.value.span is not None
    return caught.value


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("(a (b)", "1:1", "this '(' is never closed"),
        ("(a\n (b c", "2:2", "this '(' is never closed"),
        ("x [1 2", "1:3", "this '[' is never closed"),
        ("#[1", "1:1", "this '#[' is never closed"),
        ('(a "b', "1:4", "this string is not closed"),
        ('"a\nb"', "1:1", "this string is not closed on its line"),
        ("a |b", "1:3", "this '|' is not closed"),
        ("#! never ends", "", ""),
        ("a #! never ends", "1:3", "this comment is not closed"),
        ("(a]", "1:3", "expected ')', found ']'"),
        ("[1)", "1:3", "expected ']', found ')'"),
        ("a ]", "1:3", "this ']' closes nothing"),
        ("'", "1:1", "nothing follows this prefix '"),
        ("(a ')", "1:4", "nothing follows this prefix '"),
        ("( . a)", "1:3", "a dot needs an element before it"),
        ("(a . )", "1:4", "an element must follow the dot"),
        ("(a . b c)", "1:8", "only one element may follow the dot"),
        ("(a . b . c)", "1:8", "only one element may follow the dot"),
        ("((a . b c))", "1:9", "only one element may follow the dot"),
        ("(a . . c)", "1:6", "a list has at most one dot"),
        ("[1 . 2]", "1:4", "a dot may stand only inside ( )"),
        (". a", "1:1", "a dot may stand only inside ( )"),
        (",x", "1:1", "',' stands outside a backquote"),
        (":,x", "1:2", "',' stands outside a backquote"),
        ("`:,@x", "1:3", "',@' cannot stand here"),
        ("(a ,@x)", "1:4", "',@' stands outside a backquote"),
        ("`(a ,(b ,c))", "1:9", "',' stands outside a backquote"),
        ("`(a `b)", "1:5", "a backquote inside a backquote is not supported"),
        ("`,@x", "1:2", "',@' may stand only as an element of a list"),
        ("`(a . ,@x)", "1:7", "',@' may stand only as an element of a list"),
        ("`(a ',@x)", "1:6", "',@' may stand only as an element of a list"),
        ("::NLF:1", "1:1", "'::' starts the printed name of an object"),
        (":a::b", "1:3", "'::' starts the printed name of an object"),
        (':"a"', "1:2", "cannot stand here"),
        (":5", "1:2", "a ':' takes a symbol"),
        ("a #x", "1:3", "no macro-character '#x' is defined"),
        ("^Z", "1:1", "no macro-character '^Z' is defined"),
        ("a \x01", "1:3", "the control character 1 cannot stand here"),
        ('"a\\qb"', "1:3", "means nothing in a string"),
        ("1e999", "1:1", "the number 1e999 is too large"),
        ("0x" + "f" * 300, "1:1", "is too large"),
        ("[1 2]", "1:1", "matrices need NumPy"),
    ],
)
def test_faults_are_reported_where_they_are(text: str, place: str, message: str) -> None:
    if not message:
        assert read(text) == []  # a first line for the shell, not a comment
        return
    error = fault(text)
    assert message in error.message
    assert str(error.span) == f"t.sn:{place}"


@pytest.mark.parametrize(
    ("text", "under"),
    [
        ("b\n (a (b)", "("),
        ("x [1 2", "["),
        ("ab #[1", "#["),
        ('(a "b', '"'),
        ('abc "a\nb"', '"'),
        ("a |b", "|"),
        ("abc #! never ends", "#!"),
        ("#[1]", "]"),
        ("abc #]", "#]"),
        ("(a ')", "'"),
        ("(a . )", "."),
        ("(a . b cde)", "cde"),
        ("(a . . c)", "."),
        ("(a ,@x)", ",@"),
        ("(abc `(a `b))", "`"),
        ("(abc `(a . ,@xy))", ",@xy"),
        ("(abc ::NLF:1)", "::"),
        ("(abc :a::b)", "::"),
        ('(abc :"ab")', '"ab"'),
        ("(abc :567)", "567"),
        ("(abc #x)", "#x"),
        ("(abc ^Zyz)", "^Z"),
        ("(abc ^ )", "^"),
        ("(abc \x01\x01)", "\x01"),
        ('(abc "a\\qb")', "\\q"),
        ("(abc 1e999)", "1e999"),
        ("(abc [1\n2])", "[1\n2]"),
    ],
)
def test_faults_are_marked_from_end_to_end(text: str, under: str) -> None:
    span = fault(text).span
    assert span is not None
    starts = [0, *(index + 1 for index, char in enumerate(text) if char == "\n")]
    first = starts[span.line - 1] + span.column - 1
    last = starts[span.end_line - 1] + span.end_column - 1
    assert text[first : last + 1] == under


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("(a #x)", "(dmc |#x| ...) defines one"),
        ("(a ^Z)", "(dmc |^Z| ...) defines one"),
        ("(a ^", "(dmc |^c| ...) defines one"),
    ],
)
def test_a_macro_character_that_nobody_defined_is_shown_defined(text: str, hint: str) -> None:
    assert fault(text).hint == hint


def test_a_wrong_bracket_shows_the_one_it_should_close() -> None:
    (label,) = fault("(a\n  [1 2)").labels
    assert str(label.span) == "t.sn:2:3"


def test_an_unclosed_form_says_where_the_end_may_be_missing() -> None:
    error = fault("(de f (x)\n  (+ x 1)\n\n(de g (x) x)\n")
    assert str(error.span) == "t.sn:1:1"
    assert error.hint is not None and "before line 4" in error.hint


def test_more_text_could_complete_what_is_unfinished() -> None:
    for text in ("(a", '"a', "'", "#[1", "a #! b"):
        with pytest.raises(UnfinishedError):
            read(text)
    for text in ("(a]", '"a\nb"', "( . a)"):
        with pytest.raises(ReadError) as caught:
            read(text)
        assert not isinstance(caught.value, UnfinishedError)


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("#!/usr/bin/lush\n1 2", "1 2"),
        ("#!/usr/bin/sn\n1 #! comment !# 2", "1 2"),
        ('#!/bin/sh\nexec sn "$0" "$@"\n!#\n1', "1"),
        ("", ""),
        (" ; only a comment", ""),
        (")))", ""),
        ("a) b)) ) c", "a b c"),
        ("\ufeff(a)", "(a)"),
        ("^Pf", "(pretty f)"),
        ("\x10f", "(pretty f)"),
        ("^Lnets/xor.sn\nb", '(load "nets/xor.sn") b'),
        ("^!ls -l\nb", '(sys "ls -l") b'),
        ("`(a\n,@b . c)", "(append (list 'a) b 'c)"),
        ("`(1 ,(f `(2 ,x)))", "(list 1 (f (list 2 x)))"),
        ("a\fb", "a b"),
    ],
)
def test_texts_and_their_forms(text: str, forms: str) -> None:
    assert " ".join(map(show, read(text))) == forms


def test_every_list_and_element_has_its_place() -> None:
    (form,) = read("(setq x\n  '(10 20))", "t.sn")
    assert str(form.span) == "t.sn:1:1" and form.span.end_line == 2
    quoted = form.cdr.cdr
    assert str(quoted.car_span) == "t.sn:2:3"
    assert str(quoted.car.cdr.car_span) == "t.sn:2:4"
    numbers = quoted.car.cdr.car
    assert (numbers.cdr.car_span.column, numbers.cdr.car_span.end_column) == (8, 9)


def test_nothing_is_read_ahead() -> None:
    reader = Reader("(a)rest of line\n(b)")
    assert show(reader.next_form()) == "(a)"
    assert reader.take_while(lambda char: char != "\n") == "rest of line"
    assert show(reader.next_form()) == "(b)"
    assert reader.next_form() is EOF
    assert (reader.peek(), reader.take()) == ("", "")


def test_reading_goes_on_behind_a_fault() -> None:
    reader = Reader("(a . ) b")
    with pytest.raises(ReadError):
        reader.next_form()
    assert show(reader.next_form()) == "b"
    assert reader.next_form() is EOF


def test_a_terminal_gives_lines_as_they_are_needed() -> None:
    lines = iter(["(a\n", "  b) c\n", '"d', 'e"\n', ""])
    asked: list[str] = []

    def more() -> str:
        asked.append(next(lines, ""))
        return asked[-1]

    reader = Reader("", "$stdin", None, more)
    assert show(reader.next_form()) == "(a b)"
    assert len(asked) == 2
    assert show(reader.next_form()) == "c"
    assert show(reader.next_form()) == '"de"'
    assert reader.next_form() is EOF


def test_an_unfinished_terminal_form_is_a_fault_at_the_end() -> None:
    reader = Reader("(a", "$stdin", None, lambda: "")
    with pytest.raises(UnfinishedError):
        reader.next_form()
    assert reader.next_form() is EOF


def host_with(**macros: Value) -> Host:
    names = {"bang": "!", "caret": "^T", "hash": "#z", "close": ")"}
    functions = {names[key]: (lambda reader, v=value: v) for key, value in macros.items()}
    return Host(SymbolTable().intern, None, functions)


def test_macro_characters_replace_the_text() -> None:
    assert [show(form) for form in read("(a!b)", "t", host_with(bang=5.0))] == ["(a 5 b)"]
    assert [show(form) for form in read("^T ^t \x14", "t", host_with(caret=1.0))] == ["1", "1", "1"]


def test_a_hash_macro_splices() -> None:
    two = Pair(1.0, Pair(2.0, None))
    assert [show(form) for form in read("#z (a #z)", "t", host_with(hash=two))] == [
        "1",
        "2",
        "(a 1 2)",
    ]
    assert [show(form) for form in read("#z (a #z) #z", "t", host_with(hash=None))] == ["(a)"]


def test_matrices_are_built_by_the_host() -> None:
    def make(opener: str, values: list[Value], spans: list[object], span: object) -> Value:
        return Pair(opener, Pair(float(len(values)), None))

    host = Host(SymbolTable().intern, make)
    assert [show(form) for form in read("[1 2] #[a#] [[1][2]]", "t", host)] == [
        '("[" 2)',
        '("#[" 1)',
        '("[" 2)',
    ]


@pytest.mark.parametrize("unit", ["()", "'", "(a ", "[", "`(", ":x ", '"a" '])
def test_reading_takes_linear_time_at_any_depth(unit: str) -> None:
    def calls(n: int) -> int:
        """Python calls while reading: counted, so that a busy machine does not matter."""
        count = 0

        def step(frame: object, event: str, arg: object) -> None:
            nonlocal count
            count += 1

        sys.setprofile(step)
        try:
            read(unit * n)
        except ReadError:
            pass
        finally:
            sys.setprofile(None)
        return count

    calls(100)
    assert calls(2_000) < 11 * calls(200)


def test_a_hundred_thousand_brackets() -> None:
    form = read("(" * 100_000 + ")" * 100_000)[0]
    depth = 0
    while form is not None:
        form, depth = form.car, depth + 1
    assert depth == 99_999
    assert fault("(" * 100_000).span is not None
