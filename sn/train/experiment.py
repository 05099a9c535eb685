"""Experiments: what an `experiment` form says, checked and ready to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sn.errors import SettingError, Span
from sn.limits import PASSES, Limit, check_fields, setting
from sn.net.costs import Cost
from sn.net.init import Init
from sn.optim.base import Optimizer
from sn.results.record import Reference

ORDERS = ("constant", "shuffled")
DEFAULT_TARGETS = (-1.0, 1.0)


@dataclass(frozen=True, slots=True)
class ExperimentSpec:
    """One experiment on one net. The first optimizer is the default.

    `targets` are the desired states of the wrong and the right output units; `order` is one of
    ORDERS: every pass as the file has the patterns, or a fresh random order per pass.
    `places` are where the program describes each optimizer.
    Raises: SettingError for targets or passes that no experiment can have.
    """

    net: str
    data: tuple[str, ...]
    cost: Cost
    optimizers: Mapping[str, Optimizer]
    targets: tuple[float, float] = DEFAULT_TARGETS
    init: Init = field(default_factory=Init)
    passes: int = setting(PASSES, 23)
    order: str = "constant"
    reference: Reference | None = None
    span: Span | None = None
    places: Mapping[str, Span] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_fields(self)
        check_targets(*self.targets)

    def options(self, optimizer: str) -> dict[str, Any]:
        """Return what a run's record keeps of the settings."""
        chosen = self.optimizers[optimizer]
        return {
            "optimizer": type(chosen).__name__,
            **{name: getattr(chosen, name) for name in chosen.__dataclass_fields__},
            "cost": self.cost.name,
            "targets": list(self.targets),
            "init": {"scale": self.init.scale, "law": self.init.law},
            "order": self.order,
        }


def check_targets(low: float, high: float) -> tuple[float, float]:
    """Return the targets of the wrong and the right units.

    Raises: SettingError when the right one is not the larger: a miss is counted where the largest
    output is at a wrong unit.
    """
    low, high = (Limit().take("a target", target) for target in (low, high))
    if not low < high:
        raise SettingError(
            f"the targets must be two numbers, the lower first, found {low:g} and {high:g}",
            hint="(targets LOW HIGH): wrong units should say LOW, the right one HIGH, the largest",
        )
    return low, high
