"""The state of an engine: a record of everything that a later presentation depends on.

`to_arrays` gives the record names for a safetensors file, `from_arrays` takes it back. What an
engine expects is said by a record too, its state as it stands: names, shapes and types of numbers
of a state that it is given must be those. Read next: checkpoint.py, the state of a whole run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sn.codes import Code
from sn.display import brief, many
from sn.errors import TrainError

Array = NDArray[np.generic]
Named = Mapping[str, Array]

WEIGHTS, SLOTS, COUNTERS = "weights", "slots.", "counters."
HINT = (
    "go on with the net, the optimizer and the engine that wrote it (run.json beside it tells "
    "them), or start from its weights alone with --from (start=...)"
)
OLD_HINT = (
    "an earlier SN wrote it: go on with that version (run.json beside it tells which), or train "
    "anew"
)


@dataclass(frozen=True, slots=True, eq=False)
class EngineState:
    """Weights and what is kept beside them, in weight order; the arrays belong to the record.

    Shapes: weights: (n_weights,); slots: by name, (n_weights,) each, save the historical
    engine's "sigma", (n_rows,) in the order of its walk; counters: by name, (1,) each. Numbers
    are float32 or float64, as the engine calculates.
    """

    weights: Array
    slots: Named = field(default_factory=dict)
    counters: Named = field(default_factory=dict)

    def __repr__(self) -> str:
        beside = ", ".join(self.slots)
        return brief(f"state: {many(len(self.weights), 'weight')}{beside and ', ' + beside}")


def to_arrays(state: EngineState) -> dict[str, Array]:
    """Return the arrays of a state under the names they have in a checkpoint."""
    slots = {SLOTS + name: array for name, array in state.slots.items()}
    counters = {COUNTERS + name: array for name, array in state.counters.items()}
    return {WEIGHTS: state.weights, **slots, **counters}


def from_arrays(arrays: Named, like: EngineState) -> EngineState:
    """Return the state that `to_arrays` gave these arrays for, of the form of `like`.

    Raises: TrainError when names, shapes or types of numbers differ.
    """
    differences = _differences(arrays, to_arrays(like))
    if differences:
        is_old = any(name != WEIGHTS and not name.startswith((SLOTS, COUNTERS)) for name in arrays)
        raise TrainError(
            f"the state is not one of this net and optimizer: {'; '.join(differences)}",
            code=Code.ANOTHER_RUN,
            hint=OLD_HINT if is_old else HINT,
        )
    return EngineState(
        arrays[WEIGHTS],
        {name: arrays[SLOTS + name] for name in like.slots},
        {name: arrays[COUNTERS + name] for name in like.counters},
    )


def checked(state: EngineState, like: EngineState) -> EngineState:
    """Return a state, if it has the form of `like`.

    Raises: TrainError when names, shapes or types of numbers differ.
    """
    return from_arrays(to_arrays(state), like)


def _differences(found: Named, expected: Named) -> list[str]:
    """Say in which arrays a state is not what is expected."""
    lines = []
    for name in (*expected, *(name for name in found if name not in expected)):
        if name not in found:
            lines.append(f"expected {name} {_form(expected[name])}, found none")
        elif name not in expected:
            lines.append(f"expected no {name}, found one {_form(found[name])}")
        elif _form(found[name]) != _form(expected[name]):
            lines.append(f"expected {name} {_form(expected[name])}, found {_form(found[name])}")
    return lines


def _form(array: Array) -> str:
    """The shape and the type of numbers, for a reader: (120) float32."""
    return f"({' '.join(map(str, array.shape))}) {array.dtype}"
