"""Options: what sub-lists may hold, and what is said when they hold something else."""

from __future__ import annotations

import pytest

from sn.describe import new_interpreter
from sn.describe.options import (
    Argument,
    arguments,
    choice,
    clause,
    clauses,
    count,
    name,
    number,
    unknown,
    whole,
)
from sn.describe.several import Several
from sn.errors import ArityError, EvalError, SnError, UnknownNameError, ValueKindError
from sn.interp import Interpreter

KNOWN = {"kernel": "(kernel ROWS COLS)", "wrap": "(wrap)", "mean-square": "(mean-square)"}


@pytest.fixture
def it() -> Interpreter:
    return new_interpreter()


def parts(it: Interpreter, text: str) -> list[Argument]:
    """The arguments of a form `(f ...)`."""
    (form,) = it.read(text, "test.sn")
    return arguments(form)


def test_arguments_remember_where_they_stand(it: Interpreter) -> None:
    spans = [part.span for part in parts(it, "(f 1 (g 2) three)")]
    assert [(span.column, span.end_column) for span in spans if span] == [(4, 4), (6, 10), (12, 16)]


def test_clauses_come_in_order_with_their_words(it: Interpreter) -> None:
    errors = Several()
    found = list(clauses(parts(it, "(f (wrap) (kernel 5 3))"), KNOWN, "conv", errors))
    assert not errors.errors
    assert [one.word for one in found] == ["wrap", "kernel"]
    assert [arg.form for arg in found[1].args] == [5.0, 3.0]


def test_a_clause_that_stands_twice_is_labelled_at_its_first_place(it: Interpreter) -> None:
    errors = Several()
    list(clauses(parts(it, "(f (wrap) (wrap))"), KNOWN, "conv", errors))
    with pytest.raises(EvalError, match="twice") as caught:
        errors.end()
    assert [label.span.column for label in caught.value.labels] == [4]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("(f wrap)", "an option is a list: write (wrap)"),
        ("(f :wrap)", "an option is a list: write (wrap)"),
        ("(f :other)", "an option is a list; a colon means the global value of a name"),
        ("(f 5)", "an option is a list: (kernel 5)"),
        ("(f (5))", None),
    ],
)
def test_an_option_that_is_no_list_says_how_to_write_it(
    it: Interpreter, text: str, hint: str | None
) -> None:
    with pytest.raises(ValueKindError) as caught:
        clause(parts(it, text)[0], "an option", KNOWN)
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("kernal", "did you mean 'kernel'?"),
        ("mse", "SN says (mean-square)"),
        ("zzz", "known: (kernel ROWS COLS), (wrap), (mean-square)"),
    ],
)
def test_an_unknown_word_leads_to_a_known_one(it: Interpreter, word: str, hint: str) -> None:
    (part,) = parts(it, f"(f ({word}))")
    error = unknown("no such option", word, KNOWN, clause(part, "an option"))
    assert error.hint == hint
    assert error.span is not None
    assert error.span.column == 5


@pytest.mark.parametrize(
    ("least", "most", "text", "message"),
    [
        (1, 1, "(f (g))", "g needs 1 argument, found 0"),
        (0, 0, "(f (g 1))", "g needs no arguments, found 1"),
        (1, 2, "(f (g 1 2 3))", "g needs 1 or 2 arguments, found 3"),
        (1, 4, "(f (g))", "g needs 1 to 4 arguments, found 0"),
        (2, None, "(f (g 1))", "g needs at least 2 arguments, found 1"),
    ],
)
def test_counts_are_worded_like_those_of_functions(
    it: Interpreter, least: int, most: int | None, text: str, message: str
) -> None:
    with pytest.raises(ArityError) as caught:
        count(clause(parts(it, text)[0], "an option"), least, most, "(g ...)")
    assert caught.value.message == message


def test_the_caret_stands_under_the_first_argument_too_many(it: Interpreter) -> None:
    with pytest.raises(ArityError) as caught:
        count(clause(parts(it, "(f (g 1 22))")[0], "an option"), 1, 1, "(g X)")
    assert caught.value.span is not None
    assert (caught.value.span.column, caught.value.span.end_column) == (9, 10)


def test_numbers_are_evaluated(it: Interpreter) -> None:
    assert number(it, parts(it, "(f (/ 2 4))")[0], "the rate") == 0.5
    it.run("(setq n 12)", "test.sn")
    assert whole(it, parts(it, "(f n)")[0], "the size") == 12


@pytest.mark.parametrize(
    ("text", "found", "hint"),
    [
        ("(f rte)", "rte, which has no value", "did you mean 'rate'?"),
        ("(f xyz)", "xyz, which has no value", "(setq xyz NUMBER) gives it a value"),
        ("(f 2/3)", "which has no value", "SN Lisp has no fractions: write 0.66666667, or (/ 2 3)"),
        ("(f 2/0)", "which has no value", "SN Lisp has no fractions: write (/ 2 0)"),
        ("(f 'rate)", "the symbol rate", "without the quote, rate stands for its value"),
        ('(f "1")', 'the string "1"', None),
    ],
)
def test_what_is_no_number_gets_its_reason(
    it: Interpreter, text: str, found: str, hint: str | None
) -> None:
    it.run("(setq rate 0.1)", "test.sn")
    with pytest.raises(ValueKindError) as caught:
        number(it, parts(it, text)[0], "the rate")
    assert caught.value.message.startswith("the rate must be a number, found ")
    assert found in caught.value.message
    assert caught.value.hint == hint


@pytest.mark.parametrize("text", ["(f 0)", "(f 1.5)", "(f -1)"])
def test_a_whole_number_is_one(it: Interpreter, text: str) -> None:
    with pytest.raises(ValueKindError, match="whole number of at least 1"):
        whole(it, parts(it, text)[0], "the size")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('(f "h1")', "write h1 without the quotes"),
        ("(f 'h1)", "write the name without a quote"),
        ("(f 1)", None),
    ],
)
def test_a_name_is_written_as_it_is(it: Interpreter, text: str, hint: str | None) -> None:
    with pytest.raises(ValueKindError) as caught:
        name(parts(it, text)[0], "a name")
    assert caught.value.hint == hint


def test_a_choice_is_one_of_some_words(it: Interpreter) -> None:
    words = dict.fromkeys(("constant", "shuffled"))
    assert choice(parts(it, "(f shuffled)")[0], "order", words) == "shuffled"
    with pytest.raises(UnknownNameError) as caught:
        choice(parts(it, "(f random)")[0], "order", words)
    assert caught.value.hint == "SN says shuffled"


def test_every_error_of_options_is_the_user_s(it: Interpreter) -> None:
    with pytest.raises(SnError):
        clause(parts(it, "(f ())")[0], "an option")
