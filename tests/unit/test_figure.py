"""Figures of nets: no label lies on another, and what stands there is the net."""

from __future__ import annotations

import os
import signal
import threading
import time
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings

from sn import memory
from sn.errors import MemoryLimitError, SnError
from sn.figure import Figure, figure_of, net_figures, raster, side_by_side
from sn.figure.letters import fitted, folded, text_width
from sn.figure.links import drawn
from sn.lower.ir import Plan
from sn.lower.recognise import lower
from sn.net.layer import Network
from sn.net.schemes import Link, Window, bias, conv, full
from sn.net.table import freeze
from tests.drawn import labels, overlaps, parsed, words
from tests.sample_nets import ALL_KINDS, FAMILIES, NETS, described, family, networks, shipped


@cache
def plan_of(name: str) -> Plan:
    return shipped(name).plan if name in NETS else lower(freeze(family(name)))


def some_weights(plan: Plan) -> np.ndarray:
    return np.random.default_rng(1).normal(0.0, 0.3, plan.table.n_weights).astype(np.float32)


def middle_unit(plan: Plan) -> str:
    layer = plan.original.layers[-2]
    return ":".join([layer.name, *(str(size // 2) for size in layer.shape)])


@pytest.mark.parametrize("name", [*NETS, *FAMILIES])
def test_no_label_lies_on_another_or_leaves_the_picture(name: str) -> None:
    plan = plan_of(name)
    weights = some_weights(plan)
    notes = ["trained 23 passes of newton on zipcode, seed 0", "test 0.0182, 103 misses"]
    for figure in (
        figure_of(plan),
        figure_of(plan, weights=weights, notes=notes),
        figure_of(plan, middle_unit(plan)),
        figure_of(plan, middle_unit(plan), weights, notes),
    ):
        assert overlaps(figure.svg) == []
        assert len(labels(figure.svg)) >= 5


@pytest.mark.parametrize("name", [*NETS, *FAMILIES])
def test_every_connection_and_weight_is_counted_once(name: str) -> None:
    plan = plan_of(name)
    net = drawn(plan)
    others = [*net.biases.values(), *net.constants.values()]
    connections = sum(link.n_connections for link in net.links)
    weights = sum(link.n_weights for link in net.links)
    assert connections + sum(one.connections for one in others) == plan.table.n_rows
    assert weights + sum(one.weights for one in others) >= plan.table.n_weights


@settings(deadline=None, max_examples=60)
@given(networks())
def test_any_net_can_be_drawn(net: Network) -> None:
    plan = lower(freeze(net))
    for unit in (None, middle_unit(plan)):
        for weights in (None, some_weights(plan)):
            assert overlaps(figure_of(plan, unit, weights).svg) == []
    found = drawn(plan)
    counted = sum(link.n_connections for link in found.links)
    others = [*found.biases.values(), *found.constants.values()]
    assert counted + sum(one.connections for one in others) == plan.table.n_rows


def test_a_net_of_every_kind_of_node_is_drawn() -> None:
    plan = lower(freeze(described(ALL_KINDS)))
    figure = figure_of(plan, weights=some_weights(plan))
    assert overlaps(figure.svg) == []
    told = " ".join(words(figure.svg))
    assert "from h2: rows" in told and "from in: rows" in told


def test_the_counts_of_the_paper_stand_in_the_figure() -> None:
    told = words(figure_of(plan_of("zipcode")).svg)
    # LeCun et al. 1989, section 3.2 and table of the net
    for text in (
        "zipcode",
        "1,256 units, 64,660 connections, 9,760 parameters",
        "16 × 16 = 256 units",
        "12 × 8 × 8 = 768 units",
        "768 biases",
        "12 × 4 × 4 = 192 units",
        "192 biases",
        "19,200 connections",
        "300 weights",
        "38,400 connections",
        "2,400 weights",
        "5,760 connections",
        "30 units",
        "10 units",
    ):
        assert text in told


def test_biases_of_maps_are_told_with_their_units() -> None:
    told = words(figure_of(plan_of("lenet-1")).svg)
    assert "12 biases for 768 units" in told
    assert "57,600 connections" in told and "100 weights" in told


def test_windows_are_drawn_where_the_rows_say() -> None:
    net = Network("one")
    low = net.add_layer("in", (6, 8))
    high = net.add_layer("out", (4, 6))
    conv(net, Link(low, high), Window((3, 3)))
    root = parsed(figure_of(lower(freeze(net))).svg)
    seen = [one.attrib["d"] for one in root.iter() if one.attrib.get("class") == "seen"]
    # out(2, 3), in the middle, sees rows 2 to 4 and columns 3 to 5; a unit is 10 wide
    (x, y), (right, bottom) = _corners(seen[0])
    maps = [one.attrib for one in root.iter() if one.attrib.get("class") == "units"]
    (input_map,) = [one for one in maps if float(one["width"]) == 80]
    left, top = float(input_map["x"]), float(input_map["y"])
    assert (x - left, y - top, right - left, bottom - top) == (30, 20, 60, 50)


def _corners(d: str) -> tuple[tuple[float, float], tuple[float, float]]:
    start, _, rest = d.removeprefix("M").partition("H")
    x, y = map(float, start.split(" "))
    right, _, rest = rest.partition("V")
    return (x, y), (float(right), float(rest.partition("H")[0]))


def test_a_table_of_maps_has_a_square_for_each_pair() -> None:
    root = parsed(figure_of(plan_of("zipcode")).svg)
    (squares,) = [one.attrib["d"] for one in root.iter() if one.attrib.get("class") == "there"]
    assert squares.count("M") == 96
    # map 4 of h2, a column, sees maps 4 to 11 of h1, rows
    assert all(f"M4.1 {row}.1h" in squares for row in range(4, 12))
    assert not any(f"M4.1 {row}.1h" in squares for row in range(4))


def test_kernels_have_the_colours_of_their_weights() -> None:
    net = Network("one")
    low, high = net.add_layer("in", (3, 3)), net.add_layer("out", (2, 2))
    conv(net, Link(low, high), Window((2, 2)))
    weights = np.array([-2.0, 0.0, 1.0, 2.0], np.float32)
    svg = figure_of(lower(freeze(net)), weights=weights).svg
    runs = {
        one.attrib["class"]: one.attrib["d"]
        for one in parsed(svg).iter()
        if one.attrib.get("class", "").startswith("w") and "d" in one.attrib
    }
    assert runs == {
        "wn10": "M0 0h1v1h-1z",
        "w0": "M1 0h1v1h-1z",
        "w5": "M0 1h1v1h-1z",
        "w10": "M1 1h1v1h-1z",
    }
    assert "m = 2" in words(svg)


def test_a_long_row_of_units_is_folded() -> None:
    net = Network("one")
    low, high = net.add_layer("in", (1000,)), net.add_layer("out", (3,))
    full(net, Link(low, high))
    weights = np.ones(net.n_weights, np.float32)
    svg = figure_of(lower(freeze(net)), weights=weights).svg
    assert "32 units in a line" in words(svg)
    of_level = [one for one in parsed(svg).iter() if one.attrib.get("class") == "w10"]
    (taps,) = [one.attrib["d"] for one in of_level if "d" in one.attrib]
    # 1000 = 31 lines of 32 and 8
    assert taps.count("h32v1") == 3 * 31 and taps.count("h8v1") == 3


def test_of_very_many_kernels_the_first_are_shown() -> None:
    net = Network("one")
    low, high = net.add_layer("in", (100, 3, 3)), net.add_layer("h", (300, 1, 1))
    out = net.add_layer("out", (2,))
    conv(net, Link(low, high), Window((3, 3)))
    full(net, Link(high, out))
    plan = lower(freeze(net))
    svg = figure_of(plan, weights=some_weights(plan)).svg
    told = words(svg)
    # 4 taps each with what parts them: 60 pictures in 240 rows of taps, 37 of 60 x 9 in 20,000
    assert "60 of 100 rows, 37 of 300 columns shown" in told
    assert float(parsed(svg).attrib["height"]) < 1500
    assert overlaps(svg) == []


def test_the_same_net_gives_the_same_bytes() -> None:
    texts = []
    for _ in range(2):
        plan = lower(freeze(described(ALL_KINDS)))
        texts.append(figure_of(plan, weights=some_weights(plan)).svg)
    assert texts[0] == texts[1]
    assert texts[0].isascii() is False  # × and → are letters, no entities


NASTY = (
    '"><script>alert(1)</script>',
    "]]> & &amp; '",
    "a\x00b\x1b[31m\nc\u202e",
    "\ud800",
    "x" * 10_000,
    "漢字" * 500,
    "</style><script>",
)


@pytest.mark.parametrize("name", NASTY, ids=range(len(NASTY)))
def test_names_are_plain_text(name: str) -> None:
    net = Network(name)
    layers = [net.add_layer(f"{one}{name}", (3, 4, 4)) for one in "ab"]
    conv(net, Link(layers[0], layers[1]), Window((1, 1), maps=((0,), (1, 2), (0, 2))))
    plan = lower(freeze(net))
    for unit in (None, f"b{name}:1:2:3"):
        figure = figure_of(plan, unit, some_weights(plan), [name, name])
        root = parsed(figure.svg)
        assert {one.tag.rpartition("}")[2] for one in root.iter()} <= {
            *("svg", "title", "desc", "style", "rect", "g", "text", "path", "polygon"),
        }
        assert overlaps(figure.svg) == []
        assert len(figure.svg) < 100_000
        assert figure.svg.encode()
        # what a browser would refuse in XML, or obey in a line of text
        assert not any(char in figure.svg for char in "\x00\x1b\u202e\ud800")


def tower(n_layers: int, size: int) -> Network:
    net = Network("tower")
    below = net.add_layer("l0", (size,))
    for number in range(1, n_layers):
        layer = net.add_layer(f"l{number}", (size,))
        full(net, Link(below, layer))
        bias(net, layer, shared=False)
        below = layer
    return net


def test_a_net_of_hundreds_of_layers_is_summed_up() -> None:
    plan = lower(freeze(tower(300, 4)))
    start = time.process_time()
    svg = figure_of(plan, weights=some_weights(plan)).svg
    assert time.process_time() - start < 2.0
    assert len(svg) < 1_000_000
    told = words(svg)
    assert "280 layers not drawn" in told and "l10 to l289" in told
    assert overlaps(svg) == []
    assert "what l299:2 sees" in words(figure_of(plan, "l299:2").svg)


def test_a_net_of_very_many_units_is_summed_up() -> None:
    net = Network("wide")
    low = net.add_layer("in", (200, 40, 40))
    high = net.add_layer("h", (200, 20, 20))
    flat = net.add_layer("flat", (60_000,))
    conv(net, Link(low, high), Window((2, 2), stride=(2, 2), maps=tuple((n,) for n in range(200))))
    narrow = net.add_layer("out", (2,))
    full(net, Link(flat, narrow))
    plan = lower(freeze(net))
    for unit in (None, "h:199:3:4", "out:1"):
        start = time.process_time()
        svg = figure_of(plan, unit, some_weights(plan)).svg
        assert time.process_time() - start < 2.0
        assert len(svg) < 1_000_000
        assert overlaps(svg) == []
        assert float(parsed(svg).attrib["height"]) < 2000
    assert "120,000 weights, too many to show" in words(
        figure_of(plan, None, some_weights(plan)).svg
    )
    told = " ".join(words(figure_of(plan).svg))
    assert "of 200 maps drawn" in told
    assert "460,002 units" in told


def test_figures_stand_side_by_side() -> None:
    figures = net_figures([plan_of(name) for name in ("net-1", "net-3", "zipcode", "xor")])
    both = side_by_side(figures)
    assert overlaps(both.svg) == []
    told = words(both.svg)
    assert all(text in told for figure in figures for text in words(figure.svg))
    # the inputs of 16 x 16 units are equally large
    maps = [one.attrib for one in parsed(both.svg).iter() if one.attrib.get("class") == "units"]
    sides = [(one["width"], one["height"]) for one in maps if "width" in one]
    assert sides.count(("72", "72")) == 3


def test_a_figure_shows_itself_in_a_notebook() -> None:
    figure = shipped("xor").figure()
    assert figure._repr_svg_() == figure.svg
    assert repr(figure).startswith("<figure of xor: ")


def test_a_text_is_cut_to_its_room() -> None:
    assert fitted("abc", 100, 10) == "abc"
    cut = fitted("a" * 10_000, 100, 10)
    assert cut.endswith("…") and text_width(cut, 10) <= 100 < text_width(cut + "a", 10)
    assert fitted("a\nb", 100, 10) == "a\\nb"
    assert folded("one two three", text_width("one two", 10) + 0.1, 10) == ["one two", "three"]


def test_a_file_has_a_known_ending(tmp_path) -> None:
    figure: Figure = figure_of(plan_of("xor"))
    figure.save(tmp_path / "net.svg")
    assert (tmp_path / "net.svg").read_text(encoding="utf-8") == figure.svg
    with pytest.raises(SnError, match=r"\.svg or \.png, found '\.jpg'"):
        figure.save(tmp_path / "net.jpg")
    with pytest.raises(SnError, match="cannot write"):
        figure.save(tmp_path / "nowhere" / "net.svg")


def test_a_png_has_the_size_of_the_figure() -> None:
    pytest.importorskip("resvg_py")
    figure = figure_of(plan_of("xor"))
    png = figure.png(zoom=2)
    root = parsed(figure.svg)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    wide, high = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    assert (wide, high) == (2 * int(root.attrib["width"]), 2 * int(root.attrib["height"]))


def size_of(png: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(png[at : at + 4], "big") for at in (16, 20))


def test_a_large_png_is_asked_for_and_has_fewer_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("resvg_py")
    monkeypatch.setattr(raster, "MOST_PIXELS", 10_000)
    figure = Figure("large", "", (), 4000, 1000, margin=0)
    assert size_of(figure.png()) == (200, 50)
    with memory.limited(70_000), pytest.raises(MemoryLimitError, match="a PNG of 200 by 50"):
        figure.png()


def test_a_png_that_takes_long_is_made_by_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("resvg_py")
    figure = figure_of(plan_of("xor"))
    here = figure.png()
    monkeypatch.setattr(raster, "QUICK", 0)
    assert figure.png() == here
    monkeypatch.setattr(raster, "_PROGRAM", "import sys; sys.exit('it is broken')")
    with pytest.raises(SnError, match="resvg made no PNG: it is broken"):
        figure.png()


def test_ctrl_c_ends_a_png_that_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("resvg_py")
    monkeypatch.setattr(raster, "_PROGRAM", "import time; time.sleep(60)")
    monkeypatch.setattr(raster, "QUICK", 0)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    start = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            figure_of(plan_of("xor")).png()
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - start < 20


def test_without_resvg_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "resvg_py", None)
    with pytest.raises(SnError) as raised:
        figure_of(plan_of("xor")).png()
    assert "sn[draw]" in str(raised.value.hint)
