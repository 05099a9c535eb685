"""The init option: which weights get which law, and where a wrong one is told."""

from __future__ import annotations

import pytest

from sn.errors import SnError
from sn.net.init import Constant, Gaussian, Init, LayerInit, Uniform
from sn.net.table import freeze
from sn.session import Session

NET = (
    "(defnet n (layer a (2)) (layer b (3)) (layer c (1)) (connect a b (full)) (connect b c (full)))"
)


def program(text: str, before: str = "", net: str = NET) -> str:
    """A net with an experiment that has an init option."""
    data, rule = '(data "mnist-1989")', "(optimizer s (sgd (epsilon 0.1)))"
    return f"{net} {before} (experiment n {data} {rule} (init {text}))"


def init_of(text: str, before: str = "", net: str = NET) -> tuple[Init, list[float]]:
    """The init that an option says, and what it draws for seed 0."""
    session = Session()
    session.evaluate(program(text, before, net))
    init = session.world.experiments["n"].init
    return init, init.draw(freeze(session.world.networks["n"]), 0).tolist()


def test_laws_are_read_for_all_for_biases_and_for_layers() -> None:
    found, _ = init_of(
        "(gaussian 0.5 fan-in) (biases (constant 0))"
        " (layer c (biases (constant -1))) (layer b (uniform 2) (biases (uniform (/ 1 4))))"
    )
    layers = {
        "c": LayerInit(biases=Constant(-1.0)),
        "b": LayerInit(Uniform(2.0), Uniform(0.25)),
    }
    assert found == Init(Gaussian(0.5, "fan-in"), Constant(0.0), layers)


def test_what_is_left_out_is_sn_s_law() -> None:
    assert init_of("(biases (constant 0))")[0] == Init(Uniform(2.4, "fan-in"), Constant(0.0))


def test_a_function_gets_the_place_of_each_weight() -> None:
    """b.weight is (3, 2), its weights numbered by the unit they come from; c.weight is (1, 3)."""
    place = "(function (lambda (unit from) (+ (* 10 unit) from)))"
    _, drawn = init_of(f"{place} (biases (constant -1))")
    session = Session()
    session.evaluate(NET)
    named = {p.name: p.wid for p in session.world.networks["n"].parameters}
    for name in ("b.weight", "c.weight"):
        for (unit, source), wid in zip(
            [(i, j) for i in range(named[name].shape[0]) for j in range(named[name].shape[1])],
            named[name].ravel().tolist(),
            strict=True,
        ):
            assert drawn[wid] == 10 * unit + source
    for wid in (*named["b.bias"].ravel(), *named["c.bias"].ravel()):
        assert drawn[wid] == -1


def test_a_function_by_name_serves_one_layer() -> None:
    _, drawn = init_of(
        "(constant 7) (layer c (function place) (biases (function (lambda (unit) 9))))",
        "(de place (unit from) from)",
    )
    assert sorted(drawn) == [0, 1, 2, 7, 7, 7, 7, 7, 7, 7, 7, 7, 9]


def test_a_function_sees_the_axes_of_windows() -> None:
    net = (
        "(defnet n (layer a (2 4 4)) (layer b (3 2 2)) (connect a b (conv (kernel 2 2)"
        " (stride 2 2))))"
    )
    place = "(lambda (map from row col) (+ (* 1000 map) (* 100 from) (* 10 row) col))"
    _, drawn = init_of(f"(function {place}) (biases (constant 0))", net=net)
    kernel = {
        1000 * m + 100 * f + 10 * r + c
        for m in range(3)
        for f in (0, 1)
        for r in (0, 1)
        for c in (0, 1)
    }
    assert set(drawn) == kernel


def test_a_function_that_draws_follows_the_seed_of_the_session() -> None:
    def drawn(seed: int) -> list[float]:
        session = Session(seed=seed)
        text = "(constant 0) (layer c (function (lambda (unit from) (rand))) (biases (constant 0)))"
        session.evaluate(program(text))
        found = session.world.experiments["n"].init
        return found.draw(freeze(session.world.networks["n"]), 0).tolist()

    assert drawn(1) == drawn(1) != drawn(2)


@pytest.mark.parametrize(
    ("text", "under", "message", "hint"),
    [
        ("(normal 1)", "normal", "init has no law 'normal'", "SN says (gaussian S [LAW])"),
        ("(unifrom 1)", "unifrom", "init has no law 'unifrom'", "'uniform'"),
        ("(gaussian -1)", "-1", "the deviation must be a number of at least 0, found -1", ""),
        ("(gaussian 1 fanin)", "fanin", "there is no init law 'fanin'", "fan-in"),
        ("(constant)", "(constant)", "constant needs 1 argument, found 0", "(constant X)"),
        ("(constant 1 fan-in)", "fan-in", "constant needs 1 argument, found 2", "(constant X)"),
        ("(uniform 1) (constant 2)", "(constant 2)", "init has a law for its weights twice", ""),
        ("(biases 0)", "0", "expected (constant X), found the number 0", ""),
        ("(biases (layer b))", "layer", "there is no init 'layer'", "known: (uniform"),
        ("(layer a (constant 0))", "a", "there is no layer 'a'", "known: b, c"),
        ("(layer b)", "(layer b)", "layer needs at least 2 arguments, found 1", "(layer NAME"),
        (
            "(layer b (constant 0)) (layer b (constant 1))",
            "(layer b (constant 1))",
            "init speaks of layer b twice",
            "",
        ),
        ("(layer b (layer c (constant 0)))", "layer", "layer has no law 'layer'", ""),
        ("()", "()", "expected a law such as (uniform X [LAW]), found ()", ""),
        ("(function 5)", "5", "not a function", ""),
        (
            "(function (lambda (unit from) (/ 1 from)))",
            "(/ 1 from)",
            "by zero",
            "",
        ),
        (
            '(function (lambda (unit from) "x")) (biases (constant 0))',
            '(lambda (unit from) "x")',
            'an initial weight must be a finite number, found the string "x" for b.weight[0, 0]',
            "",
        ),
        (
            "(function (lambda (unit) 1)) (biases (constant 0))",
            "(lambda (unit) 1)",
            "lambda: too many arguments",
            "the function was called with the indices of b.weight[0, 0]",
        ),
    ],
)
def test_wrong_laws_are_told_at_their_place(text: str, under: str, message: str, hint: str) -> None:
    with pytest.raises(SnError) as caught:
        init_of(text)
    error = caught.value
    assert message in error.message and hint in (error.hint or "")
    assert error.span is not None
    assert program(text)[error.span.column - 1 : error.span.end_column] == under
