"""Safety on the command line: what a program may do besides, how long, with how much memory."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from sn import memory
from sn.commands import _completion as completion
from sn.commands._settings import Limited
from sn.errors import SettingError
from sn.limits import POSITIVE
from sn.watchdog import Watchdog


def allow_options(writes: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that gives a command `--allow-read`, `--allow-write`, `--allow-shell`.

    The command takes them as `allow`. One that writes nothing has the first only.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def with_allow(
            *args: Any,
            allow_read: tuple[str, ...],
            allow_write: tuple[str, ...] = (),
            allow_shell: bool = False,
            **options: Any,
        ) -> Any:
            from sn.lisp.gate import Allow  # start-up time, which --help can do without

            try:
                allow = Allow(allow_read, allow_write, allow_shell)
            except SettingError as error:
                raise click.UsageError(f"{error.message}; {error.hint}") from None
            return command(*args, allow=allow, **options)

        for option in reversed(_ALLOW if writes else _ALLOW[:1]):
            with_allow = option(with_allow)
        return with_allow

    return decorate


_ALLOW = (
    click.option(
        "--allow-read",
        multiple=True,
        metavar="DIR",
        shell_complete=completion.folders,
        help="Let the program read below this folder too; may be repeated.",
    ),
    click.option(
        "--allow-write",
        multiple=True,
        metavar="DIR",
        shell_complete=completion.folders,
        help="Let the program write below this folder, not only below that of its run.",
    ),
    click.option(
        "--allow-shell", is_flag=True, help="Let the program run commands, which may do anything."
    ),
)


def limit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--time-limit` and `--memory`, which hold until it ends."""

    @functools.wraps(command)
    def within_limits(
        *args: Any, time_limit: float | None, memory_limit: int | None, **options: Any
    ) -> Any:
        with memory.limited(memory_limit), Watchdog(time_limit, memory.limit()):
            return command(*args, **options)

    return _with_limits(within_limits, "Stop after so long, as Ctrl-C would.")


def each_limit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the same for each of several things that it does.

    It takes them as `seconds`, which may be None, and `n_bytes`, and makes the watchdogs.
    """

    @functools.wraps(command)
    def within_limits(
        *args: Any, time_limit: float | None, memory_limit: int | None, **options: Any
    ) -> Any:
        with memory.limited(memory_limit):
            return command(*args, seconds=time_limit, n_bytes=memory.limit(), **options)

    return _with_limits(within_limits, "Stop each form after so long, as Ctrl-C would.")


def _with_limits(command: Callable[..., Any], time_help: str) -> Callable[..., Any]:
    options = (
        click.option("--time-limit", type=Limited(POSITIVE), metavar="SECONDS", help=time_help),
        click.option(
            "--memory",
            "memory_limit",
            metavar="SIZE",
            callback=_size,
            help="The most memory to take, as in 500M or 4G.  [default: half of what is free]",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _size(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """Return the bytes of a size, or fail as a usage error."""
    try:
        return None if value is None else memory.parse_size(value)
    except SettingError as error:
        raise click.BadParameter(error.message, ctx, param) from None
