"""Net forms: what they build; what they refuse is in test_slips.py."""

from __future__ import annotations

import numpy as np
import pytest

from sn.errors import EvalError, NetError, SnError
from sn.net.expr import evaluate
from sn.net.layer import Network
from sn.session import Session


def net(text: str) -> Network:
    """The last net that a program describes."""
    session = Session()
    session.evaluate(text, "test.sn")
    return list(session.world.networks.values())[-1]


def test_layers_get_consecutive_units_after_the_bias() -> None:
    made = net("(defnet n (layer a (2 3)) (layer b (4)) (connect a b (full)))")
    assert [(layer.name, layer.first, layer.size) for layer in made.layers] == [
        ("a", 1, 6),
        ("b", 7, 4),
    ]


def test_the_value_of_defnet_is_its_name() -> None:
    session = Session()
    form = "(defnet n (layer a (1)) (layer b (1)) (connect a b (full)))"
    assert session.interpreter.show(session.evaluate(form)) == "n"


@pytest.mark.parametrize(
    ("bias", "weights"), [("", 8), ("(bias unit)", 8), ("(bias map)", 2), ("(bias none)", 0)]
)
def test_biases_are_per_unit_per_map_or_absent(bias: str, weights: int) -> None:
    made = net(
        f"(defnet n (layer a (4 4)) (layer b (2 2 2) {bias})"
        " (connect a b (conv (kernel 2 2) (stride 2 2))))"
    )
    assert made.n_weights == weights + 8


def test_a_layer_computes_sn_s_tanh_unless_it_says_otherwise() -> None:
    made = net(
        "(defnet n (layer a (1)) (layer b (1)) (layer c (1) (tanh))"
        " (connect a b (full)) (connect b c (full)))"
    )
    assert [layer.activation.name for layer in made.layers[1:]] == [
        "1.7159 tanh(0.66667 x)",
        "tanh(x)",
    ]


def test_layers_come_from_loops_under_computed_names() -> None:
    made = net(
        "(defnet n (layer h0 (2)) (for (i 1 3)"
        ' (layer (sprintf "h%d" i) (2))'
        ' (connect (sprintf "h%d" (1- i)) (sprintf "h%d" i) (full))))'
    )
    assert [layer.name for layer in made.layers] == ["h0", "h1", "h2", "h3"]


def test_a_table_says_which_maps_are_seen() -> None:
    made = net(
        "(setq table '((1) (0 2)))"
        "(defnet n (layer a (3 2 2)) (layer b (2 1 1) (bias none))"
        " (connect a b (conv (kernel 2 2) (maps table))))"
    )
    dst, src, _, _ = made.rows()
    a, b = made.layers
    seen = {int(unit): set() for unit in b.units.ravel()}
    for to, came in zip(dst, src, strict=True):
        seen[int(to)].add((int(came) - a.first) // 4)
    assert list(seen.values()) == [{1}, {0, 2}]


def test_a_scheme_of_the_program_shares_weights_by_key() -> None:
    made = net(
        "(de pairs (from to) (list (list 0 0 7) (list 1 1 7) (list 0 1)))"
        "(defnet n (layer a (2)) (layer b (2) (bias none)) (connect a b (scheme pairs)))"
    )
    dst, src, wid, _ = made.rows()
    assert (dst - 3).tolist() == [0, 1, 0]
    assert (src - 1).tolist() == [0, 1, 1]
    assert wid[0] == wid[1] != wid[2]


def test_a_non_linearity_of_the_program_becomes_a_formula() -> None:
    made = net(
        "(de half (x) (/ x 2)) (de twice-tanh (x) (* 2 (tanh (half x))))"
        "(defnet n (layer a (1)) (layer b (1) (nlf twice-tanh)) (connect a b (full)))"
    )
    value = evaluate(made.layers[1].activation.value, {"a": np.array([0.5])})
    assert value == pytest.approx(2 * np.tanh(0.25))


def test_net_forms_are_ordinary_names_outside() -> None:
    session = Session()
    assert session.evaluate("(de layer (x) (* 2 x)) (layer 4)") == 8.0
    session.evaluate("(defnet n (layer a (1)) (layer b (1)) (connect a b (full)))")
    assert session.evaluate("(layer 5)") == 10.0


def test_a_net_that_fails_leaves_nothing_behind() -> None:
    session = Session()
    with pytest.raises(SnError):
        session.evaluate("(defnet n (layer a (1)) (layer a (1)))")
    assert session.world.networks == {}
    session.evaluate("(defnet n (layer a (1)) (layer b (1)) (connect a b (full)))")
    assert list(session.world.networks) == ["n"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(defnet n)", "net n needs at least two layers, found 0"),
        ("(defnet n (layer a (1)) (layer b (1)))", "net n connects no layers"),
        (
            "(defnet n (layer a (1)) (layer b (1)) (layer c (1)) (connect a c (full)))",
            "nothing is connected to layer b",
        ),
        (
            "(defnet n (layer a (1)) (layer b (1)) (layer c (1))"
            " (connect a b (full)) (connect a c (full)))",
            "layer b is connected to no layer after it",
        ),
    ],
)
def test_a_net_is_connected_from_end_to_end(text: str, message: str) -> None:
    with pytest.raises(NetError) as caught:
        net(text)
    assert caught.value.message == message


def test_a_net_inside_another_is_refused() -> None:
    with pytest.raises(EvalError, match="net b is described inside net a"):
        net("(defnet a (layer x (1)) (defnet b (layer y (1))))")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("'((0 0) (0))", "row 1 of scheme f must be"),
        ("'((0 9))", "a has units 0 to 1, not 9"),
        ("'((0.5 0))", "b has units 0 to 1, not 0.5"),
    ],
)
def test_rows_of_a_scheme_are_checked(rows: str, message: str) -> None:
    with pytest.raises(SnError, match=message):
        net(
            f"(de f (from to) {rows})"
            "(defnet n (layer a (2)) (layer b (2)) (connect a b (scheme f)))"
        )


@pytest.mark.parametrize(
    ("kernel", "option", "message"),
    [
        ("3 3", "(wrap down)", "there is no axis 'down'"),
        ("3 3", "(wrap 1)", "expected axis, a symbol, found the number 1"),
        ("3 3", "(wrap rows cols)", "wrap needs 0 or 1 argument, found 2"),
        ("3", "(wrap cols)", "windows of one dimension have neither rows nor columns to wrap"),
    ],
)
def test_windows_wrap_along_rows_or_columns(kernel: str, option: str, message: str) -> None:
    with pytest.raises(SnError) as caught:
        net(
            "(defnet n (layer a (4 4)) (layer b (4 4))"
            f" (connect a b (conv (kernel {kernel}) {option})))"
        )
    assert caught.value.message == message
    assert caught.value.span is not None
    assert caught.value.hint or message.startswith("expected")
