"""Predictions: what a net says of patterns, as people and other programs read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.data.rows import TargetKind
from sn.trained.net import TrainedNet, named


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What a net says of the patterns of one file.

    outputs: (n, n_outputs) float32; names: of the outputs; answers: for each pattern the class
    or the labels that it has, None for values; confidence: (n,) for classes, else None; first: the
    number of the first of them in the file
    """

    file: str
    outputs: NDArray[np.float32]
    names: tuple[str, ...]
    answers: tuple[Any, ...] | None
    confidence: NDArray[np.float64] | None
    first: int = 0

    @property
    def told(self) -> tuple[str, ...]:
        """What is told of a pattern before its outputs."""
        if self.confidence is not None:
            return "class", "confidence"
        return () if self.answers is None else ("labels",)

    def objects(self) -> list[dict[str, Any]]:
        """Return one object for JSON a pattern; `row` counts the patterns of the file from 0."""
        found = []
        for row, outputs in enumerate(self.outputs):
            one: dict[str, Any] = {"type": "prediction", "file": self.file, "row": self.first + row}
            if self.answers is not None:
                one[self.told[0]] = self.answers[row]
            if self.confidence is not None:
                one["confidence"] = float(self.confidence[row])
            found.append({**one, "outputs": [float(y) for y in outputs]})
        return found


def _names(net: TrainedNet) -> tuple[str, ...]:
    """Return what the outputs are called: by class, label or value; by layer, where several tell
    classes; else by number.
    """
    classes, layers, count = net.about.classes, net.table.output_layers, net.table.n_outputs
    if len(classes) == count:
        return tuple(name or f"output {n}" for n, name in enumerate(classes))
    if len(layers) == 1:
        return tuple(f"output {n}" for n in range(count))
    return tuple(
        f"{layer.name} {classes[n] if layer.size == len(classes) else n}"
        for layer in layers
        for n in range(layer.size)
    )


def predictions(
    net: TrainedNet, patterns: NDArray[Any], file: str, reference: bool = False, first: int = 0
) -> Predictions:
    """Return what a net says of patterns, (n, n_inputs), that are in a file from `first` on.

    Raises: DataError for patterns that do not fit.
    """
    outputs = net.outputs(patterns, reference)
    about = net.about
    shown = _names(net)
    answers: tuple[Any, ...] | None = None
    confidence = None
    if about.kind is TargetKind.CLASSES:
        answers = tuple(named(about.classes)[net.chosen(outputs)].tolist())
        confidence = net.confidence(outputs)
    elif about.kind is TargetKind.LABELS:
        answers = tuple(
            [name for name, has in zip(shown, row, strict=True) if has] for row in net.has(outputs)
        )
    return Predictions(file, outputs, shown, answers, confidence, first)
