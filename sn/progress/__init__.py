"""Progress: what training shows of itself while it goes, on a terminal or in a notebook.

`with_progress` makes a method of an experiment show it, and write events for TensorBoard. What
draws is imported when it is needed: rich in terminal.py, in notebook.py what the notebook itself
has, and in events.py tensorboardX.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from sn.errors import SettingError
from sn.paths import possible
from sn.progress.drawing import Drawing, Lines, Watched


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
    False: never. Its argument `tensorboard` is a folder for events, or None.
    """

    @wraps(method)
    def shown(self: Self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        progress, folder = kwargs.get("progress"), kwargs.get("tensorboard")
        goes_on = kwargs.get("resume") is not None
        with (
            showing(self.program, progress),  # type: ignore[arg-type]  # it is checked there
            recording(self.program, folder, goes_on),
        ):
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


@contextmanager
def recording(program: Watched, folder: object, goes_on: bool) -> Iterator[None]:
    """Let the events of the block go to a folder, unless it is None.

    Raises: SettingError for what is no folder, SnError where its library is not here, TrainError
    where nothing can be written or another run has left its events.
    """
    if folder is None:
        yield
        return
    if not isinstance(folder, str | Path):
        raise SettingError(f"tensorboard must be a folder or None, found {folder!r}")
    from sn.progress.events import recorded  # only who asks for events needs it

    with recorded(program, possible(folder), goes_on):
        yield


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
