"""Demands: what the kernels of a plan will take, asked before they are made."""

from __future__ import annotations

from sn.display import many
from sn.errors import LowerError
from sn.lower.ir import Plan
from sn.memory import need

# Sections of code that are compiled at most; chosen here: LLVM hears no Ctrl-C for minutes
SECTIONS = 1000
# Bytes while kernels are made and run. Measured: 15 to 30 a connection while the text is made, 40
# of its table and plan, then its weight, descent and slots; a unit has a state for each pattern of
# a batch, for two threads, with its derivatives.
ROW, UNIT = 100, 400


def demand_kernels(plan: Plan) -> None:
    """Demand that the kernels of a plan compile in minutes, and that they and states fit.

    Raises: LowerError for too many sections of code, MemoryLimitError for too many connections.
    """
    table = plan.original
    if len(plan.nodes) > SECTIONS:
        raise LowerError(
            f"net {table.name} comes to {len(plan.nodes):,} sections of code, at most {SECTIONS:,} "
            "are compiled",
            span=plan.nodes[SECTIONS].span,
            hint="fewer and larger layers compile faster; 100 sections take half a minute",
        )
    need(
        ROW * table.n_rows + UNIT * table.n_units,
        f"the kernels of net {table.name} with {many(table.n_rows, 'connection')}",
    )
