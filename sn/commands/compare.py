"""Compare networks or optimizers over several seeds, with error bars."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sn.commands import _completion as completion
from sn.commands._comparing import Progression, at_rates, carried_out, conclude, rates_option
from sn.commands._contests import contest_of, earlier_contest
from sn.commands._diagnostics import format_option
from sn.commands._folders import Place, out_option, tensorboard_option
from sn.commands._safety import allow_options, limit_options
from sn.commands._settings import (
    Limited,
    data_option,
    jobs_option,
    on_option,
    passes_option,
    seeds_option,
    settings_option,
)
from sn.limits import POSITIVE
from sn.results.contests import ContestFolder
from sn.shipped import find_net

if TYPE_CHECKING:
    from sn.lisp.gate import Allow  # start-up time, which --help can do without


@click.command("compare")
@click.argument("files", nargs=-1, shell_complete=completion.programs)
@click.option(
    "--optimizers",
    metavar="A,B",
    shell_complete=completion.optimizers,
    help="Which optimizers take part, of each file.",
)
@seeds_option(5, "How many runs of each, from seed 0.")
@click.option(
    "--engine",
    type=click.Choice(("kernels", "jax")),
    default="kernels",
    show_default=True,
    metavar="NAME",
    help="What trains: kernels, or jax, all seeds at once in one program, for accelerators.",
)
@rates_option
@passes_option
@jobs_option
@on_option
@click.option(
    "--reach",
    type=Limited(POSITIVE),
    metavar="ERROR",
    help="Count passes until the test error is no larger; by default a published one, rounded up.",
)
@data_option
@out_option("the results")
@tensorboard_option("each run")
@click.option(
    "--resume",
    type=Place(),
    shell_complete=completion.comparisons,
    metavar="DIR",
    help="Go on with the comparison in a folder: only the runs that are missing are done.",
)
@settings_option("every program")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object per run, and one of all."
)
@format_option()
@allow_options()
@limit_options
def command(
    files: tuple[str, ...],
    optimizers: str | None,
    seeds: int,
    engine: str,
    rates: tuple[float, ...],
    passes: int | None,
    jobs: int | None,
    scheduler: str | None,
    reach: float | None,
    data: str | None,
    out: Path | None,
    tensorboard: Path | None,
    resume: Path | None,
    settings: dict[str, str],
    as_json: bool,
    allow: Allow,
) -> None:
    """Compare networks or optimizers over several seeds, with error bars.

    FILES are programs or names of nets that come with SN. One file is compared with all its
    optimizers (`sn compare zipcode`), several files with the first optimizer of each (`sn compare
    nets/zipcode*.sn`). Table, curves and figures are left in a folder, and a picture of several
    nets. One that was stopped goes on with `sn compare --resume runs/FOLDER`. What runs come to
    does not depend on where they ran; on other machines they need `pip install 'sn[sweep]'`.
    """
    if engine == "jax" and (tensorboard is not None or scheduler is not None):
        word = "--tensorboard" if scheduler is None else "--on"
        raise click.UsageError(f"{word} is for runs one by one; leave it out, or --engine jax")
    if rates and engine != "jax":
        raise click.UsageError("--rates is for nets that are trained at once, by --engine jax")
    paths = [find_net(file) for file in files]
    context = click.get_current_context()
    earlier = earlier_contest(context)
    if scheduler is not None and tensorboard is not None:
        raise click.UsageError(
            "runs on other machines leave no events here: leave out --tensorboard"
        )
    from sn import contest  # start-up time of numba, which --help can do without
    from sn.emit.streams import cores  # as above

    with contextlib.ExitStack() as stack:
        progress = stack.enter_context(Progression(as_json))
        if as_json:
            # what the programs print is not for the reader of the JSON
            stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        if earlier is None:
            words = tuple(word.strip() for word in (optimizers or "").split(",") if word.strip())
            those = contest.contenders(paths, words, settings, data, allow)
            those = at_rates(those, rates)
            entries = contest.competitors(those, passes, engine)
            kept = ContestFolder.create(out, contest_of(context.params, words, entries))
        else:
            those = contest.contenders(
                earlier.paths,
                earlier.said.optimizers,
                earlier.said.settings,
                earlier.said.data,
                allow,
                data_is_given=False,  # it may be a stranger who said it
            )
            those = at_rates(those, earlier.said.rates)
            entries = contest.competitors(those, earlier.said.passes, earlier.said.engine)
            kept = earlier.reopened(entries)
            those = earlier.as_named(those)
        stack.callback(kept.release)
        found = carried_out(those, kept, progress, jobs or cores(), tensorboard, scheduler)
    conclude(found, kept.path, as_json)
