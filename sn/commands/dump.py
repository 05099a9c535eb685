"""Print a network at one stage of the compiler."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sn.commands import _completion as completion
from sn.commands._folders import Place
from sn.commands._safety import allow_options, limit_options
from sn.commands._texts import print_whole
from sn.errors import SnError
from sn.limits import STAGES
from sn.paths import encodable
from sn.shipped import find_net

if TYPE_CHECKING:
    from sn.lisp.gate import Allow  # start-up time, which --help can do without


@click.command("dump")
@click.argument("file", shell_complete=completion.programs)
@click.option(
    "--stage",
    type=click.Choice(STAGES),
    default="source",
    show_default=True,
    help="Which stage to print.",
)
@click.option(
    "-o",
    "--output",
    type=Place("file"),
    help="Write to this file instead of stdout.",
)
@allow_options(writes=False)
@limit_options
def command(file: str, stage: str, output: Path | None, allow: Allow) -> None:
    """Print what SN makes of the network of FILE at one stage.

    forms: the program as read; table: the connections, one a row; plan: the loops found in
    them; source: the generated Python; llvm and asm: what Numba makes of that.
    """
    path = find_net(file)
    from sn.session import Session  # start-up time of numba, which --help can do without

    text = Session(allow=allow).dump(path, stage)
    text = text if text.endswith("\n") else text + "\n"
    if output is None:
        print_whole(text)
        return
    try:
        output.write_text(encodable(text), encoding="utf-8")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SnError(f"cannot write '{output}': {reason}") from error
