"""Compiled: one net on its way from rows to kernels, every stage made once.

Programs and their experiments ask here, so that what `sn check` tells of a net, what is dumped of
it and what is trained are one thing. Nets of equal tables can share what is made of the table, and
what is written for an update rule: who trains with many rates waits for neither again.

Read next: lower/recognise.py for the plan, kernels.py for what is compiled.
"""

from __future__ import annotations

import hashlib
import pickle
from collections import OrderedDict
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING

from sn.emit.program import KernelSource
from sn.errors import Notice
from sn.lower.demands import demand_kernels
from sn.lower.ir import Plan
from sn.lower.recognise import lower
from sn.lower.report import check_report
from sn.net.layer import Network
from sn.net.loose_ends import loose_ends
from sn.net.loss import Loss
from sn.net.table import ConnectionTable, freeze
from sn.optim.rules import UpdateRule
from sn.results.check_report import CheckReport

if TYPE_CHECKING:
    from sn.kernels import Kernels

MOST = 4  # tables that are kept; chosen here: those of the settings that a worker had last


@dataclass(frozen=True)
class Stages:
    """What the compiler makes of a table, whatever it is trained with."""

    table: ConnectionTable
    _sources: list[tuple[Loss, UpdateRule, bool, KernelSource]] = field(default_factory=list)

    @cached_property
    def plan(self) -> Plan:
        """The loops found in the table, and the grids that they run over."""
        return lower(self.table)

    @cached_property
    def warnings(self) -> tuple[Notice, ...]:
        """What is odd about the net, with places in the program."""
        return loose_ends(self.table)

    def source(self, cost: Loss, rule: UpdateRule, in_batches: bool) -> KernelSource:
        """Return the module for a cost and an update rule, whose numbers are no part of it."""
        from sn.kernels import emitted  # Numba takes half the time of `sn check` to start

        for *made, source in self._sources:
            if made == [cost, rule, in_batches]:
                return source
        source = emitted(self.plan, cost, rule, in_batches)
        self._sources.append((cost, rule, in_batches, source))
        return source


class Tables:
    """The tables that were frozen last: equal ones are one."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Stages] = OrderedDict()

    def stages(self, table: ConnectionTable) -> Stages:
        """Return what is made of a table, or of an equal one."""
        # all that it is made of, names and places included; what equal objects share may differ,
        # and then they are taken for others
        content = pickle.dumps([getattr(table, one.name) for one in fields(table)], protocol=5)
        name = hashlib.sha256(content).hexdigest()
        found = self._kept.setdefault(name, Stages(table))
        self._kept.move_to_end(name)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return found


class Nets:
    """The nets of a session by name, with what the compiler makes of each.

    With `tables` those of equal tables share it, of other sessions too.
    """

    def __init__(self, tables: Tables | None = None) -> None:
        self._tables = tables
        self._made: dict[str, Compiled] = {}

    def compiled(self, name: str, network: Network, cost: Loss) -> Compiled:
        """Return a net with its cost, made anew where either is another than before."""
        found = self._made.get(name)
        if found is None or found.network is not network or found.cost != cost:
            found = self._made[name] = Compiled(network, cost, self._tables)
        return found


@dataclass(frozen=True)
class Compiled:
    """A net with its cost, and what the compiler makes of it."""

    network: Network
    cost: Loss
    tables: Tables | None = None

    @cached_property
    def _stages(self) -> Stages:
        table = freeze(self.network)
        return Stages(table) if self.tables is None else self.tables.stages(table)

    @property
    def table(self) -> ConnectionTable:
        """The connections, units numbered as the program numbers them."""
        return self._stages.table

    @property
    def plan(self) -> Plan:
        """The loops found in the table, and the grids that they run over."""
        return self._stages.plan

    @property
    def warnings(self) -> tuple[Notice, ...]:
        """What is odd about the net, with places in the program."""
        return self._stages.warnings

    def report(self) -> CheckReport:
        """Return what the net is made of, and what became of each connection."""
        return check_report(self.plan, self.cost, self.warnings)

    def source(self, rule: UpdateRule, in_batches: bool = False) -> KernelSource:
        """Return the module for an update rule, after each pattern or batch, not compiled."""
        return self._stages.source(self.cost, rule, in_batches)

    def kernels(
        self, rule: UpdateRule, *, use_cache: bool = True, in_batches: bool = False
    ) -> Kernels:
        """Return the kernels for an update rule."""
        from sn.kernels import compile_source  # as above

        demand_kernels(self.plan)
        return compile_source(self.source(rule, in_batches), self.plan, use_cache=use_cache)

    def dump(self, stage: str, rule: UpdateRule, in_batches: bool = False) -> str:
        """Return a stage of the compiler as text, one of STAGES but the forms."""
        if stage in ("table", "plan"):
            return str(self.table if stage == "table" else self.plan)
        if stage in ("schedule", "source"):
            source = self.source(rule, in_batches)
            return str(source) if stage == "schedule" else source.text
        from sn.kernels import assembly, llvm_code  # as above

        kernels = self.kernels(rule, use_cache=False, in_batches=in_batches)
        return llvm_code(kernels) if stage == "llvm" else assembly(kernels)
