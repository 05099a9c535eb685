"""FANN: the training files of the Fast Artificial Neural Network library.

Source: the manual of FANN, fann_train_on_file: a line with the number of pairs, of inputs and of
outputs, then inputs and outputs of one pair after the other, divided by blanks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from sn.data.readers.arrays import check_kind, rows_of
from sn.data.readers.tables import decoded, is_number, shown
from sn.data.rows import Rows, TargetKind, reader
from sn.errors import DataError, Span
from sn.memory.files import claim, read_file

_WORD = re.compile(r"\S+")
_HINT = "the first line has the number of patterns, of inputs and of outputs: 4 2 1"


@reader("fann")
@dataclass(frozen=True, slots=True)
class Fann:
    """A training file of FANN; the outputs are real values, unless `kind` says more.

    kind, classes: as in arrays.py
    """

    file: str
    kind: str | None = None
    classes: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        check_kind(self.kind)

    def files(self, base: Path) -> Iterator[Path]:
        """Yield what is read."""
        yield base / self.file

    def read(self, base: Path, may_miss: bool = False) -> Rows:
        """Return all rows; `file` is relative to `base`.

        Raises: DataError with line and column of what is no number, or missing, or too much.
        """
        path = base / self.file
        text = decoded(read_file(path), path)
        words = _WORD.finditer(text)
        count, n_inputs, n_outputs = _sizes([word[0] for word in islice(words, 3)], text, path)
        need = count * (n_inputs + n_outputs)
        # each number has a letter and a blank
        claim(8 * min(need, len(text)), f"{need:,} numbers", path)
        first = islice(words, min(need, len(text)))
        values = np.fromiter((_number(word[0]) for word in first), np.float64)
        found = len(values) + sum(1 for _ in words)
        if found != need:
            raise DataError(
                f"{count:,} patterns of {n_inputs} inputs and {n_outputs} outputs are {need:,} "
                f"numbers, found {found:,}",
                span=_span(path, text, min(2 + found, 3 + need)),
                hint=_HINT,
            )
        wrong = np.flatnonzero(~np.isfinite(values))
        if len(wrong):
            place = 3 + int(wrong[0])
            word = shown(next(islice(_WORD.finditer(text), place, None))[0])
            raise DataError(f"expected a number, found {word}", span=_span(path, text, place))
        pairs = values.reshape(count, n_inputs + n_outputs)
        kind = self.kind or TargetKind.VALUES.value
        targets = pairs[:, n_inputs:]
        return rows_of(pairs[:, :n_inputs], targets, str(path), kind, self.classes)


def _sizes(words: list[str], text: str, path: Path) -> tuple[int, int, int]:
    """Return how many patterns, inputs and outputs there are.

    Raises: DataError when the file does not start with them.
    """
    if not words:
        raise DataError(f"{path} is empty", hint=_HINT)
    for place in range(3):
        word = words[place] if place < len(words) else ""
        if not (word.isascii() and word.isdigit() and len(word) < 10 and int(word)):
            found = f"found {shown(word)}" if word else "found nothing more"
            raise DataError(
                f"expected three whole numbers above 0, {found}",
                span=_span(path, text, min(place, len(words) - 1)),
                hint=_HINT,
            )
    return int(words[0]), int(words[1]), int(words[2])


def _number(word: str) -> float:
    return float(word) if is_number(word) else float("nan")


def _span(path: Path, text: str, place: int) -> Span:
    """Return where a word of the text stands; `place` counts from 0."""
    match = next(islice(_WORD.finditer(text), place, None))
    line = text.count("\n", 0, match.start()) + 1
    column = match.start() - text.rfind("\n", 0, match.start())
    return Span(str(path), line, column, line, column + len(match[0]) - 1)
