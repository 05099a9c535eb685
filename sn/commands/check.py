"""Build a network and tell what it is made of, or check its derivatives."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from sn.commands import _completion as completion
from sn.commands._diagnostics import format_option, tell_warnings
from sn.commands._parts import print_parts
from sn.commands._safety import allow_options, limit_options
from sn.commands._tables import print_table
from sn.commands._texts import print_text
from sn.results.lines import json_line
from sn.shipped import find_net

if TYPE_CHECKING:
    from sn.lisp.gate import Allow  # as below
    from sn.train.gradient_check import GradientReport  # start-up time of numba
    from sn.train.stability import Stability  # as above


@click.command("check")
@click.argument("file", shell_complete=completion.programs)
@click.option(
    "--grad", is_flag=True, help="Check gradients and curvatures; exit with 1 if one is wrong."
)
@click.option(
    "--lint",
    "looks_deep",
    is_flag=True,
    help="Look at the data too, and estimate the largest stable learning rate of sgd.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
@format_option(is_output=True)
@allow_options(writes=False)
@limit_options
def command(
    file: str, grad: bool, looks_deep: bool, as_json: bool, is_quiet: bool, allow: Allow
) -> None:
    """Build the network of FILE and list its layers and connections.

    FILE is a program in SN Lisp, or the name of a net that comes with SN. For each connection
    the report gives the loops that the compiler found in it; `rows` means that it found none
    and walks the connections one by one. What cannot matter in the net, such as a map that
    feeds nothing, is told as a warning with its place; so are classes that (order constant) shows
    one after the other, where the data is here.

    With --lint the training files are read as well, and for sgd and batch the largest curvature of
    the cost is estimated at the initial weights: steps overshoot from a rate of 2 / curvature on.

    With --grad it compares, for each connection, gradients and curvatures with differences of
    the cost and with the network of squared weights, in float64, and the compiled kernels with
    both. The columns are the largest differences, relative to the largest value.

    Nothing is written: what the program writes is kept in memory, and gone at the end.
    """
    if grad and is_quiet:
        raise click.UsageError(
            "--grad prints a table, or an object with --json; leave --format out"
        )
    path = find_net(file)
    from sn.lint import lint, streamed_notes  # start-up time of numba, which --help can do without
    from sn.session import Session  # as above

    session = Session(allow=allow)
    if not grad:
        # what the program itself prints is not for the reader of the JSON
        quiet = contextlib.redirect_stdout(sys.stderr) if as_json or is_quiet else None
        with quiet or contextlib.nullcontext():
            program = session.load(path)
            report = program.check()
        if as_json:
            whole = asdict(report)
            for warning in whole["warnings"]:
                del warning["code"]  # the fields of this report stay what they are
            print(json_line(whole))
            return
        notices, rates = lint(program.experiments, looks_deep)
        if not is_quiet:
            print_parts(report)
            if looks_deep:
                for note in streamed_notes(program.experiments):
                    print_text(note)
                _print_rates(rates)
            sys.stdout.flush()
        tell_warnings([*report.warnings, *notices])
        return
    derivatives = session.check_gradients(path)
    if as_json:
        parts = [{**asdict(part), "passes": part.passes} for part in derivatives.connections]
        whole = {"type": "gradients", **asdict(derivatives), "connections": parts}
        print(json_line({**whole, "passes": derivatives.passes}))
    else:
        _print_derivatives(derivatives)
    if not derivatives.passes:
        click.get_current_context().exit(1)


def _print_derivatives(report: GradientReport) -> None:
    print_text(f"{report.name}: gradients and curvatures, {report.patterns}\n")
    numbers = ("gradient", "curvature", "where exact", "kernels' gradient", "kernels' curvature")
    print_table(
        ("connection", "scheme", *numbers, ""),
        [
            (
                part.label,
                part.scheme,
                _size(part.gradient),
                _size(part.curvature),
                _size(part.exact_curvature),
                _size(part.kernel_gradient),
                _size(part.kernel_curvature),
                "ok" if part.passes else "WRONG",
            )
            for part in report.connections
        ],
        right=numbers,
    )
    print(f"\noutputs of the kernels: {_size(report.outputs)}")
    skipped = sum(part.skipped for part in report.connections)
    if skipped:
        print_text(f"{skipped} directions were left out, because they cross a corner of a function")
    print_text(
        f"differences may reach {_size(report.differences_tolerance)}, those of the float32 "
        f"kernels {_size(report.kernels_tolerance)}: "
        + ("all are smaller" if report.passes else "some are larger")
    )


def _print_rates(rates: list[Stability]) -> None:
    """Print what was estimated of the learning rates."""
    if not rates:
        print_text(
            "no learning rate was estimated: that takes an experiment with sgd or batch, and a net "
            "of few outputs and at most some million connections"
        )
    for one in rates:
        print_text(
            f"{one.optimizer}: rates below {one.largest_rate:.2g} are stable, the rate is "
            f"{one.rate:g}; the largest curvature is {one.curvature:.3g}, {one.source}"
        )


def _size(difference: float | None) -> str:
    return "-" if difference is None else f"{difference:.0e}" if difference else "0"
