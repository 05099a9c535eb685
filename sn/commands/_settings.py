"""Settings on the command line: `--set`, `--passes`, and numbers held to the limits of SN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from sn.commands import _completion as completion
from sn.errors import SettingError
from sn.limits import HEADLESS, PASSES, Limit


class Limited(click.ParamType[int | float]):
    """A number within a limit, the one that Lisp and Python are held to."""

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self.name = "integer" if limit.is_whole else "float"

    def convert(
        self, value: str | float, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | float:
        """Return the number, or fail as a usage error."""
        number: object = value
        if isinstance(value, str):
            for kind in (int, float):
                try:
                    number = kind(value)
                except ValueError:
                    continue
                break
        try:
            taken: int | float = self.limit.take("it", number)
        except SettingError as error:
            self.fail(error.message, param, ctx)
        return taken


def parse_settings(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    """Turn `name=value` words into a dict; one without `=` or name is a usage error."""
    settings = {}
    for word in values:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"'{word}' is not of the form name=value", ctx, param)
        settings[name] = value
    return settings


def settings_option(programs: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option `--set`; `programs` says whose variables are set."""
    return click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="NAME=VALUE",
        callback=parse_settings,
        help=f"Set a variable of {programs} before it is read; may be repeated.",
    )


data_option = click.option(
    "--data",
    metavar="DATA",
    shell_complete=completion.data,
    help="Train on this instead: a data set, a file, or a form: '(csv \"iris.csv\" (label 4))'.",
)
passes_option = click.option(
    "--passes", type=Limited(PASSES), help="Passes over the training set; 0 scores it untrained."
)
headless_option = click.option(
    "--headless",
    type=click.Choice(HEADLESS),
    default=HEADLESS[0],
    metavar="KIND",
    help="What becomes of the program's windows: svg or png files in the folder of the run, or "
    "none.  [default: svg]",
)
