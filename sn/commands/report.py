"""Make a page of a run, a comparison or a sweep, to look at and to send to a friend."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sn.commands import _completion as completion
from sn.commands._folders import Place
from sn.commands._safety import allow_options, limit_options
from sn.commands._texts import print_text
from sn.results.checkpoints import run_folder

if TYPE_CHECKING:
    from sn.lisp.gate import Allow  # start-up time, which --help can do without

PAGE = "report.html"


@click.command("report")
@click.argument("run", type=Place(), shell_complete=completion.runs)
@click.option(
    "--data",
    metavar="DATA",
    help="Other data: a name, a file, or a form such as '(csv \"FILE\" (label 4))'.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=Place("file"),
    help=f"Where to write the page, instead of {PAGE} in the folder.",
)
@click.option("--open", "is_opened", is_flag=True, help="Show the page in the web browser.")
@allow_options()
@limit_options
def command(
    run: Path, data: str | None, output: Path | None, is_opened: bool, allow: Allow
) -> None:
    """Make one file of HTML of RUN, to look at and to send to a friend.

    RUN is the folder of a run, of a comparison or of a sweep. The page needs nothing else and
    fetches nothing: it has the curves and the figures, of a run also the patterns that are misread,
    the kernels, and the network itself, which reads what one draws.
    """
    from sn.opened import open_run  # start-up time of numba
    from sn.page.contest import contest_page, is_contest  # as above
    from sn.page.report import run_page  # as above
    from sn.page.sweep import is_sweep, sweep_page  # as above
    from sn.results.arrays import write_whole  # as above
    from sn.session import Session  # as above

    folder = run_folder(run)
    if is_contest(folder):
        content = contest_page(folder).encode("utf-8")
    elif is_sweep(folder):
        content = sweep_page(folder).encode("utf-8")
    else:
        net = open_run(folder, allow)
        given = None if data is None else Session().read_data(data)
        content = run_page(net, folder, given).encode("utf-8")
    target = output or folder / PAGE
    write_whole(target, content)
    print_text(f"{target}: {len(content) / 1e6:.1f} MB, to be opened in a web browser")
    if is_opened:
        webbrowser.open(target.resolve().as_uri())
