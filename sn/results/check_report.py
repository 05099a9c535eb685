"""Check reports: what a program's network is made of, before anything is trained.

The session fills one in for `sn check`; it holds plain words and numbers, ready to print.
"""

from __future__ import annotations

from dataclasses import dataclass

from sn.display import brief, html_table, many, shape_text
from sn.errors import Notice, render


@dataclass(frozen=True, slots=True)
class LayerReport:
    """One layer: its shape as (maps, rows, cols) or fewer, and what its units compute."""

    name: str
    shape: tuple[int, ...]
    units: int
    activation: str


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """What connects two layers, and what the compiler made of it.

    `label` reads `h1 -> h2`; `multiply_adds` are those of one forward presentation; `plan` names
    the loops that were found, or says why the rows are walked one by one.
    """

    label: str
    scheme: str
    connections: int
    parameters: int
    multiply_adds: int
    plan: str


@dataclass(frozen=True, slots=True)
class FormulaReport:
    """A non-linearity or cost written in Lisp: whose it is, as written, and as it is computed."""

    owner: str
    written: str
    computed: str


@dataclass(frozen=True, slots=True)
class CheckReport:
    """A whole network with its totals, as papers count them, and what is odd about it."""

    name: str
    layers: tuple[LayerReport, ...]
    connections: tuple[ConnectionReport, ...]
    total_units: int
    total_connections: int
    total_parameters: int
    formulas: tuple[FormulaReport, ...] = ()
    warnings: tuple[Notice, ...] = ()

    def __repr__(self) -> str:
        counts = (
            many(self.total_units, "unit"),
            many(self.total_connections, "connection"),
            many(self.total_parameters, "parameter"),
            *([many(len(self.warnings), "warning")] if self.warnings else []),
        )
        return brief(f"check of {self.name}: {', '.join(counts)}")

    def _repr_html_(self) -> str:
        layers = html_table(
            ("layer", "shape", "units", "non-linearity"),
            [
                (one.name, shape_text(one.shape), f"{one.units:,}", one.activation)
                for one in self.layers
            ],
            repr(self)[1:-1],
            right=("units",),
        )
        connections = html_table(
            ("from -> to", "scheme", "connections", "parameters", "compiled as"),
            [
                (one.label, one.scheme, f"{one.connections:,}", f"{one.parameters:,}", one.plan)
                for one in self.connections
            ],
            right=("connections", "parameters"),
            below=[render(warning) for warning in self.warnings],
        )
        return layers + connections
