"""Tables of maps: zeros and ones, rows per source, matrices, numbers from 1 on, turned around."""

from __future__ import annotations

from collections.abc import Sequence

from sn.lisp.forms import Pair, Value, to_list
from sn.lisp.leads.writing import items, opening

Rows = list[list[float]]


def rows_of(value: Value) -> Rows | None:
    """Return a list of lists of numbers, or a matrix, as rows; None of anything else."""
    if hasattr(value, "data") and getattr(value.data, "ndim", 0) == 2:
        return [[float(one) for one in row] for row in value.data.tolist()]
    found: Rows = []
    for part in items(value, 4096) or []:
        row = items(part, 4096)
        if row is None or not all(type(one) is float for one in row):
            return None
        found.append(row)
    return found or None


def written(rows: Sequence[Sequence[float]]) -> str:
    """Return rows as a quoted table, shortened for a hint."""
    return f"'{opening(to_list(to_list(map(float, row)) for row in rows))}"


def meant(value: Value, n_src: int, n_dst: int, src: str, dst: str) -> tuple[str, str] | None:
    """Return message and hint for a table that is another's, None where it looks like ours.

    `n_src` and `n_dst` are the maps of the layers `src` and `dst`.
    """
    rows = rows_of(value)
    if rows is None:
        return None
    lengths = {len(row) for row in rows}
    entries = {entry for row in rows for entry in row}
    wanted = f"the table lists the maps of {src} by number, in a row for each map of {dst}"
    if len(lengths) == 1 and entries <= {0.0, 1.0} and lengths != {1}:
        if len(rows) == n_dst and lengths == {n_src}:
            return f"{wanted}; these are zeros and ones", _instead(_listed(rows))
        if len(rows) == n_src and lengths == {n_dst}:
            turned = [list(column) for column in zip(*rows, strict=True)]
            return f"{wanted}; these are zeros and ones for each map of {src}", _instead(
                _listed(turned)
            )
    if type(value) is not Pair:
        return f"{wanted}; this is a matrix", _instead(rows)
    if len(rows) == n_src != n_dst and entries and entries <= {*map(float, range(n_dst))}:
        turned = [
            [float(i) for i, row in enumerate(rows) if plane in row] for plane in range(n_dst)
        ]
        return (
            f"{dst} has {n_dst} maps and {src} {n_src}, the table has a row for each map of {src}",
            f"a row is for a map of {dst}; turned around: {written(turned)}",
        )
    if len(rows) == n_dst and entries == {*map(float, range(1, n_src + 1))}:
        shifted = [[entry - 1 for entry in row] for row in rows]
        return (
            f"{src} has maps 0 to {n_src - 1}, this table counts from 1 to {n_src}",
            f"maps are counted from 0: {written(shifted)}",
        )
    return None


def _listed(rows: Rows) -> Rows:
    return [[float(i) for i, entry in enumerate(row) if entry] for row in rows]


def _instead(rows: Rows) -> str:
    return f"write {written(rows)}"


def in_one(args: Sequence[Value]) -> str | None:
    """Return the hint for (maps (0 1) (1 2)): the rows in a list, behind a quote."""
    if len(args) < 2 or not all(type(part) is Pair for part in args):
        return None
    return f"the rows stand in one list, behind a quote: (maps '{opening(to_list(args))})"
