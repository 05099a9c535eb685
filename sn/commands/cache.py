"""Show, prune or clear the compiled kernels that are kept."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime

import click

from sn.cache.files import (
    LIMIT,
    MEGABYTE,
    Entry,
    cache_folder,
    entries,
    limit_bytes,
    obstacle,
    prune,
)
from sn.commands._groups import group
from sn.commands._tables import print_table
from sn.errors import SnError
from sn.results.lines import json_line

DAY = 86_400


@group("cache", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per kernel.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Show the compiled kernels that are kept, least recently used first.

    A net whose kernels are kept starts at once. They are in the folder `kernels` of SN_CACHE,
    else of the user's cache, and hold at most SN_CACHE_LIMIT megabytes, 256 by default. Equal
    nets share their kernels, under the name of the first.
    """
    if ctx.invoked_subcommand is not None:
        return
    there = _readable()
    if as_json:
        for entry in there:
            print(json_line(_facts(entry)))
        return
    now = time.time()
    columns = ("net", "size", "made", "last used")
    rows = [(_name(e), _size(e.size), _ago(now - e.made), _ago(now - e.used)) for e in there]
    if rows:
        print_table(columns, rows, right=columns[1:])
        click.echo()
    click.echo(f"{_many(there)} of at most {_size(limit_bytes())} in {cache_folder()}")


@command.command("prune")
@click.option(
    "--older-than",
    "days",
    type=click.FloatRange(min=0),
    metavar="DAYS",
    help="Remove kernels that were not used for this many days.",
)
@click.option(
    "--limit",
    type=click.FloatRange(min=0),
    metavar="MEGABYTES",
    help=f"Remove the least recently used beyond this size; by default {LIMIT}.",
)
def prune_(days: float | None, limit: float | None) -> None:
    """Remove the kernels that were not used for long."""
    allowed = limit_bytes() if limit is None else limit * MEGABYTE
    _remove(allowed, math.inf if days is None else days * DAY)


@command.command()
def clear() -> None:
    """Remove all kernels; the next run of each net compiles it again."""
    _remove(-1, math.inf)


def _remove(limit: float, unused_for: float) -> None:
    there = _readable()
    gone = prune(limit, unused_for)
    click.echo(f"removed {_many(gone)} from {cache_folder()}")
    failed = [entry for entry in there if entry not in gone and entry.path.exists()]
    if limit < 0 and failed:
        raise SnError(
            f"{_many(failed)} cannot be removed from '{cache_folder()}'",
            hint="the folder must be one that you may write to",
        )


def _readable() -> list[Entry]:
    """What is in the cache. Raises: SnError when the cache is not used, with the reason."""
    why = obstacle(cache_folder())
    if why is not None:
        raise SnError(
            f"no kernels are kept in '{cache_folder()}': {why}",
            hint="remove the folder, or set SN_CACHE to one of your own",
        )
    return entries()


def _facts(entry: Entry) -> dict[str, object]:
    return {
        "net": entry.net,
        "size": entry.size,
        "made": datetime.fromtimestamp(entry.made, UTC).isoformat(timespec="seconds"),
        "used": datetime.fromtimestamp(entry.used, UTC).isoformat(timespec="seconds"),
        "path": str(entry.path),
    }


def _name(entry: Entry) -> str:
    """The name of an entry's net on one line, whatever it is."""
    if entry.net is None:
        return "(damaged)"
    return entry.net if entry.net.isprintable() and entry.net else ascii(entry.net)


def _many(some: list[Entry]) -> str:
    """How many kernels, and how large."""
    count = f"{len(some)} kernel" if len(some) == 1 else f"{len(some)} kernels"
    return f"{count}, {_size(sum(entry.size for entry in some))}"


def _size(size: float) -> str:
    return f"{size / MEGABYTE:.1f} MB"


def _ago(seconds: float) -> str:
    """A time that passed, in its largest unit."""
    for unit, length in (("day", DAY), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"
