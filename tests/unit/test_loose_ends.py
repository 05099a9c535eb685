"""Loose ends: what cannot matter in a net is told, with its place; whole nets stay quiet."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sn.net.layer import Network
from sn.net.loose_ends import loose_ends
from sn.net.schemes import Link, Window, bias, conv, full
from sn.net.table import freeze
from tests.sample_nets import FAMILIES, NETS, described, family, shipped

LAYERS = "(layer in (4 4) (border -1)) (layer h (4 4 4) (border 0)) (layer h2 (3 2 2))"
INTO, OUT = "(connect in h (conv (kernel 3 3)))", "(layer out (2)) (connect h2 out (full))"
TABLE = "(connect h h2 (conv (kernel 3 3) (stride 2 2) (maps '(%s))))"


def told(body: str) -> list[tuple[str, str]]:
    """Return each warning and the source text that it points at."""
    text = f"(defnet odd {body})"
    found = []
    for notice in loose_ends(freeze(described(text))):
        span = notice.span
        assert span is not None and notice.hint
        found.append((notice.message, text[span.column - 1 : span.end_column]))
    return found


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("(0 1) (1 2) (0 2)", "map 3 of h feeds nothing"),
        ("(0 1) (1) (0)", "maps 2 and 3 of h feed nothing"),
        ("(0 1) () (2 3)", "map 1 of h2 sees nothing"),
        ("(0 1 2 3) () ()", "maps 1 and 2 of h2 see nothing"),
    ],
)
def test_a_map_that_the_table_leaves_out_is_told(rows: str, message: str) -> None:
    statement = TABLE % rows
    assert told(f"{LAYERS} {INTO} {statement} {OUT}") == [(message, statement)]


def test_a_layer_with_two_sources_is_the_place_itself() -> None:
    layer = "(layer h2 (3 2 2))"
    tables = (TABLE % "(0 1) () (2 3)") + "(connect in h2 (conv (kernel 3 3) (maps '((0) () (0)))))"
    found = told(f"{LAYERS} {INTO} {tables.replace('(3 3)', '(2 2)')} {OUT}")
    assert ("map 1 of h2 sees nothing", layer) in found


def test_a_statement_that_connects_nothing_is_told() -> None:
    statement = "(connect in out (scheme (lambda (from to) ())))"
    layers = "(layer in (2)) (layer h (2)) (layer out (1))"
    body = f"{layers} (connect in h (full)) (connect h out (full)) {statement}"
    assert told(body) == [("in -> out makes no connections", statement)]


def test_units_that_see_only_border_are_told() -> None:
    statement = "(connect in h (conv (kernel 2 2) (offset 0 0)))"
    body = f"(layer in (4 4) (border -1)) (layer h (5 4)) (layer out (2)) {statement}"
    expected = "units 16, 17, 18 and 19 of h see only border: the first is row 4, column 0"
    assert told(f"{body} (connect h out (full))") == [(expected, statement)]


def test_numbers_of_the_pattern_that_no_window_covers_are_told() -> None:
    statement = "(connect in h (conv (kernel 2 2) (stride 2 2)))"
    body = f"(layer in (5 5)) (layer h (2 2)) (layer out (2)) {statement} (connect h out (full))"
    assert told(body) == [("9 units of in feed nothing: the first is row 0, column 4", statement)]


def test_units_of_flat_layers_are_counted_as_the_program_counts_them() -> None:
    statement = "(connect in h (scheme (lambda (from to) '((0 1) (2 1)))))"
    body = f"(layer in (3)) (layer h (3)) (layer out (1)) {statement} (connect h out (full))"
    assert told(body) == [
        ("units 0 and 2 of in feed nothing", statement),
        ("unit 1 of h sees nothing", statement),
    ]


@pytest.mark.parametrize("name", NETS)
def test_the_nets_that_come_with_sn_have_none(name: str) -> None:
    assert loose_ends(freeze(shipped(name).network)) == ()


@pytest.mark.parametrize("name", FAMILIES)
def test_border_that_units_see_beside_others_is_no_loose_end(name: str) -> None:
    messages = [notice.message for notice in loose_ends(freeze(family(name)))]
    assert not any("border" in message or "makes no" in message for message in messages)


def test_a_net_made_unit_by_unit_points_at_the_net(tmp_path: Path) -> None:
    net = described(
        "(setq a (newneurons 2)) (setq b (newneurons 2)) (connect (car a) (car b))"
        "(defnet raw (layer in (units a)) (layer out (units b)))"
    )
    found = loose_ends(freeze(net))
    assert [x.message for x in found] == [
        "unit 1 of in feeds nothing",
        "unit 1 of out sees nothing",
    ]
    assert all(x.span is not None for x in found)


def test_a_million_rows_take_some_tens_of_milliseconds() -> None:
    net = Network("large")
    src = net.add_layer("in", (4, 64, 64), border=0.0)
    h = net.add_layer("h", (10, 64, 64))
    out = net.add_layer("out", (2,))
    bias(net, h, shared=True)
    conv(net, Link(src, h), Window((3, 3)))
    full(net, Link(h, out))
    table = freeze(net)
    assert table.n_rows > 1_000_000
    best = 1.0
    for _ in range(5):
        start = time.perf_counter()
        assert loose_ends(table) == ()
        best = min(best, time.perf_counter() - start)
    # 0.02 s on a quiet core; a loop over rows takes half a second
    assert best < 0.2, best
