"""Forms: printing, equality, lists that end badly or not at all."""

from __future__ import annotations

import time

import pytest

from sn.builtins.matrix import literal
from sn.errors import EvalError, MemoryLimitError, Span, ValueKindError
from sn.lisp.equality import equal
from sn.lisp.forms import (
    NUMBER,
    Pair,
    Symbol,
    SymbolTable,
    Value,
    describe,
    element_span,
    elements,
    fold,
    number_exact,
    number_lush,
    number_sn,
    ring_length,
    show,
    symbol_text,
    to_list,
)
from sn.memory import set_limit
from sn.parser import read


def ring(*values: Value) -> Pair:
    """Return a list whose last cell points back to the first."""
    first: Pair = to_list(values)
    last = first
    while last.cdr is not None:
        last = last.cdr
    last.cdr = first
    return first


def test_a_table_gives_one_symbol_per_name() -> None:
    table = SymbolTable()
    assert table.intern("a") is table.intern("a")
    assert table.intern("a") is not SymbolTable().intern("a")


def test_the_global_value_lies_below_all_bindings() -> None:
    symbol = Symbol("x")
    symbol.value = 1.0
    for value in (2.0, 3.0):
        symbol.saved.append(symbol.value)
        symbol.value = value
    assert symbol.global_value == 1.0
    symbol.set_global(9.0)
    assert (symbol.value, symbol.saved) == (3.0, [9.0, 2.0])


@pytest.mark.parametrize(
    ("name", "folded"),
    [("Alloc_Net", "alloc-net"), ("_a_b", "_a-b"), ("", ""), ("_", "_"), ("A", "a"), ("__", "_-")],
)
def test_names_are_folded_as_the_reader_does(name: str, folded: str) -> None:
    assert fold(name) == folded


@pytest.mark.parametrize(
    ("number", "sn", "lush", "exact"),
    [
        (1 / 3, "0.333333", "0.3333", "0.3333333333333333"),
        (123456.789, "123457", "123456.789", "123456.789"),
        (1e-5, "1e-05", "1e-05", "1e-05"),
        (3.0, "3", "3", "3"),
        (0.0, "0", "0", "0"),
        (1e-3, "0.001", "0.001", "0.001"),
        (2e10, "2e+10", "2e+10", "20000000000"),
        (float("inf"), "Inf", "Inf", "Inf"),
        (float("-inf"), "-Inf", "-Inf", "-Inf"),
        (float("nan"), "Nan", "Nan", "Nan"),
    ],
)
def test_numbers_print_in_three_styles(number: float, sn: str, lush: str, exact: str) -> None:
    assert (number_sn(number), number_lush(number), number_exact(number)) == (sn, lush, exact)


@pytest.mark.parametrize(
    "text",
    [
        "(a b . c)",
        "()",
        "'(a 'b)",
        ":x",
        ":a:b",
        '"a\\n\\"\\\\ \\e\\^A"',
        "|A b|",
        "|12|",
        "|.|",
        "(quote)",
        "(quote a b)",
        "(scope)",
        "(scope 5)",
        "((((()))))",
    ],
)
def test_printed_forms_read_back(text: str) -> None:
    assert show(read(text)[0]) == text


def test_printing_stops_at_a_limit() -> None:
    assert show(to_list([1.0] * 100), limit=6).endswith("...")


@pytest.mark.parametrize("make", [lambda: ring(1.0, 2.0), lambda: Pair(ring(1.0), None)])
def test_a_list_that_contains_itself_is_not_printed(make: type[Pair]) -> None:
    with pytest.raises(EvalError, match="contains itself"):
        show(make())  # type: ignore[call-arg]


def test_a_shared_part_is_not_taken_for_a_circle() -> None:
    part = to_list([1.0])
    assert show(to_list([part, part])) == "((1) (1))"


def test_a_quoted_circle_is_found() -> None:
    table = SymbolTable()
    form = to_list([table.intern("quote"), None])
    form.cdr.car = form
    with pytest.raises(EvalError, match="contains itself"):
        show(form)


def test_depth_costs_no_recursion() -> None:
    deep: Value = None
    twin: Value = None
    for _ in range(100_000):
        deep, twin = Pair(deep, None), Pair(twin, None)
    assert len(show(deep)) == 200_002
    assert equal(deep, twin)


def test_equal_circles_are_equal_and_end() -> None:
    assert equal(ring(1.0, 2.0), ring(1.0, 2.0))
    assert not equal(ring(1.0, 2.0), ring(1.0, 3.0))


def test_elements_of_what_is_no_list() -> None:
    assert elements(None) == []
    with pytest.raises(ValueKindError, match="expected a list, found the number 5"):
        elements(5.0)
    with pytest.raises(ValueKindError, match="ends in"):
        elements(Pair(1.0, 2.0))
    with pytest.raises(EvalError, match="circular"):
        elements(ring(*range(1000)))


def test_elements_remember_where_they_were_read() -> None:
    (table,) = read("'((1 2)\n  (3 x))", "t.sn")
    row = table.cdr.car.cdr
    assert str(element_span(row)) == "t.sn:2:3"
    assert str(element_span(row.car.cdr)) == "t.sn:2:6"
    assert str(row.car.span) == "t.sn:2:3"
    assert row.span is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("5", "the number 5"),
        ('"a"', 'the string "a"'),
        ("x", "the symbol x"),
        ("(1 2)", "the list (1 2)"),
        ("()", "()"),
    ],
)
def test_values_are_described_for_messages(text: str, words: str) -> None:
    assert describe(read(text)[0]) == words


def test_descriptions_are_short() -> None:
    assert len(describe("x" * 1000)) < 80
    assert len(describe(to_list([1.0] * 1000))) < 80


# --- rings, and values that are shared or nested without measure ---


def nested_array(depth: int, inside: Value = 1.0) -> Value:
    for _ in range(depth):
        inside = literal("#[", [inside], [], Span("t", 1, 1, 1, 1))
    return inside


def test_the_ring_of_a_list_is_measured() -> None:
    assert ring_length(None) == ring_length(5.0) == ring_length(to_list([1.0] * 1000)) == 0
    for n in (1, 2, 63, 64, 65, 1000):
        assert ring_length(ring(*[1.0] * n)) == n
        assert ring_length(to_list([0.0] * 777, ring(*[1.0] * n))) == n


def test_rings_compare_in_a_time_that_grows_with_their_cells() -> None:
    start = time.perf_counter()
    assert equal(ring(*[1.0] * 100_003), ring(*[1.0] * 100_019))
    unlike = ring(*[1.0] * 100_019)
    unlike.cdr.cdr.car = 2.0
    assert not equal(ring(*[1.0] * 100_003), unlike)
    assert time.perf_counter() - start < 60  # every pair of cells would take hours


def test_what_is_shared_is_compared_once() -> None:
    a: Value = None
    b: Value = None
    for _ in range(200):
        a, b = to_list([a, a]), to_list([b, b])
    assert equal(a, b)
    assert not equal(a, to_list([b, None]))


def test_what_is_shared_prints_until_the_memory_ends() -> None:
    value: Value = None
    for _ in range(200):
        value = to_list([value, value])
    set_limit(100_000_000)
    try:
        with pytest.raises(MemoryLimitError, match="a text of more than"):
            show(value)
    finally:
        set_limit(None)
    assert describe(value).startswith("the list (((((")


def test_arrays_nest_as_lists_do() -> None:
    a, b = nested_array(100_000), nested_array(100_000)
    assert equal(a, b)
    assert not equal(a, nested_array(100_000, 2.0))
    assert show(a) == "[a " * 100_000 + "1" + "]" * 100_000
    assert describe(a).startswith("the matrix [a [a")


def test_an_array_that_holds_itself_is_refused_and_compared() -> None:
    a, b = nested_array(1), nested_array(1)
    a.data[0], b.data[0] = to_list([1.0, a]), to_list([1.0, b])
    with pytest.raises(EvalError, match="cannot print a list that contains itself"):
        show(a.data[0])
    with pytest.raises(EvalError, match="cannot print a matrix that contains itself"):
        show(a)
    assert equal(a, b)
    b.data[0] = to_list([2.0, b])
    assert not equal(a, b)


def test_a_long_word_of_digits_is_no_number_at_once() -> None:
    start = time.perf_counter()
    assert symbol_text("1" * 1_000_000 + "x") == "1" * 1_000_000 + "x"
    assert time.perf_counter() - start < 20  # in all ways to split the digits, it takes hours
    for text in ("1", "1.", ".1", "1.5e3", "-1.e+2", "0x1f", "+.5"):
        assert NUMBER.fullmatch(text), text
    for text in (".", "", "1e", "e1", "1.5.2", "0x", "--1", "1.e"):
        assert not NUMBER.fullmatch(text), text
