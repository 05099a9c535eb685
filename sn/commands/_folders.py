"""Folders on the command line: where results go, and what becomes of a folder without any."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click


def out_option(whose: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option `--out`; `whose` says of what the folder is."""
    return click.option(
        "--out",
        type=click.Path(file_okay=False, path_type=Path),
        help=f"The folder of {whose}, instead of a fresh one in runs/.",
    )


def remove_if_empty(folder: Path) -> None:
    """Take back a folder in which nothing was written."""
    with contextlib.suppress(OSError):
        folder.rmdir()
