"""What a unit sees: as a walk over single rows finds it, and told for units that are not there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sn.errors import SettingError
from sn.figure import figure_of
from sn.figure.fields import field_of, find_unit, unit_name
from sn.lower.recognise import lower
from sn.net import schemes
from sn.net.layer import Network
from sn.net.schemes import Link, Window
from sn.net.table import ConnectionTable, freeze
from tests.drawn import parsed, words
from tests.sample_nets import NETS, SCHEMES, family, networks, shipped
from tests.unit.test_grids import flat


def walked(table: ConnectionTable, unit: int) -> set[int]:
    """All units from which one can be reached, row by row."""
    feeding: dict[int, list[int]] = {}
    for dst, src in zip(table.dst.tolist(), table.src.tolist(), strict=True):
        feeding.setdefault(dst, []).append(src)
    found, waiting = {unit}, [unit]
    while waiting:
        for src in feeding.get(waiting.pop(), ()):
            if src not in found:
                found.add(src)
                waiting.append(src)
    return found


def check(table: ConnectionTable, unit: int) -> None:
    field = field_of(table, unit)
    assert set(np.flatnonzero(field.seen).tolist()) == walked(table, unit)
    assert set(table.dst[field.direct].tolist()) <= {unit}
    assert field.direct.stop - field.direct.start == int((table.dst == unit).sum())


@pytest.mark.parametrize("name", NETS)
def test_the_field_of_a_unit_is_what_a_walk_finds(name: str) -> None:
    table = shipped(name).table
    for layer in table.layers:
        for unit in (layer.first, layer.first + layer.size // 2, layer.first + layer.size - 1):
            check(table, unit)


@pytest.mark.parametrize("name", SCHEMES)
def test_the_field_holds_for_every_scheme(name: str) -> None:
    table = freeze(family(name))
    for unit in range(1, table.layers[-1].first + table.layers[-1].size, 3):
        check(table, unit)


@settings(deadline=None, max_examples=40)
@given(networks(), st.integers(0, 10**6))
def test_the_field_holds_for_any_net(net: Network, number: int) -> None:
    table = freeze(net)
    for layer in table.layers:
        check(table, layer.first + number % layer.size)


def test_a_figure_tells_how_much_is_seen() -> None:
    """A window of 5 x 5 on windows of 5 x 5, stride 2: 13 x 13 of the input, less the border.

    h2:3:1:2 sees rows 0 to 4 and columns 2 to 6 of maps 0 to 7: of the input rows 0 to 10 and
    columns 2 to 14.
    """
    svg = figure_of(shipped("zipcode").plan, "h2:3:1:2").svg
    told = words(svg)
    assert "what h2:3:1:2 sees" in told
    assert "201 connections of its own, 143 of 256 inputs in reach" in told
    assert "200 of 768 units seen" in told and "143 of 256 units seen" in told
    assert "5 × 5 in 8 of 12 maps" in told
    seen = [one.attrib["d"] for one in parsed(svg).iter() if one.attrib.get("class") == "seen"]
    assert sorted(d.count("M") for d in seen) == [1, 8]


def test_taps_that_lie_on_the_border_are_told() -> None:
    svg = figure_of(shipped("zipcode").plan, "h1:0:0:0").svg
    told = words(svg)
    assert "9 of 256 units seen" in told
    assert "16 connections from constant units" in told
    assert [one for one in parsed(svg).iter() if one.attrib.get("class") == "rim"]


def test_a_trained_net_shows_the_weight_of_each_tap() -> None:
    program = shipped("zipcode")
    weights = np.random.default_rng(3).normal(0, 0.4, program.table.n_weights).astype(np.float32)
    svg = figure_of(program.plan, "h2:3:1:2", weights).svg
    titles = [child.text for one in parsed(svg).iter() if one.tag.endswith("rect") for child in one]
    unit = find_unit(program.table, "h2:3:1:2")
    rows = np.flatnonzero((program.table.dst == unit) & (program.table.src != 0))
    expected = [f"{one:.4g}".replace("-", "−") for one in weights[program.table.wid[rows]].tolist()]
    assert sorted(map(str, titles)) == sorted(expected)
    (bias,) = program.table.wid[(program.table.dst == unit) & (program.table.src == 0)]
    assert f"bias {weights[bias]:.3g}".replace("-", "−") in words(svg)


def test_units_are_named_as_the_program_numbers_them() -> None:
    table = shipped("zipcode").table
    assert find_unit(table, "h2:3:1:2") == table.layers[2].first + 3 * 16 + 1 * 4 + 2
    assert find_unit(table, "output:7") == table.layers[4].first + 7
    for name in ("input:15:0", "h1:11:7:7", "h3:29"):
        assert unit_name(table, find_unit(table, name)) == name


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("ouput:1", "no layer 'ouput'", "did you mean 'output'"),
        ("h9:1", "no layer 'h9'", "input, h1, h2, h3, output"),
        ("", "no layer ''", "input, h1, h2, h3, output"),
        ("nothing-like-it", "no layer 'nothing-like-it'", "input, h1, h2, h3, output"),
        ("h2", "a unit of h2 has 3 indices, found 0", "h2:0:0:0 to h2:11:3:3"),
        ("h2:1:2", "has 3 indices, found 2", "12 x 4 x 4"),
        ("h3:1:2", "has 1 index, found 2", "h3:0 to h3:29"),
        ("h2:12:0:0", "from 0 to 11, found '12'", "h2:0:0:0 to h2:11:3:3"),
        ("h2:0:0:-1", "from 0 to 3, found '-1'", "h2:0:0:0 to h2:11:3:3"),
        ("h3:²", "from 0 to 29, found '²'", "h3:0 to h3:29"),
        ("h3:" + "9" * 5000, "from 0 to 29, found '9999", "h3:0 to h3:29"),
    ],
)
def test_a_unit_that_is_not_there_is_told_with_what_is(text: str, message: str, hint: str) -> None:
    with pytest.raises(SettingError) as raised:
        shipped("zipcode").figure(text)
    assert message in raised.value.message
    assert hint in str(raised.value.hint)
    assert len(raised.value.message) < 300


@pytest.mark.parametrize("unit", [0, 7, 31, 47])
def test_windows_of_a_shuffled_net_are_whole(unit: int) -> None:
    """Units numbered at random are drawn on the grid that the compiler found, and named as ever."""
    net = Network("shuffled")
    low, high, out = net.add_layer("in", (2, 6, 9)), net.add_layer("h", (3, 4, 4)), (3,)
    schemes.conv(net, Link(low, high), Window((3, 3), stride=(1, 2)))
    schemes.full(net, Link(high, net.add_layer("out", out)))
    table = flat(freeze(net), 5, ("in", "h"))
    plan = lower(table)
    assert not plan.is_plain
    svg = figure_of(plan, f"h:{unit}").svg
    told = words(svg)
    assert f"what h:{unit} sees" in told and "3 × 3 in 2 of 2 maps" in told
    (seen,) = [one.attrib["d"] for one in parsed(svg).iter() if one.attrib.get("class") == "seen"]
    assert seen.count("M") == 2
    expected = walked(table, table.layers[1].first + unit)
    assert f"{len(expected) - 1} of 108 units seen" in told
    # each tap of the drawn unit has the weight that the program's own rows give it
    weights = np.arange(table.n_weights, dtype=np.float32)
    of_unit = weights[table.wid[table.dst == table.layers[1].first + unit]]
    titles = [
        float(str(child.text))
        for one in parsed(figure_of(plan, f"h:{unit}", weights).svg).iter()
        if one.tag.endswith("rect")
        for child in one
    ]
    assert sorted(titles) == sorted(of_unit.tolist())
