"""Serve editors: faults while one types, what words mean, completion, definitions."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys

import click

from sn.commands._settings import Limited
from sn.errors import SnError
from sn.limits import POSITIVE


@click.command("lsp")
@click.option("--stdio", is_flag=True, help="Speak over standard input and output, as always.")
@click.option(
    "--time-limit",
    type=Limited(POSITIVE),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="Stop evaluating a program after so long.",
)
def command(stdio: bool, time_limit: float) -> None:
    """Serve an editor, which starts this itself, by the language server protocol.

    A program is evaluated when it was changed, as `sn check` evaluates it, in a process of its own:
    it reads below its own folder, and nothing is written. docs/editors.md says how editors are told
    of it.
    """
    if importlib.util.find_spec("pygls") is None:
        raise SnError(
            "the language server needs pygls, which is not here", hint="pip install 'sn[lsp]'"
        )
    if sys.stdin.isatty():
        raise SnError(
            "an editor starts this command and speaks to it; a person at a terminal cannot",
            hint="docs/editors.md says how editors are told of it",
        )
    from sn.lsp.server import make_server  # an extra, and slow to import

    server = make_server(time_limit)
    # pipes of its own, which it closes; what is printed by mistake must not be among its messages
    said, heard = os.fdopen(os.dup(1), "wb"), os.fdopen(os.dup(0), "rb")
    with contextlib.redirect_stdout(sys.stderr):
        try:
            server.start_io(heard, said)
        finally:
            server.workers.kill()
