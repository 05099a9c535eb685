"""List the networks that come with SN, or copy one."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from sn.commands import _completion as completion
from sn.commands._folders import Place
from sn.commands._groups import group
from sn.commands._tables import print_table
from sn.commands._texts import print_text
from sn.errors import SnError
from sn.paths import is_folder, is_there
from sn.results.lines import json_line
from sn.shipped import shipped_net, shipped_nets


@group("nets", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per net.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """List the networks that come with SN: `sn run NAME` trains one."""
    if ctx.invoked_subcommand is not None:
        return
    nets = shipped_nets()
    if as_json:
        for net in nets:
            print(json_line({"name": net.name, "title": net.title, "path": str(net.path)}))
        return
    print_table(("net", "what it is"), [(net.name, net.title) for net in nets])


@command.command("copy")
@click.argument("name", shell_complete=completion.nets)
@click.argument("destination", required=False, type=Place())
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def copy(name: str, destination: Path | None, force: bool) -> None:
    """Copy the net NAME to DESTINATION, a file or a folder; here by default."""
    net = shipped_net(name.removesuffix(".sn"))
    target = destination or Path(".")
    if is_folder(target):
        target = target / net.path.name
    if is_there(target) and not force:
        raise SnError(
            f"'{target}' is here already and is not replaced",
            hint="give another name, or --force to replace it",
        )
    if is_there(target) and target.samefile(net.path):
        raise SnError(f"'{target}' is the net that comes with SN itself")
    try:
        shutil.copyfile(net.path, target)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SnError(f"cannot write '{target}': {reason}") from error
    print_text(f"{target} is yours to edit; `sn run {target}` trains it")
