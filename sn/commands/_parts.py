"""Parts of a net on the terminal: its layers, its connections, its formulas."""

from __future__ import annotations

from sn.commands._tables import print_table
from sn.commands._texts import print_text
from sn.display import printable
from sn.results.check_report import CheckReport


def print_parts(report: CheckReport) -> None:
    """Print layers, connections and totals, each with what the compiler made of it."""
    print(f"{printable(report.name)}\n")
    print_table(
        ("layer", "shape", "units", "activation"),
        [
            (layer.name, " x ".join(map(str, layer.shape)), f"{layer.units:,}", layer.activation)
            for layer in report.layers
        ],
        right=("units",),
    )
    print()
    print_table(
        ("connection", "scheme", "connections", "parameters", "multiply-adds", "plan"),
        [
            (
                part.label,
                part.scheme,
                f"{part.connections:,}",
                f"{part.parameters:,}",
                f"{part.multiply_adds:,}",
                part.plan,
            )
            for part in report.connections
        ],
        right=("connections", "parameters", "multiply-adds"),
    )
    print_text(
        f"\nin all {report.total_units:,} units, {report.total_connections:,} connections, "
        f"{report.total_parameters:,} parameters"
    )
    _print_formulas(report)


def _print_formulas(report: CheckReport) -> None:
    if report.formulas:
        print()
    for part in report.formulas:
        as_computed = "" if part.computed == part.written else f", computed as {part.computed}"
        print(f"formula of {part.owner}: {part.written}{as_computed}")
