"""List, describe and download data sets."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from sn.commands import _completion as completion
from sn.commands._groups import group
from sn.commands._tables import print_table
from sn.commands._texts import print_text, terminal_width
from sn.folding import paragraph
from sn.results.lines import json_line

if TYPE_CHECKING:
    from sn.data import Source
    from sn.data.download import Bar


@group("data")
def command() -> None:
    """List, describe and download data sets.

    SN looks for them in the folders of SN_DATA, then in the user's cache.
    """


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per data set.")
def list_(as_json: bool) -> None:
    """List the data sets and say which are here."""
    from sn.data import dataset, source  # start-up time: brings numpy

    known = [source(name) for name in dataset]
    if as_json:
        for one in known:
            print(json_line(_facts(one)))
        return
    rows = []
    for one in known:
        train, test = one.counts
        licence = one.licence.split(";")[0].split(",")[0]
        rows.append((one.name, f"{train:,}", f"{test:,}", _place(one) or "no", licence))
    print_table(("name", "train", "test", "here", "licence"), rows, right=("train", "test"))
    if any(_place(one) is None for one in known):
        print_text("\n`sn data info NAME` says how to get the ones that are not here")


@command.command()
@click.argument("name", shell_complete=completion.data_sets)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def info(name: str, as_json: bool) -> None:
    """Describe one data set and check its digits when it is here."""
    from sn.data import how_to_get, load, source  # start-up time: brings numpy

    known = source(name)
    here = load(name) if _place(known) else None
    if as_json:
        facts = _facts(known)
        if here is not None:
            facts["hash"] = here.hash
            facts["train_per_class"], facts["test_per_class"] = here.per_class()
        print(json_line(facts))
        return
    rows, cols = known.shape
    lines = [
        ("title", known.title),
        ("digits", f"{known.counts[0]:,} for training, {known.counts[1]:,} for test"),
        ("pattern", f"{rows} x {cols} values in -1 to 1, {known.classes} classes"),
        ("source", known.origin),
        ("licence", known.licence),
        ("train hash", known.hashes[0]),
        ("test hash", known.hashes[1]),
    ]
    if here is None:
        lines += [("here", "no"), ("to get it", how_to_get(known))]
    else:
        lines.append(("here", f"{_place(known)}; its digits are the right ones"))
        for part, counts in zip(("train", "test"), here.per_class(), strict=True):
            lines.append((part, " ".join(f"{label}:{n}" for label, n in enumerate(counts))))
    click.echo(known.name)
    for label, text in lines:
        print(paragraph(f"  {label:<11}", text, terminal_width(sys.stdout)))


@command.command()
@click.argument("name", shell_complete=completion.data_sets)
def get(name: str) -> None:
    """Download a data set into the user's cache, unless it is here."""
    from sn.data import get as download  # start-up time: brings numpy
    from sn.data import source  # start-up time: brings numpy

    known = source(name)
    before = _place(known)
    got = download(name, _bar)
    place = _place(known)
    print_text(f"{got} {'are already here' if before == place else 'are here now'}: {place}")


def _bar(file: str) -> Bar:
    """Return a progress bar on stderr, or one that only names the file when nobody watches."""
    if not sys.stderr.isatty():
        click.echo(f"downloading {file}", err=True)
        return _Silent()
    from rich.console import Console  # start-up time: only a download shows a bar
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn  # as above

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    return _Drawn(Progress(*columns, console=Console(stderr=True)), file)


class _Silent:
    """A bar that shows nothing."""

    total: int = 0

    def update(self, amount: int) -> None:
        """Show nothing."""

    def reset(self) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Show nothing."""


class _Drawn:
    """A bar of rich, driven by pooch: pooch sets `total`, then calls the methods."""

    def __init__(self, progress: Any, file: str) -> None:
        self._progress = progress
        self._task = progress.add_task(file, total=None)

    @property
    def total(self) -> int:
        """Bytes expected; 0 while unknown."""
        return int(self._progress.tasks[0].total or 0)

    @total.setter
    def total(self, amount: int) -> None:
        self._progress.update(self._task, total=amount or None)
        self._progress.start()

    def update(self, amount: int) -> None:
        """Show `amount` more bytes."""
        self._progress.advance(self._task, amount)

    def reset(self) -> None:
        """Show no bytes."""
        self._progress.update(self._task, completed=0)

    def close(self) -> None:
        """Leave the bar as it stands."""
        self._progress.stop()


def _place(known: Source) -> str | None:
    from sn.data import locate, where  # start-up time: brings numpy

    files = locate(known)
    return None if files is None else where(known, files)


def _facts(known: Source) -> dict[str, Any]:
    place = _place(known)
    return {
        "name": known.name,
        "title": known.title,
        "train": known.counts[0],
        "test": known.counts[1],
        "shape": list(known.shape),
        "classes": known.classes,
        "here": place is not None,
        "where": place,
        "source": known.origin,
        "licence": known.licence,
        "train_hash": known.hashes[0],
        "test_hash": known.hashes[1],
    }
