"""Sizes: what units and connections take, asked for before the first of them is made.

A small text can describe a net that no machine holds. Its units and connections are counted by
arithmetic alone, and the memory that the net will take on its way to kernels is asked for where
the form stands that adds them.

Read next: layer.py.
"""

from __future__ import annotations

from sn.display import many
from sn.errors import NetError, Span
from sn.memory import need

# Bytes while a net is frozen and lowered, at the highest. Measured with nets of a million
# connections: 81 to 88 (full), 81 to 120 (conv), 150 (local); 74 for a unit without connections.
CONNECTION, UNIT = 150, 75
CONSTANT = 170  # a border unit stands in two tables of Python beside
RAW = 190  # and so does a connection made by SN's own `connect`
MOST = 2**31 - 1  # units, connections and weights are numbered in int32


def demand(
    n_units: int,
    n_connections: int,
    n_constants: int = 0,
    span: Span | None = None,
    is_raw: bool = False,
) -> None:
    """Demand that a net of so many units and connections can be numbered, and fits the memory.

    `n_constants`: how many of the units are border. `is_raw`: they are made one by one.
    Raises: NetError for more than MOST of either, MemoryLimitError above the limit; at `span`.
    """
    for count, noun in ((n_units, "unit"), (n_connections, "connection")):
        if count > MOST:
            raise NetError(
                f"a net has at most {many(MOST, noun)}, this one would have {many(count, noun)}",
                span=span,
                hint="make sizes, kernels, strides or offsets smaller",
            )
    border = f", {n_constants:,} of them border," if n_constants else ""
    need(
        UNIT * n_units + CONSTANT * n_constants + (CONNECTION + RAW * is_raw) * n_connections,
        f"a net of {many(n_units, 'unit')}{border} and {many(n_connections, 'connection')}",
        span,
    )
