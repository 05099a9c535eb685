"""Laws of the reader: what is printed reads back equal; no text makes it fail in a new way."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from sn.builtins.arrays import make_matrix
from sn.errors import ReadError
from sn.lisp.equality import equal
from sn.lisp.forms import SymbolTable, Value, number_exact, show, to_list
from sn.parser import Host, read

TABLE = SymbolTable()
HOST = Host(TABLE.intern, make_matrix)

numbers = st.floats(allow_nan=False, allow_infinity=False)
strings = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).filter(
    lambda name: "|" not in name and "\n" not in name
)
symbols = st.one_of(names, st.sampled_from(["quote", "scope", "t", ".", "1+", "a_b"])).map(
    TABLE.intern
)
atoms = st.one_of(numbers, strings, symbols, st.none())
forms: st.SearchStrategy[Value] = st.recursive(
    atoms,
    lambda inner: st.builds(to_list, st.lists(inner, max_size=5), st.one_of(st.none(), atoms)),
    max_leaves=30,
)


@given(forms)
def test_a_printed_form_reads_back_equal(form: Value) -> None:
    (again,) = read(show(form, number_exact), "t", HOST)
    assert equal(again, form)


@given(st.lists(forms, max_size=4))
def test_printed_forms_read_back_in_order(many: list[Value]) -> None:
    text = "\n".join(show(form, number_exact) for form in many)
    assert all(map(equal, read(text, "t", HOST), many))


@given(st.text(st.sampled_from("()[]#'`,@~:.|\"\\;!^-+_ aA1e0x\n\t\x10")))
@example("#[#]")
@example("[@]")
@example("[f@ 1]")
@example("[[1][[2]]]")
@example("`[,a]")
@example('"\\x"')
@example("^")
def test_lisp_like_text_makes_forms_or_a_read_error(text: str) -> None:
    try:
        read(text, "t", HOST)
    except ReadError as error:
        assert error.span is not None


@given(st.text())
def test_any_text_makes_forms_or_a_read_error(text: str) -> None:
    try:
        read(text, "t", HOST)
    except ReadError as error:
        assert error.span is not None
        assert error.message
