"""The vocabulary offers what the evaluator takes: words of the nets are there, others are not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import sn
from sn.describe import new_interpreter
from sn.describe.vocabulary import arguments_in, net_forms, options_in
from sn.editors.words import manual, words
from sn.lisp.forms import Pair, Symbol, Value, cells
from sn.net.schemes import scheme
from sn.optim.base import optimizer
from sn.shipped import shipped_nets

NETS = [net.path for net in shipped_nets()]


def lists_in(form: Value, heads: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield each list that starts with a word: the words around it, and its own."""
    if type(form) is Pair and type(form.car) is Symbol:
        yield heads, form.car.name
        for cell in cells(form.cdr):
            yield from lists_in(cell.car, (*heads, form.car.name))


@pytest.mark.parametrize("path", NETS, ids=lambda path: path.stem)
def test_all_options_of_the_nets_are_known(path: Path) -> None:
    unknown = [
        (heads, word)
        for form in new_interpreter().read(path.read_text(encoding="utf-8"))
        if type(form) is Pair and form.car.name in ("defnet", "experiment")
        for heads, word in lists_in(form)
        if heads
        and word not in options_in(heads)
        and word not in words().net_forms
        and word not in words().functions
        and word not in words().special_forms
    ]
    assert not unknown


@pytest.mark.parametrize(
    ("heads", "word"),
    [
        (("defnet", "layer"), "border"),
        (("defnet", "connect"), "conv"),
        (("defnet", "connect", "conv"), "stride"),
        (("experiment",), "optimizer"),
        (("experiment", "optimizer"), "sgd"),
        (("experiment", "data"), "csv"),
        (("experiment", "data", "csv"), "label"),
        (("experiment", "augment"), "shift"),
        (("experiment", "init", "layer"), "uniform"),
        (("experiment", "optimizer", "adam", "learning-rate"), "cosine"),
    ],
)
def test_what_the_evaluator_refuses_is_not_offered(heads: tuple[str, ...], word: str) -> None:
    assert word in options_in(heads)
    assert "nonsense" not in options_in(heads)


def experiment_with(rule: str) -> str:
    """Return the program of a small net trained by a rule."""
    return (
        "(defnet n (layer a (2)) (layer b (1)) (connect a b (full)))"
        f'(experiment n (data "zipcode") (optimizer o {rule}))'
    )


@pytest.mark.parametrize("name", list(optimizer))
def test_options_of_an_optimizer_are_those_that_it_names_itself(name: str) -> None:
    with pytest.raises(sn.EvalError) as refused:
        sn.Session().evaluate(experiment_with(f"({name} (zzzz 1))"))
    offered = {*options_in(("experiment", "optimizer", name))}
    hint = refused.value.hint or ""
    told = {word for word in offered if f"({word} " in hint or f" {word}" in hint}
    assert told == offered, hint


@pytest.mark.parametrize("name", list(scheme))
def test_options_of_a_scheme_are_those_that_it_names_itself(name: str) -> None:
    text = f"(defnet n (layer a (8 8)) (layer b (2 2)) (connect a b ({name} (zzzz 1))))"
    offered = {*options_in(("defnet", "connect", name))}
    with pytest.raises(sn.SnError) as refused:
        sn.Session().evaluate(text)
    assert all(f"({word}" in (refused.value.hint or "") for word in offered)


def test_words_that_stand_alone() -> None:
    assert {"lms", "huber"} <= {*arguments_in(("experiment", "cost"))}
    assert "fan-in" in arguments_in(("experiment", "init", "uniform"))
    assert {*arguments_in(("experiment", "order"))} == {"constant", "shuffled"}
    assert not arguments_in(("print",)) and not options_in(("print",)) and not options_in(())


@pytest.mark.parametrize(
    ("word", "heads", "begins"),
    [
        ("car", [], "(car list)"),
        ("connect", [], "(connect pre post "),
        ("connect", ["defnet"], "(connect FROM TO SCHEME)"),
        ("tanh", [], "(tanh x)"),
        ("logistic", ["defnet", "layer"], "(logistic)"),
        ("kernel", ["defnet", "connect", "conv"], "(kernel ROWS COLS)"),
        ("sgd", ["experiment", "optimizer"], "(sgd (learning-rate R)"),
        ("defnet", [], "(defnet NAME body...)"),
    ],
)
def test_the_manual_of_a_word_depends_on_where_it_stands(
    word: str, heads: list[str], begins: str
) -> None:
    assert (manual(word, heads) or "").startswith(begins)


def test_every_word_has_a_manual() -> None:
    known = words()
    assert set(net_forms()) == {"layer", "connect", "expect", "defnet", "experiment", "sweep"}
    for table in (known.special_forms, known.functions, known.net_forms, known.net_words):
        assert all(table.values())
    assert manual("no-such-word", []) is None
    assert "zipcode" in known.data_sets
