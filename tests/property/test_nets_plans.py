"""Laws of recognition: a plan expands to its table, and depends on the rows alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sn.lower.expand import constant_class, expand
from sn.lower.ir import Plan, n_rows
from sn.lower.recognise import lower
from sn.net.layer import Network
from sn.net.table import ConnectionTable, freeze
from tests.sample_nets import FAMILIES, equal, facts, family, networks, tables

Columns = list[NDArray[np.int32]]


def sorted_rows(columns: Columns) -> NDArray[np.int32]:
    rows = np.stack(columns, axis=1)
    return rows[np.lexsort(rows.T)]


def rows_of_plan(plan: Plan) -> NDArray[np.int32]:
    parts = [expand(node, plan) for node in plan.nodes]
    return sorted_rows([np.concatenate([part[i] for part in parts]) for i in range(3)])


def rows_of_table(table: ConnectionTable) -> NDArray[np.int32]:
    """The table with constant units of one value made equal, as in `expand`."""
    return sorted_rows([table.dst, constant_class(table)[table.src], table.wid])


def interleaved(net: Network, seed: int) -> Network:
    """The same net with its connections made in another order, kept in order within a unit."""
    dst, src, wid, group = net.rows()
    order = np.random.default_rng(seed).permutation(len(dst))
    # what goes to one unit goes into its shuffled places in the old order
    order[np.argsort(dst[order], kind="stable")] = np.argsort(dst, kind="stable")
    mixed = replace(net, _rows=[])
    for row in order:
        one = slice(row, row + 1)
        mixed.connect(int(group[row]), dst[one], src[one], wid[one])
    return mixed


@pytest.mark.parametrize("name", FAMILIES)
def test_a_plan_expands_to_its_table(name: str) -> None:
    plan = lower(freeze(family(name)))
    assert np.array_equal(rows_of_plan(plan), rows_of_table(plan.original))
    assert sum(n_rows(node) for node in plan.nodes) == plan.table.n_rows


@settings(derandomize=True, deadline=None, max_examples=80)
@given(tables())
def test_the_plan_of_a_random_net_expands_to_its_table(table: ConnectionTable) -> None:
    plan = lower(table)
    assert np.array_equal(rows_of_plan(plan), rows_of_table(table))
    assert sum(n_rows(node) for node in plan.nodes) == table.n_rows


@settings(derandomize=True, deadline=None, max_examples=40)
@given(networks(), st.integers(0, 1000))
def test_interleaving_the_rows_of_different_units_changes_nothing(net: Network, seed: int) -> None:
    assert equal(lower(freeze(net)), lower(freeze(interleaved(net, seed))))


@settings(derandomize=True, deadline=None, max_examples=40)
@given(tables(), st.integers(0, 1000))
def test_weight_numbers_say_nothing(table: ConnectionTable, seed: int) -> None:
    names = np.random.default_rng(seed).permutation(table.n_weights).astype(np.int32)
    renamed = lower(replace(table, wid=names[table.wid]))
    plan = lower(table)
    assert facts(renamed) == facts(plan)
    for node, other in zip(plan.nodes, renamed.nodes, strict=True):
        assert np.array_equal(names[node.wid], other.wid)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(tables(), st.integers(0, 1000))
def test_the_order_of_a_units_rows_leaves_the_kinds(table: ConnectionTable, seed: int) -> None:
    """Which of two equal border units completes a window is free, so only kinds are compared."""
    order = np.random.default_rng(seed).permutation(table.n_rows)
    order = order[np.argsort(table.dst[order], kind="stable")]
    columns = {name: getattr(table, name)[order] for name in ("dst", "src", "wid", "group")}
    mixed = lower(replace(table, **columns))
    kinds = [(type(node), node.label, str(node)) for node in lower(table).nodes]
    assert [(type(node), node.label, str(node)) for node in mixed.nodes] == kinds
