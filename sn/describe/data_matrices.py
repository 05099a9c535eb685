"""Data sets as matrices, for programs that present patterns themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.builtins.matrix import FLOAT, Matrix
from sn.data.base import TEST, TRAIN, VALIDATION, Dataset, load
from sn.data.rows import TargetKind
from sn.errors import ValueKindError
from sn.lisp.calls import builtin
from sn.lisp.forms import Symbol, Value, describe, to_list
from sn.lisp.machine import Machine

_SETS = (TRAIN, VALIDATION, TEST)


@builtin("data-matrices", locked=False)
def data_matrices(it: Machine, name: Value) -> Value:
    """(data-matrices name)

    Return (patterns desired ranges) of a data set: two matrices with a row for each pattern, and
    the numbers of the first and the last row of its sets, each behind its name, in float32 as all
    units are. What is desired
    of a class is 1 at its place and -1 at the others.

    (caddr (data-matrices 'mnist-1989))
    => ((train 0 7290) (test 7291 9297))
    """
    if type(name) not in (str, Symbol):
        raise ValueKindError(f"data-matrices needs the name of a data set, found {describe(name)}")
    data = load(name if isinstance(name, str) else name.name)
    ranges, first = [], 0
    inputs, desired = [], []
    for kind in _SETS:
        if kind not in data.sets:
            continue
        part = data.sets[kind]
        inputs.append(np.asarray(part.inputs))
        desired.append(_desired(data, np.asarray(part.targets)))
        ranges.append(to_list([it.intern(kind), float(first), float(first + len(part) - 1)]))
        first += len(part)
    return to_list([_stacked(inputs), _stacked(desired), to_list(ranges)])


def _desired(data: Dataset, targets: NDArray[Any]) -> NDArray[Any]:
    """Return what the outputs should be, (n, outputs)."""
    if data.kind is TargetKind.VALUES:
        return targets
    if data.kind is TargetKind.CLASSES:
        targets = targets[:, None] == np.arange(len(data.classes))
    return np.where(targets, 1.0, -1.0)


def _stacked(parts: list[NDArray[Any]]) -> Matrix:
    return Matrix(np.concatenate(parts).astype(np.float32), FLOAT)
