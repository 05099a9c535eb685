"""Values: what a value of the Lisp is to Python, and what a notebook shows of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from sn.builtins.matrix import Matrix
from sn.display import html_table
from sn.errors import SnError
from sn.experiment import Experiment
from sn.lisp.forms import Pair, Symbol, Value, cells
from sn.networds import LispNet
from sn.notebook.picture import Picture, is_small, numbers_html
from sn.session import Program

DEEPEST = 100  # lists in one another; chosen here: data has three or four


def python_value(value: Value, program: Program) -> Any:
    """Return what Python calls a value: a number, a str, a list, an array, a net.

    A list of the Lisp is a list, () is None, a matrix an array that is its own, the name of a net
    the net. What Python has nothing for stays what it is, and so do lists in lists in lists beyond
    DEEPEST, and what has no end.
    """
    return _Converted(program).of(value, DEEPEST)


class _Converted:
    """The values that were converted: a list that is in several places is converted once."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._lists: dict[int, list[Any]] = {}

    def of(self, value: Value, depth: int) -> Any:
        """Return a value, whose lists may be so deep."""
        if isinstance(value, Matrix):
            return value.data.copy()
        if isinstance(value, LispNet):
            return value.net
        if isinstance(value, Symbol):
            return self._program.networks.get(value.name, value)
        if not isinstance(value, Pair) or not depth:
            return value
        found = self._lists.get(id(value))
        if found is None:
            try:
                parts = list(cells(value))
            except SnError:  # a pair that is no list, or one without an end
                return value
            # there before its elements are: one of them may be the list itself
            found = self._lists[id(value)] = []
            found.extend(self.of(one.car, depth - 1) for one in parts)
        return found


def shown(value: Value, program: Program, is_experiment: bool) -> Any:
    """Return what a notebook displays for the value of a cell, None for nothing.

    `is_experiment` says that the cell described one, whose name the value may be.
    """
    if value is None:
        return None
    if isinstance(value, Symbol) and value.name in program.networks:
        if is_experiment and value.name in program.session.world.experiments:
            return ShownExperiment(program.experiment(value.name))
        return program.networks[value.name]
    if isinstance(value, LispNet):
        return value.net
    text = program.session.interpreter.show(value)
    if isinstance(value, Matrix) and value.data.dtype != object and value.data.size:
        return ShownMatrix(value, text)
    return ShownText(text)


class ShownText:
    """A value as the Lisp prints it."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


class ShownMatrix(ShownText):
    """A matrix: a table of its numbers where it is small, else a picture."""

    def __init__(self, matrix: Matrix, text: str) -> None:
        super().__init__(text)
        self._array = np.asarray(matrix.data, np.float64)

    def _repr_html_(self) -> str:
        if is_small(self._array):
            return numbers_html(self._array)
        picture: str = Picture(self._array)._repr_html_()
        return picture


class ShownExperiment(ShownText):
    """An experiment: a table of its optimizers and what is set about each."""

    def __init__(self, experiment: Experiment) -> None:
        super().__init__(repr(experiment))
        self._experiment = experiment

    def _repr_html_(self) -> str:
        rows = [(name, repr(one)) for name, one in self._experiment.spec.optimizers.items()]
        return html_table(("optimizer", "set to"), rows, repr(self)[1:-1])
