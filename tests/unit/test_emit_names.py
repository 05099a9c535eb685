"""Names of a program in generated code: none of them shapes it, whatever they are made of."""

from __future__ import annotations

import ast
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from sn.emit.module import emit
from sn.emit.program import KernelSource
from sn.emit.writer import LONGEST, comment, formula, literal
from sn.errors import Span
from sn.kernels import compile_net
from sn.lower.recognise import lower
from sn.net import expr
from sn.net.expr import call, const, evaluate, variable
from sn.net.reference import Reference
from sn.net.table import ConnectionTable, freeze
from sn.optim.rules import Curvature, RuleSpec
from tests.sample_nets import ALL_KINDS, described, lms

SECOND = RuleSpec(curvature=Curvature.FULL)

HOSTILE = {
    "line end": "h\nimport os; os.system('false')\n#",
    "carriage return": "h\rraise SystemExit(7)\r#",
    "other line ends": "h\x0b1\x0c2\x1c3\x85import os\u20284\u20295",
    "triple quotes": 'e""" + __import__("os").system("false") + """',
    "quotes": "h'\"\\'\\\"",
    "backslash at the end": "h\\",
    "braces": "{h} {0} {{}} %s %(h)s $h",
    "surrogate": "h\ud800\udfff",
    "NUL": "h\x00#",
    "right to left": "h\u202e\u2066#",
    "terminal escape": "h\x1b[2J\x1b]0;x\x07",
    "Python": "None); import os; (",
    "keyword": "lambda",
    "empty": "",
    "10^4 letters": "h" * 10_000,
    "letters of the world": "слой-層-ν",
}


def renamed(table: ConnectionTable, name: str) -> ConnectionTable:
    """Put `name` wherever a program's text may stand."""

    def named(span: Span | None) -> Span | None:
        return span and replace(span, file=name)

    layers = tuple(
        replace(
            layer,
            name=name + str(index) * (index > 0),
            activation=replace(layer.activation, name=name),
            span=named(layer.span),
        )
        for index, layer in enumerate(table.layers)
    )
    groups = tuple(
        replace(group, label=name, scheme=name, span=named(group.span)) for group in table.groups
    )
    return replace(table, name=name, layers=layers, groups=groups)


def source_of(table: ConnectionTable, rule: RuleSpec = SECOND) -> KernelSource:
    return emit(lower(table), replace(lms(table), name=table.name), rule, 8)


@cache
def plain_table() -> ConnectionTable:
    return freeze(described(ALL_KINDS))


@cache
def plain_text(rule: RuleSpec) -> str:
    return source_of(plain_table(), rule).text


@cache
def plain_tree(rule: RuleSpec) -> str:
    return ast.dump(ast.parse(plain_text(rule)))


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("rule", [RuleSpec(), SECOND], ids=["sgd", "second order"])
def test_a_name_leaves_the_code_as_it_is(name: str, rule: RuleSpec) -> None:
    plain, hostile = plain_text(rule), source_of(renamed(plain_table(), name), rule).text
    assert ast.dump(ast.parse(hostile)) == plain_tree(rule)
    assert len(hostile.splitlines()) == len(plain.splitlines()) == hostile.count("\n")
    hostile.encode("utf-8")


def test_the_name_stands_beside_the_number() -> None:
    text = source_of(freeze(described(ALL_KINDS))).text
    assert "# h2\nLAYER_2 = memory.LayerLayout(" in text
    assert "# net sample\n" in text


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_literal_means_its_text(name: str) -> None:
    assert ast.literal_eval(literal(name)) == name
    assert literal(name).isascii() and literal(name).isprintable()


@pytest.mark.parametrize("value", [0.1, -0.0, 1e308, 5e-324, np.pi, 7, True, None])
def test_a_literal_means_its_number(value: float | None) -> None:
    found = ast.literal_eval(literal(value))
    assert repr(found) == repr(value)


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_a_formula_may_hold_what_python_has_no_literal_for(value: float) -> None:
    e = call("min", const(value), variable("a"))
    scope = {"expr": expr, "a": variable("a")}
    back = eval(formula(e), scope)
    assert repr(evaluate(back, {"a": 1.0})) == repr(evaluate(e, {"a": 1.0}))


def test_a_variable_without_a_name_in_the_module_is_a_literal() -> None:
    text = formula(variable("a); import os; ("))
    assert eval(text, {"expr": expr}) == variable("a); import os; (")


def test_a_comment_is_one_line_of_bounded_length() -> None:
    for name in HOSTILE.values():
        shown = comment(name)
        assert shown.startswith("# ") and shown.isprintable() and len(shown) <= LONGEST + 5
    assert comment("слой-層-ν") == "# слой-層-ν"
    assert comment("a\nb") == "# a?b"


# --- two names, two layers ---


ALIKE = [
    ("h.1", "h-1"),
    ("h", "|H|"),
    ("h*", "h+"),
    ("h", "h-f"),
    ("h", "h-value"),
    ("h", "h-slope"),
    ("h-f", "h-ends"),
]


@pytest.mark.parametrize(("one", "two"), ALIKE, ids=[" ".join(pair) for pair in ALIKE])
def test_layers_whose_names_look_alike_stay_two(one: str, two: str) -> None:
    body = (
        "(defnet net (layer in (5)) (layer {0} (9) (tanh)) (layer {1} (4) (linear 2))"
        " (layer out (3)) (connect in {0} (full)) (connect {0} {1} (full))"
        " (connect {1} out (full)))"
    )
    plain, alike = (
        freeze(described(body.format(*names))) for names in (("one", "two"), (one, two))
    )
    assert len({layer.name for layer in alike.layers}) == 4
    tree, other = (ast.dump(ast.parse(source_of(table).text)) for table in (plain, alike))
    assert tree == other


@pytest.mark.kernels
def test_the_kernels_of_such_layers_match_the_twin() -> None:
    table = freeze(
        described(
            "(defnet net (layer in (5)) (layer h.1 (9) (tanh)) (layer h-1 (4) (linear 2))"
            " (layer out (3)) (connect in h.1 (full)) (connect h.1 h-1 (full))"
            " (connect h-1 out (full)))"
        )
    )
    kernels = compile_net(lower(table), lms(table), RuleSpec(), use_cache=False)
    stream = np.random.default_rng(7)
    weights = stream.uniform(-0.5, 0.5, table.n_weights)
    pattern = stream.uniform(-1, 1, (1, 5)).astype(np.float32)
    outputs = kernels.evaluate(kernels.pack(weights), kernels.batches(pattern), 1)
    _, state = Reference(table, lms(table)).forward(weights, pattern[0].astype(float))
    np.testing.assert_allclose(outputs[0], state[table.layers[-1].units], atol=1e-6)
