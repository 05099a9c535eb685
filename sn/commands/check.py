"""Build a network and tell what it is made of."""

from __future__ import annotations

from dataclasses import asdict

import click

from sn.commands._tables import print_table
from sn.results.lines import json_line
from sn.shipped import find_net


@click.command("check")
@click.argument("file")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
def command(file: str, as_json: bool) -> None:
    """Build the network of FILE and list its layers and connections.

    FILE is a program in SN Lisp, or the name of a net that comes with SN. For each connection
    the report gives the loops that the compiler found in it; `rows` means that it found none
    and walks the connections one by one.
    """
    path = find_net(file)
    from sn.session import Session  # start-up time of numba, which --help can do without

    report = Session().check(path)
    if as_json:
        print(json_line(asdict(report)))
        return
    print(f"{report.name}\n")
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
    print(
        f"\nin all {report.total_units:,} units, {report.total_connections:,} connections, "
        f"{report.total_parameters:,} parameters"
    )
