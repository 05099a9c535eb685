"""Let a trained network tell what it sees in files."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sn.commands import _completion as completion
from sn.commands._folders import Place
from sn.commands._safety import limit_options
from sn.commands._tables import print_table
from sn.commands._texts import print_whole
from sn.display import printable
from sn.memory.files import read_whole
from sn.paths import possible
from sn.results.lines import json_line

if TYPE_CHECKING:
    from sn.trained.predictions import Predictions  # start-up time of numba


@click.command("predict")
@click.argument("run", type=Place(), shell_complete=completion.runs)
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", shell_complete=completion.files
)
@click.option(
    "--columns",
    metavar="LIST",
    default="",
    help="The columns of a table that are inputs: numbers from 0, ranges and names, as in 0-3,age.",
)
@click.option("--array", metavar="NAME", default="", help="Which array of an .npz file.")
@click.option(
    "--invert", is_flag=True, help="Take the dark points of pictures as the large inputs."
)
@click.option("--resize", is_flag=True, help="Bring pictures to the size that the network takes.")
@click.option("--reference", is_flag=True, help="Use the slow float64 engine, without compiling.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per pattern.")
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values with a header.")
@limit_options
def command(
    run: Path,
    files: tuple[str, ...],
    columns: str,
    array: str,
    invert: bool,
    resize: bool,
    reference: bool,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Tell the class of each pattern in FILE..., how sure the network of RUN is, and its outputs.

    RUN is the folder of a run, or a file NAME.sn.safetensors. FILE is a table of text with a row a
    pattern, with a line of names or without, an array of NumPy (.npy, .npz), or a picture of the
    size that the network takes; `-` is the standard input. Of a large array what is told of one
    part is written before the next is read.
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv are two forms of the same; give one of them")
    from sn.trained.net import open_trained  # start-up time of numba
    from sn.trained.patterns import pattern_parts, read_patterns  # as above
    from sn.trained.predictions import predictions  # as above

    net = open_trained(run)
    wanted = net.wanted(columns, array, invert, resize)
    for number, file in enumerate(files):
        if file == "-":
            content = read_whole(sys.stdin.buffer, "standard input")
            parts = iter([(0, read_patterns(content, "standard input", wanted))])
        else:
            parts = pattern_parts(possible(file), wanted)
        if len(files) > 1 and not (as_json or as_csv):
            print(("\n" if number else "") + printable(file))
        for first, patterns in parts:
            found = predictions(net, patterns, file, reference, first)
            if as_json:
                for one in found.objects():
                    print(json_line(one))
            elif as_csv:
                _write_csv(found, has_header=not (number or first))
            else:
                _print_rows(found)


def _write_csv(found: Predictions, has_header: bool) -> None:
    """Print comma-separated values; labels of one pattern are separated by semicolons."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if has_header:
        writer.writerow(["file", "row", *found.told, *found.names])
    for one in found.objects():
        cells = [";".join(one[key]) if key == "labels" else one[key] for key in found.told]
        writer.writerow([one["file"], one["row"], *cells, *one["outputs"]])
    print_whole(text.getvalue())


def _print_rows(found: Predictions) -> None:
    """Print a row a pattern, numbered from 0."""
    rows = [
        (
            str(one["row"]),
            *(_cell(one[key]) for key in found.told),
            "  ".join(f"{y:.3g}" for y in one["outputs"]),
        )
        for one in found.objects()
    ]
    outputs = f"outputs: {'  '.join(found.names)}"
    print_table(("", *found.told, outputs), rows, right=("", "confidence"))


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(value) or "none"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
