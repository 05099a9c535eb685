"""Programs: calls that do not fit their sections are found, and every node has its say."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import get_args

import pytest

from sn.emit import layers
from sn.emit.dense import sections
from sn.emit.program import Block, Call, Made, Program, Record, Ref, call, qualified
from sn.emit.rooms import ROOMS, room_of
from sn.emit.schedule import schedule
from sn.emit.update import Rule
from sn.errors import SnInternalError
from sn.lower.ir import Node, Plan
from sn.lower.recognise import lower
from sn.net.table import freeze
from sn.optim.rules import Curvature, RuleSpec
from tests.sample_nets import ALL_KINDS, SCHEMES, described, lms


@cache
def plan_of(text: str) -> Plan:
    return lower(freeze(described(text)))


def program_of(plan: Plan, rule: RuleSpec | None = None) -> Program:
    return schedule(plan, lms(plan.table), rule or RuleSpec(), 8)


def changed(program: Program, made: Call) -> Program:
    """Put a call at the head of the first pass."""
    first = program.passes[0]
    blocks = (Block("changed", (made,)), *first.blocks)
    return replace(program, passes=(replace(first, blocks=blocks), *program.passes[1:]))


RULE = Made(Rule, (0,), in_pass=True)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (call(layers.activate, Ref("LAYER_1")), "calls layers.activate wrongly: missing"),
        (call(layers.zero, 0, 8, 9), "calls layers.zero wrongly: too many"),
        (call(layers.zero, 0, count=8), "calls layers.zero wrongly"),
        (call(layers.load_pattern, Ref("LAYER_9"), Ref("e")), "LAYER_9, which nothing defines"),
        (call(layers.load_pattern, Ref("LAYER_1_F"), Ref("e")), "hands layers.load_pattern as"),
        (call(layers.zero, "0", 8), "hands layers.zero as at '0'"),
        (
            call(
                sections.full_backward, Ref("LAYER_1"), Ref("LAYER_0"), Ref("LAYER_0"), RULE, True
            ),
            "hands dense.sections.full_backward as weights",
        ),
    ],
)
def test_a_call_that_does_not_fit_its_section_is_found(made: Call, words: str) -> None:
    program = program_of(plan_of(ALL_KINDS))
    program.check()
    with pytest.raises(SnInternalError) as caught:
        changed(program, made).check()
    assert words in caught.value.message


def test_a_record_comes_before_what_is_made_of_it() -> None:
    program = program_of(plan_of(ALL_KINDS))
    made = Made(layers.Functions, (Ref("LATER"), Ref("LATER")))
    with pytest.raises(SnInternalError, match="LATER, which comes later"):
        replace(program, records=(*program.records, Record("EARLY", made))).check()
    with pytest.raises(SnInternalError, match="two records"):
        replace(program, records=program.records * 2).check()


@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.parametrize("rule", [RuleSpec(), RuleSpec(curvature=Curvature.FULL)], ids=["1", "2"])
def test_every_node_has_its_say(name: str, rule: RuleSpec) -> None:
    """A block forward and one backward a node, a call where no other does its work."""
    plan = plan_of(f"(defnet sample {SCHEMES[name]})")
    program = program_of(plan, rule)
    present, *_, evaluate = program.passes
    for number, place in enumerate(program.places):
        forward, backward = (b for b in present.blocks if b.node == number)
        assert forward.heading == backward.heading
        assert place.label in forward.heading
        assert backward.calls
        is_bias = place.kind.startswith("bias ")
        assert forward.calls or is_bias
        assert sum(b.node == number for b in evaluate.blocks) == (not is_bias)
    names = {record.name for record in (*program.records, *program.batch_records)}
    assert program.used() <= names | {"e", "b"}
    loose = {name for name in names - program.used() if not name.endswith("_BEND")}
    assert loose == set(), "every record is used"


def test_every_packed_weight_belongs_to_one_node() -> None:
    plan = plan_of(ALL_KINDS)
    program = program_of(plan)
    bounds = [place.weights for place in program.places]
    assert all(first <= end for first, end in bounds)
    assert all(end <= first for (_, end), (first, _) in zip(bounds, bounds[1:], strict=False))
    assert sorted(program.slots[program.slots >= 0]) == list(range(plan.table.n_weights))


def test_the_schedule_has_a_line_a_call() -> None:
    program = program_of(plan_of(ALL_KINDS))
    text = str(program)
    for one in program.passes:
        for block in one.blocks:
            for made in block.calls:
                assert f"  {qualified(made.section)} " in text
    assert "h -> h2  local 3x3" in text and "<text>:1" in text


def test_each_kind_of_node_has_one_room() -> None:
    assert len({type(room) for room in ROOMS.values()}) == len(ROOMS)
    plan = plan_of(ALL_KINDS)
    assert set(get_args(Node)) == set(ROOMS)
    assert all(room_of(node) is ROOMS[type(node)] for node in plan.nodes)
