"""Optimizers: from the settings in a file to the update rule whose kernels trained the net.

Kernels that only evaluate need no rule; but those of the rule of the training may be in the cache.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from sn.errors import SettingError
from sn.optim import adaptive, conjugate, first_order, second_order  # noqa: F401 - they register
from sn.optim.base import Optimizer, optimizer
from sn.optim.rules import RuleSpec, UpdateRule


def rule_of(options: Mapping[str, Any]) -> UpdateRule:
    """Return what the kernels of a run did to a weight; of settings that say nothing, plain sgd."""
    phases = options.get("phases")
    if isinstance(phases, Mapping) and phases:
        last = list(phases.values())[-1]
        options = last if isinstance(last, Mapping) else {}
    known = {entry.value.__name__: entry.value for entry in optimizer.describe()}
    kind = known.get(str(options.get("optimizer")))
    if kind is None:
        return RuleSpec()
    fields = {one.name: one for one in dataclasses.fields(kind) if one.name != "schedules"}
    try:
        return _made(kind, {n: _value(fields[n], v) for n, v in options.items() if n in fields})
    except (SettingError, TypeError, ValueError):
        return RuleSpec()


def _made(kind: type[Optimizer], values: Mapping[str, Any]) -> UpdateRule:
    return kind(**values).phases.present


def _value(field: dataclasses.Field[Any], value: Any) -> Any:
    default = field.default
    return type(default)(value) if isinstance(default, StrEnum) else value
