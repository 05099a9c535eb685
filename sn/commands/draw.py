"""Draw a network, or what one of its units sees, as a figure."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sn.commands import _completion as completion
from sn.commands._folders import Place
from sn.commands._safety import allow_options, limit_options
from sn.commands._texts import print_whole, terminal_width
from sn.paths import is_folder, possible
from sn.shipped import find_net

if TYPE_CHECKING:
    from sn.figure.picture import Figure  # start-up time, which --help can do without
    from sn.lisp.gate import Allow  # as above

SUFFIXES = (".svg", ".png")
TRAINED = ".sn.safetensors"


class FigureFile(Place):
    """The name of a file that a figure is written to."""

    def convert(
        self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """Return the path, or fail as a usage error."""
        path = super().convert(value, param, ctx)
        if path.suffix.lower() not in SUFFIXES:
            self.fail(f"expected the name of an .svg or .png, found '{path}'", param, ctx)
        return path


@click.command("draw")
@click.argument("file", shell_complete=completion.programs)
@click.option(
    "-o",
    "--output",
    type=FigureFile("file"),
    help="Write to this file, NAME.svg or NAME.png, instead of stdout.",
)
@click.option(
    "--unit",
    metavar="LAYER:INDEX...",
    help="Draw what one unit sees, such as h2:3:1:2: the map, row and column, each from 0.",
)
@allow_options(writes=False)
@limit_options
def command(file: str, output: Path | None, unit: str | None, allow: Allow) -> None:
    """Draw the network of FILE as a figure in SVG or PNG.

    FILE is a program in SN Lisp, the name of a net that comes with SN, the folder of a run, or a
    file NAME.sn.safetensors; of a trained network the kernels are shown too. Outputs are at the top
    and inputs at the bottom, each layer as its maps, to one scale. Of each layer one unit is
    shown with the window that it sees in the layer below, and beside it how many connections and
    weights lead there. Below stand the tables of maps.

    With --unit the figure shows all that one unit sees, through all layers down to the input.

    An SVG follows the reader's choice of light or dark; a PNG is light, and needs sn[draw].
    """
    if output is None and terminal_width(sys.stdout) is not None:
        raise click.UsageError("say where the figure goes: `-o net.svg`, `-o net.png`, `> net.svg`")
    if output is None:
        # what the program prints is no part of the picture
        with contextlib.redirect_stdout(sys.stderr):
            figure = _figure(file, unit, allow)
        print_whole(figure.svg)
    else:
        _figure(file, unit, allow).save(output)


def _figure(file: str, unit: str | None, allow: Allow) -> Figure:
    path = possible(file)
    if is_folder(path) or path.name.endswith(TRAINED):
        from sn.trained.net import open_trained  # start-up time of numpy

        return open_trained(path).figure(unit)
    path = find_net(file)
    from sn.session import Session  # as above

    return Session(allow=allow).load(path).figure(unit)
