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
jobs_option = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    help="How many runs at once; as many as there are cores by default. Only times depend on it.",
)
on_option = click.option(
    "--on",
    "scheduler",
    metavar="ADDRESS",
    help="Run on the workers of a Dask scheduler instead: tcp://HOST:8786.",
)
headless_option = click.option(
    "--headless",
    type=click.Choice(HEADLESS),
    default=HEADLESS[0],
    metavar="KIND",
    help="What becomes of the program's windows: svg or png files in the folder of the run, or "
    "none.  [default: svg]",
)


def optimizer_option(says: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option `--optimizer`, whose help is what it says."""
    return click.option(
        "--optimizer", metavar="NAME", shell_complete=completion.optimizers, help=says
    )


def seeds_option(default: int, says: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option `--seeds`, how many runs from seed 0, whose help is what it says."""
    return click.option(
        "--seeds", type=click.IntRange(min=1), default=default, show_default=True, help=says
    )
