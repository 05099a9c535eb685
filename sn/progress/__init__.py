"""Progress: the bar that training from Python shows, on a terminal or in a notebook.

`with_progress` makes a method of an experiment show one. What draws is imported when it is needed:
rich in terminal.py, and in notebook.py what the notebook itself has.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from sn.errors import SettingError
from sn.progress.drawing import Drawing, Lines
from sn.train.observer import Observer


class Watched(Protocol):
    """What runs are watched by: a program."""

    @property
    def observers(self) -> Sequence[Observer]:
        """Who watches."""
        ...

    def watch(self, *observers: Observer) -> None:
        """Let these watch, and nobody else."""
        ...


class HasProgram(Protocol):
    """An experiment, by what is asked of it here."""

    @property
    def program(self) -> Watched:
        """The program, whose observers are told of a run."""
        ...


P = ParamSpec("P")
R = TypeVar("R")
Self = TypeVar("Self", bound=HasProgram)


def with_progress(method: Callable[Concatenate[Self, P], R]) -> Callable[Concatenate[Self, P], R]:
    """Return a method that shows a bar while it runs, as its argument `progress` says.

    None: where nobody watches and there is a terminal or a notebook to draw in; True: always;
    False: never.
    """

    @wraps(method)
    def shown(self: Self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        progress = kwargs.get("progress")
        with showing(self.program, progress):  # type: ignore[arg-type]  # it is checked there
            return method(self, *args, **kwargs)

    return shown


@contextmanager
def showing(program: Watched, progress: bool | None) -> Iterator[None]:
    """Let a bar watch a program inside the block, if there is to be one.

    Raises: SettingError when `progress` is none of True, False and None.
    """
    before = tuple(program.observers)
    kind = bar_for(progress, is_watched=bool(before))
    if kind is None:
        yield
        return
    with kind() as bar:
        program.watch(*before, bar)
        try:
            yield
        finally:
            program.watch(*before)


def bar_for(progress: bool | None, is_watched: bool = False) -> type[Drawing] | None:
    """Return the kind of bar that fits where this process runs, None where none is wanted.

    Raises: SettingError when `progress` is none of True, False and None.
    """
    if not (progress is None or isinstance(progress, bool)):
        raise SettingError(f"progress must be True, False or None, found {progress!r}")
    if progress is False or (progress is None and is_watched):
        return None
    if is_notebook():
        from sn.progress.notebook import NotebookBar  # it needs a notebook

        return NotebookBar
    if sys.stderr is not None and sys.stderr.isatty():
        from sn.progress.terminal import TerminalBar  # start-up time of rich

        return TerminalBar
    return Lines if progress else None


def is_notebook() -> bool:
    """Whether this is the kernel of a notebook; IPython is looked at only if it is here already."""
    get_shell = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return get_shell is not None and getattr(get_shell(), "kernel", None) is not None
