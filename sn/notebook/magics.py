"""Magics: `%%sn` evaluates its cell, and trains what it describes; `%sn` gives Python a value."""

from __future__ import annotations

from typing import Any

from IPython.core.magic import Magics, line_cell_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
from IPython.display import display

from sn.errors import SnError, render
from sn.graphics.picture import pictures_of
from sn.notebook.cells import begin, cells
from sn.notebook.values import python_value, shown

WIDTH = 96  # columns of an error, as of other texts for people


class CellError(Exception):
    """An error of a cell, as people read it: place, line, caret, hint, and no trace of Python's."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._text = text

    def _render_traceback_(self) -> list[str]:
        return self._text.split("\n")


@magics_class
class SnMagics(Magics):
    """What `%load_ext sn` brings."""

    @magic_arguments()
    @argument("--run", action="store_true", help="Train the experiment that was described last.")
    @argument("--passes", type=int, help="Passes over the training set.")
    @argument("--seed", type=int, help="What weights and orders of the run come from.")
    @argument("--optimizer", help="One of the optimizers of the experiment.")
    @argument("--out", metavar="DIR", help="The folder that the run is kept in.")
    @argument("--as", dest="name", help="The name that Python gets the record of the run under.")
    @argument("--new", action="store_true", help="Forget all cells before this one.")
    @argument("--quiet", action="store_true", help="Show no value.")
    @line_cell_magic
    def sn(self, line: str, cell: str | None = None) -> Any:
        """Evaluate SN Lisp: a cell, whose last value is shown, or `%sn EXPRESSION` for Python.
        The windows that a cell draws into are shown below it.

        All cells share one session. With --run the experiment is trained, with its curves shown
        while it goes; it ends with the record of the run. `%sn --run` needs no cell.
        """
        with _told():
            if cell is None and not line.lstrip().startswith("--"):
                return self._value(line)
            return self._cell(parse_argstring(self.sn, line), cell or "")

    def _value(self, text: str) -> Any:
        here = cells()
        return python_value(here.evaluate(text, "%sn"), here.program)

    def _cell(self, options: Any, text: str) -> None:
        if options.new:
            begin()
        here = cells()
        before = dict(here.session.world.experiments)
        # the cell under way is the last of In, whatever IPython counts meanwhile
        number = len(self.shell.user_ns["In"]) - 1
        since = here.session.screen.clock
        try:
            value = here.evaluate(text, f"In[{number}]") if text else None
        finally:
            # what an error came after is seen too
            for picture in pictures_of(here.session.screen, since).values():
                display(picture)
        now = here.session.world.experiments
        wants_run = options.run or options.name
        if not (options.quiet or wants_run):
            found = shown(value, here.program, is_experiment=now != before)
            if found is not None:
                display(found)
        if wants_run:
            record = here.experiment.train(
                options.passes, options.seed, options.optimizer, folder=options.out
            )
            if options.name:
                self.shell.user_ns[options.name] = record
            if not options.quiet:
                display(record)


class _told:
    """Turn the errors of programs into those that a notebook shows without a trace."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, SnError):
            error.keep_texts(cells().session.interpreter.texts)  # no file has those of cells
            raise CellError(render(error, width=WIDTH)) from None
