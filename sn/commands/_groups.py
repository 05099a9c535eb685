"""Groups: a command of `sn` that has commands of its own, each with its summary in full.

@group("data")
def command() -> None: ...
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

# of every command; click takes them from the context, and keeps what the first context said
HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}


class Subcommands(click.Group):
    """A group whose help folds the summaries of its commands, where click would cut them."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands, each with its first sentence."""
        rows = [
            (name, self.commands[name].get_short_help_str(sys.maxsize))
            for name in self.list_commands(ctx)
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def group(name: str, **options: Any) -> Callable[[Callable[..., Any]], click.Group]:
    """Return the decorator that makes a function a group; see click.group for the options.

    It answers to -h also where it is called without `sn` before it, as tests do.
    """
    return click.group(name, cls=Subcommands, context_settings=HELP_OPTIONS, **options)
