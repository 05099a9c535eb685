"""What holds for the kernels of every net in nets/: some of their texts are frozen, all obey."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from sn.emit.module import emit
from sn.lower.ir import Bias, Full, Node, Rows, Subsample, Window
from sn.optim.rules import Curvature, RuleSpec
from tests.sample_nets import FROZEN, NETS, lms, shipped

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "kernels"

RULES = {
    "sgd": RuleSpec(),
    "newton": RuleSpec(curvature=Curvature.GAUSS_NEWTON, gather=True),
}
# what opens the name of the record of a node, the training pass' and the batches'
RECORDS = {
    "shared window": "CONV",
    "own window": "LOCAL",
    "full": "FULL",
    "rows": "ROWS",
    "subsample": "SUBSAMPLE",
}
every_net = pytest.mark.parametrize("name", NETS)
every_rule = pytest.mark.parametrize("rule", RULES)

# heading -> the calls below it, in order
Sections = list[tuple[str, list[ast.Call]]]


@cache
def text_of(name: str, rule: str) -> str:
    plan = shipped(name).plan
    return emit(plan, lms(plan.table), RULES[rule], 8).text


@cache
def sections(name: str, rule: str, function: str) -> Sections:
    """Part the body of a function at its headings."""
    text = text_of(name, rule)
    body = next(
        node
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef) and node.name == function
    )
    found: Sections = []
    calls = {node.lineno: node for node in ast.walk(body) if isinstance(node, ast.Call)}
    # of calls on one line the walk meets the inner ones last; the statement is what counts
    calls |= {
        one.lineno: one.value
        for one in body.body
        if isinstance(one, ast.Expr) and isinstance(one.value, ast.Call)
    }
    lines = text.split("\n")
    for number in range(body.lineno, (body.end_lineno or 0) + 1):
        line = lines[number - 1].strip()
        if line.startswith("# "):
            found.append((line[2:], []))
        elif number in calls and found:
            found[-1][1].append(calls[number])
    return found


def headed(some: Sections, node: Node) -> list[list[ast.Call]]:
    """Return the calls below each heading of a connection."""
    return [calls for heading, calls in some if heading.startswith(f"{node.label}  {node}, ")]


def kind_of(node: Node) -> str:
    if isinstance(node, Window):
        return "shared window" if node.shared else "own window"
    return {Full: "full", Rows: "rows", Bias: "bias", Subsample: "subsample"}[type(node)]


def names_in(call: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}


@every_rule
@every_net
def test_every_connection_is_headed_forward_and_backward(name: str, rule: str) -> None:
    """With its form, its size and its place, and in the order of the plan; then in reverse."""
    plan, found = shipped(name).plan, sections(name, rule, "present")
    for node in plan.nodes:
        assert len(headed(found, node)) == 2, f"{node.label} is not there twice"
    labels = [heading.split("  ")[0] for heading, _ in found if "  (" in heading]
    forward = [node.label for node in plan.nodes]
    assert labels[: len(forward)] == forward
    layers = [label.split(" -> ")[1] for label in labels[len(forward) :]]
    order = [layer.name for layer in reversed(plan.layers)]
    assert layers == sorted(layers, key=order.index), "backward does not go from the last layer up"
    file = f"{Path(name).name}.sn"
    assert all(f"({file}:" in heading for heading, _ in found if "  (" in heading)


@every_rule
@every_net
def test_sections_run_the_record_of_their_connection(name: str, rule: str) -> None:
    """The record of node n is called n, and its name begins as its kind says."""
    plan, found = shipped(name).plan, sections(name, rule, "present")
    evaluated = sections(name, rule, "evaluate_batch")
    for index, node in enumerate(plan.nodes):
        forward, backward = headed(found, node)
        if isinstance(node, Bias):
            # a window or a full connection into the layer may start from the biases
            assert len(forward) <= 1 and backward, node.label
            continue
        assert forward and backward, f"nothing runs {node.label}"
        record = f"{RECORDS[kind_of(node)]}_{index}"
        for call in (*forward, *backward):
            assert record in names_in(call), f"{node.label}: {ast.unparse(call)} lacks {record}"
        batches = [call for calls in headed(evaluated, node) for call in calls]
        assert any(f"BATCH_{index}" in names_in(call) for call in batches), node.label


@every_rule
@every_net
def test_every_record_is_used(name: str, rule: str) -> None:
    tree = ast.parse(text_of(name, rule))
    made = [
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    assert len(made) == len(set(made)), "a name is given twice"
    used = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    assert set(made) <= used


@every_rule
@every_net
def test_no_name_of_the_program_is_in_the_code(name: str, rule: str) -> None:
    plan, tree = shipped(name).plan, ast.parse(text_of(name, rule))
    theirs = {name, f"{name}.sn", plan.table.name, *(layer.name for layer in plan.layers)}
    theirs |= {node.label for node in plan.nodes}
    ours: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=word) | ast.Attribute(attr=word) | ast.keyword(arg=str(word)):
                ours.add(word)
            case ast.FunctionDef(name=word) | ast.alias(name=word) | ast.arg(arg=word):
                ours.add(word)
            case ast.Constant(value=str(word)):
                ours.add(word)
                ours |= set(re.findall(r"[\w.]+", word)) & {f"{name}.sn", plan.table.name}
    assert not ours & theirs


@every_net
def test_bias_of_every_layer_is_added_once(name: str) -> None:
    """By a section of its own, or as the start of one connection into its layer."""
    plan, found = shipped(name).plan, sections(name, "sgd", "present")
    for node in plan.nodes:
        if not isinstance(node, Bias):
            continue
        own = headed(found, node)[0]
        starts = [
            keyword
            for other in plan.nodes
            if other.dst == node.dst and not isinstance(other, Bias)
            for call in headed(found, other)[0]
            for part in ast.walk(call)
            if isinstance(part, ast.Call)
            for keyword in part.keywords
            if keyword.arg == "to_bias"
        ]
        assert len(own) + len(starts) == 1, node.label


def sections_called(name: str) -> set[str]:
    """Return the sections and records of a net's kernels, as `windows.forward`."""
    tree = ast.parse(text_of(name, "sgd"))
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def test_the_frozen_texts_call_what_any_net_calls() -> None:
    frozen = set.union(*map(sections_called, FROZEN))
    assert all((GOLDEN / f"{name}.txt").exists() for name in FROZEN)
    names = {p.relative_to(GOLDEN).with_suffix("").as_posix() for p in GOLDEN.rglob("*.txt")}
    assert names == set(FROZEN)
    for name in NETS:
        assert not sections_called(name) - frozen, f"freeze {name} too, or instead"
