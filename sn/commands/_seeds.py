"""Many nets at once: what `sn run --seeds` does, a comparison of one net with itself."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sn.commands._comparing import Progression, at_rates, carried_out, conclude
from sn.commands._contests import contest_of
from sn.limits import SEED
from sn.results.contests import ContestFolder
from sn.shipped import find_net

if TYPE_CHECKING:
    from sn.lisp.gate import Allow  # start-up time, which --help can do without

# What is of one run, and how the command line says it.
OF_ONE = {
    "start": "--from",
    "resume": "--resume",
    "fork": "--fork",
    "again": "--again",
    "checkpoint_every": "--checkpoint-every",
    "tensorboard": "--tensorboard",
    "confusion": "--confusion",
    "no_folder": "--no-folder",
    "fast": "--fast",
    "explain": "--explain",
}


def refuse_seeds(options: dict[str, Any]) -> None:
    """Hold the options of `sn run` to what many nets at once can do.

    Raises: click.UsageError for what they cannot, and for rates without seeds.
    """
    if options["seeds"] is None:
        if options["rates"]:
            raise click.UsageError("--rates is for many nets at once: it needs --seeds")
        return
    if options["engine"] != "jax":
        raise click.UsageError(
            "--seeds trains many nets at once, which --engine jax does; "
            "`sn compare FILE --seeds N` trains them one after the other"
        )
    if options["file"] is None:
        raise click.UsageError("Missing argument 'FILE'.")
    for name, word in OF_ONE.items():
        if options[name]:
            raise click.UsageError(f"{word} is of one run; leave it out, or leave out --seeds")


def run_seeds(options: dict[str, Any], allow: Allow) -> None:
    """Train a net from many seeds at once; leave a folder, and print means with their spread.

    Raises: SnError for a program that cannot be evaluated or trained so.
    """
    from sn import contest  # start-up time of numba, which --help can do without

    first, as_json = options["seed"] or 0, options["as_json"]
    seeds = tuple(SEED.take("seed", first + number) for number in range(options["seeds"]))
    with contextlib.ExitStack() as stack:
        progress = stack.enter_context(Progression(as_json))
        if as_json:
            # what the programs print is not for the reader of the JSON
            stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        chosen, settings, passes = options["optimizer"], options["settings"], options["passes"]
        sources = [find_net(options["file"])]
        words = () if chosen is None else (chosen,)
        those = contest.contenders(sources, words, settings, options["data"], allow)[:1]
        those = at_rates(those, options["rates"])
        entries = contest.competitors(those, passes, "jax")
        said = {**options, "files": (options["file"],), "seeds": seeds, "reach": None}
        names = (those[0].optimizer,)
        out: Path | None = options["out"]
        kept = ContestFolder.create(out, contest_of(said, names, entries))
        stack.callback(kept.release)
        found = carried_out(those, kept, progress, jobs=1)
    conclude(found, kept.path, as_json)
