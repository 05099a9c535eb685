"""Write a trained network for programs that know nothing of SN."""

from __future__ import annotations

from pathlib import Path

import click

from sn.commands import _completion as completion
from sn.commands._folders import Place
from sn.commands._texts import print_text
from sn.errors import SnError
from sn.paths import is_folder, is_there

KINDS = ("c", "js", "json", "npz", "onnx")  # NOTE(sn/export/formats.py): which is slow to import


@click.command("export")
@click.argument("run", type=Place(), shell_complete=completion.runs)
@click.option("--to", type=click.Choice(KINDS), help="The format; else what FILE ends in.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=Place(),
    help="Where to write, instead of the net's name in this folder.",
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def command(run: Path, to: str | None, output: Path | None, force: bool) -> None:
    """Write the trained network of RUN for programs that know nothing of SN.

    RUN is the folder of a run, or a file NAME.sn.safetensors. c is one file of C99 without
    libraries, js a module of JavaScript, onnx a graph for the runtimes of others; json and npz
    hold the weights by name.
    """
    if to is None:
        suffix = output.suffix.removeprefix(".") if output is not None else ""
        if suffix not in KINDS:
            raise click.UsageError(f"say what to write: --to {'|'.join(KINDS)}")
        to = suffix
    from sn.export.formats import FORMATS, exported, file_name  # start-up time of numpy
    from sn.results.arrays import write_whole  # as above
    from sn.trained.net import open_trained  # as above

    net = open_trained(run)
    target = output or Path()
    if is_folder(target):
        target = target / file_name(net, to)
    if is_there(target) and not force:
        raise SnError(
            f"'{target}' is here already and is not replaced",
            hint="give another name with -o, or --force to replace it",
        )
    content = exported(net, to)
    write_whole(target, content)
    print_text(f"{target}: {FORMATS[to].what}; {len(content):,} bytes")
