"""Folders on the command line: where results go, and what becomes of a folder without any."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from sn.commands import _completion as completion
from sn.display import printable
from sn.errors import SnError
from sn.paths import is_folder, is_there, possible


class Place(click.ParamType[Path]):
    """The name of a file or folder, which a system can have; `kind` is what the help calls it."""

    def __init__(self, kind: str = "path") -> None:
        self.name = kind

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        """Return what a shell may offer: its own files or folders."""
        of = completion.folders if self.name == "directory" else completion.files
        return of(ctx, param, incomplete)

    def convert(
        self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """Return the path, or fail as a usage error."""
        try:
            path = possible(value)
        except SnError as error:
            self.fail(error.message, param, ctx)
        # a link that leads elsewhere is followed, and told by who writes
        if self.name == "directory" and is_there(path) and not is_folder(path):
            self.fail(f"'{printable(str(value))}' is a file, and a folder was expected", param, ctx)
        if self.name == "file" and is_folder(path):
            self.fail(f"'{printable(str(value))}' is a folder, and a file was expected", param, ctx)
        return path


def out_option(whose: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option `--out`; `whose` says of what the folder is."""
    return click.option(
        "--out",
        type=Place("directory"),
        help=f"The folder of {whose}, instead of a fresh one in runs/.",
    )


def tensorboard_option(whose: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option `--tensorboard`; `whose` says of what the events are."""
    return click.option(
        "--tensorboard",
        type=Place("directory"),
        metavar="DIR",
        help=f"Write events of {whose} there, for TensorBoard.",
    )


def remove_if_empty(folder: Path) -> None:
    """Take back a folder in which nothing was written, nor in the folders inside it."""
    with contextlib.suppress(OSError):
        for inside in folder.iterdir():
            inside.rmdir()
        folder.rmdir()
