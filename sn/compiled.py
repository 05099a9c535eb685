"""Compiled: one net on its way from rows to kernels, every stage made once.

Programs and their experiments ask here, so that what `sn check` tells of a net, what is dumped of
it and what is trained are one thing.

Read next: lower/recognise.py for the plan, kernels.py for what is compiled.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sn.emit.program import KernelSource
from sn.errors import Notice
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


@dataclass(frozen=True)
class Compiled:
    """A net with its cost, and what the compiler makes of it."""

    network: Network
    cost: Loss

    @cached_property
    def table(self) -> ConnectionTable:
        """The connections, units numbered as the program numbers them."""
        return freeze(self.network)

    @cached_property
    def plan(self) -> Plan:
        """The loops found in the table, and the grids that they run over."""
        return lower(self.table)

    @cached_property
    def warnings(self) -> tuple[Notice, ...]:
        """What is odd about the net, with places in the program."""
        return loose_ends(self.table)

    def report(self) -> CheckReport:
        """Return what the net is made of, and what became of each connection."""
        return check_report(self.plan, self.cost, self.warnings)

    def source(self, rule: UpdateRule, in_batches: bool = False) -> KernelSource:
        """Return the module for an update rule, after each pattern or batch, not compiled."""
        from sn.kernels import emitted  # Numba takes half the time of `sn check` to start

        return emitted(self.plan, self.cost, rule, in_batches)

    def kernels(
        self, rule: UpdateRule, *, use_cache: bool = True, in_batches: bool = False
    ) -> Kernels:
        """Return the kernels for an update rule."""
        from sn.kernels import compile_net  # as above

        return compile_net(self.plan, self.cost, rule, use_cache=use_cache, in_batches=in_batches)

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
