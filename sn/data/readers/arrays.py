"""Arrays: patterns and targets that are in memory, or that a file holds as they are.

Every reader of arrays ends here, so that the same numbers mean the same from npz, idx, matrix
files, NumPy and Lisp alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.data.readers.classes import class_names, class_order, strange_class
from sn.data.row_files import RowFile
from sn.data.rows import Rows, Stored, TargetKind, reader
from sn.display import brief
from sn.errors import DataError, SettingError
from sn.memory.files import claim

Array = NDArray[Any]

KINDS = tuple(kind.value for kind in TargetKind)


@reader("patterns")
@dataclass(frozen=True, slots=True, eq=False)
class Arrays:
    """Patterns and targets in memory: NumPy arrays, or anything that can become one.

    inputs: (n, ...) of numbers; what is behind n is the shape of a pattern
    targets: (n,) of whole numbers or strings, the classes; (n, k) of booleans, several labels at
    once; (n,) or (n, k) of other numbers, values; `kind` takes them for something else: with
    classes, the largest number of a row marks its class
    classes: the names that classes may have, or of the columns of targets
    """

    inputs: Any
    targets: Any = None
    kind: str | None = None
    classes: Sequence[str] | None = None
    place: str = ""

    def __post_init__(self) -> None:
        check_kind(self.kind)

    def __repr__(self) -> str:
        where = f" of {self.place}" if self.place else ""
        inputs, targets = (_kind_text(some) for some in (self.inputs, self.targets))
        return brief(f"arrays{where}: inputs {inputs}, targets {targets}")

    def files(self, base: Path) -> Iterator[Path]:
        """Yield nothing: the numbers are here."""
        yield from ()

    def read(self, base: Path, may_miss: bool = False) -> Rows:
        """Return the rows; nothing is read from `base`."""
        targets = None if self.targets is None else as_array(self.targets, "targets", self.place)
        inputs = as_array(self.inputs, "inputs", self.place)
        return rows_of(inputs, targets, self.place, self.kind, self.classes, may_miss)


def _kind_text(some: Any) -> str:
    """Say what something is without looking at all of it."""
    shape = getattr(some, "shape", None)
    return "none" if some is None else f"a {type(some).__name__}" if shape is None else f"{shape}"


@dataclass(frozen=True, slots=True)
class FilePair:
    """Two files, of patterns and of targets; or one, of patterns alone. What readers of it share.

    kind, classes: as in `Arrays`
    """

    inputs: str
    targets: str | None = None
    kind: str | None = None
    classes: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        check_kind(self.kind)

    def files(self, base: Path) -> Iterator[Path]:
        """Yield what is read."""
        for file in (self.inputs, self.targets):
            if file is not None:
                yield base / file

    def row_file(self, path: Path, is_inputs: bool) -> RowFile | str:
        """Return the rows of one of the files, which are not read; or why they cannot stay there.

        Raises: DataError for a file that is not what it should be.
        """
        return "it is of another kind"

    def stored(self, base: Path) -> Stored | str:
        """Return both files as rows that stay there, or which cannot, and why.

        Raises: DataError as `row_file` does.
        """
        found = []
        for path, is_inputs in zip(self.files(base), (True, False), strict=False):
            rows = self.row_file(path, is_inputs)
            if isinstance(rows, str):
                return f"{path}: {rows}"
            found.append(rows)
        return Stored(found[0], found[1] if len(found) > 1 else None, self.kind, self.classes)


def check_kind(kind: str | None) -> None:
    """Hold what a user says of targets to KINDS.

    Raises: SettingError.
    """
    if kind is not None and kind not in KINDS:
        raise SettingError(f"targets are {', '.join(KINDS[:-1])} or {KINDS[-1]}, found {kind!r}")


def as_array(given: Any, what: str, place: str) -> Array:
    """Return anything with numbers or strings in it as an array.

    Raises: DataError when NumPy makes no array of it, or one of objects.
    """
    try:
        array = np.asarray(given)
    except (ValueError, TypeError) as error:
        raise _wrong(place, f"{what} are no array: {error}") from error
    if array.dtype == object:
        flat = array.ravel().tolist()
        if all(type(item) is str for item in flat):
            return array.astype(str)
        if all(isinstance(item, bool | int | float) for item in flat):
            return np.array(flat, float).reshape(array.shape)
        raise _wrong(place, f"{what} hold neither numbers nor strings alone")
    return array


def rows_of(
    inputs: Array,
    targets: Array | None,
    place: str,
    kind: str | None = None,
    classes: Sequence[str] | None = None,
    may_miss: bool = False,
) -> Rows:
    """Return arrays as rows; see `Arrays` for what they are taken for.

    Raises: DataError when they are not that, or do not fit each other.
    """
    if inputs.ndim == 0 or not inputs.size:
        raise _wrong(place, f"expected patterns, found inputs of the shape {_by(inputs.shape)}")
    shape = inputs.shape[1:] if inputs.ndim > 2 else None
    numbers = checked_numbers(inputs.reshape(len(inputs), -1), "inputs", place, may_miss)
    if targets is None:
        return Rows(numbers, None, TargetKind.CLASSES, tuple(classes or ()), (), shape, place)
    if targets.ndim not in (1, 2) or not targets.size:
        raise _wrong(place, f"expected one target or one row of them for each pattern, found "
                     f"targets of the shape {_by(targets.shape)}")  # fmt: skip
    if len(targets) != len(numbers):
        raise _wrong(
            place,
            f"expected one target for each pattern, found {len(numbers):,} patterns and "
            f"{len(targets):,} targets",
        )
    meant = TargetKind(kind) if kind is not None else usual_kind(targets)
    found, names = targets_of(targets, meant, place, classes)
    return Rows(numbers, found, meant, names, (), shape, place)


def targets_of(
    targets: Array,
    kind: TargetKind,
    place: str,
    classes: Sequence[str] | None = None,
    first: int = 0,
) -> tuple[Array, tuple[str, ...]]:
    """Return targets of a kind, and their names; `first` is the number of their first row.

    Raises: DataError for what are no such targets.
    """
    if kind is TargetKind.CLASSES:
        return _classes(targets, place, classes)
    return (_labels if kind is TargetKind.LABELS else _values)(targets, place, classes, first)


def usual_kind(targets: Array) -> TargetKind:
    """Return what targets are taken for unless the user says more; see `Arrays`."""
    is_flat = targets.ndim == 1
    if targets.dtype.kind in "US" or (is_flat and targets.dtype.kind in "biu"):
        return TargetKind.CLASSES
    return TargetKind.LABELS if targets.dtype == bool else TargetKind.VALUES


def usual_kind_of_numbers(targets: Array) -> str | None:
    """Return what targets are taken for where whole numbers have no type of their own."""
    is_whole = (
        targets.ndim == 1
        and targets.dtype.kind == "f"
        and bool((np.isfinite(targets) & (targets == np.floor(targets))).all())
    )
    return TargetKind.CLASSES.value if is_whole else None


def checked_numbers(
    values: Array, what: str, place: str, may_miss: bool = False, first: int = 0
) -> NDArray[np.float32]:
    """Return (n, k) numbers as float32 in C order; NaN only where values `may_miss`.

    `first` is the number of the first row.
    Raises: DataError with row and column of what is no finite number, or too large for float32.
    """
    if values.dtype.kind not in "biuf":
        raise _wrong(place, f"expected {what} as numbers, found {_kind(values)}")
    claim(5 * values.size, f"{values.size:,} {what}", place or "arrays")
    with np.errstate(over="ignore", invalid="ignore"):
        found = np.ascontiguousarray(values, np.float32)
    wrong = np.isinf(found) if may_miss else ~np.isfinite(found)
    if not wrong.any():
        return found
    row, column = (int(index) for index in np.argwhere(wrong)[0])
    value, hint = values[row, column], None
    if np.isnan(value):
        hint = "(missing mean) fills it with the mean of its column" if what == "inputs" else None
    elif np.isfinite(value):
        hint = "numbers are kept in 32 bits, up to 3.4e38"
    raise _wrong(
        place,
        f"expected finite numbers as {what}, found {float(value):g} in row {first + row}, column "
        f"{column}, both counted from 0",
        hint,
    )


def _classes(
    targets: Array, place: str, known: Sequence[str] | None
) -> tuple[Array, tuple[str, ...]]:
    """Return class numbers (n,) int32 and the names of the classes."""
    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    if targets.ndim == 2:
        return _marked(targets, place, known)
    if targets.dtype.kind == "S":
        targets = np.char.decode(targets, "utf-8", "replace")
    if targets.dtype.kind == "f":
        whole = targets == np.floor(targets)
        if not whole.all():
            row = int(np.argmin(whole))
            text = f"expected whole numbers as classes, found {targets[row]:g} in row {row}"
            raise _wrong(place, text, "(kind values) takes them for real values")
        is_small = abs(targets) < 2**53
        if not is_small.all():
            row = int(np.argmin(is_small))
            text = f"expected whole numbers below 2^53 as classes, found {targets[row]:g}"
            raise _wrong(place, f"{text} in row {row}")
        targets = targets.astype(np.int64)
    elif targets.dtype == bool:
        targets = targets.astype(np.int64)
    elif targets.dtype.kind not in "iuU":
        raise _wrong(place, f"expected classes as whole numbers or strings, found {_kind(targets)}")
    values, places = np.unique(targets, return_inverse=True)
    found = class_names(str(value) for value in values.tolist())
    names = class_order(set(found)) if known is None else tuple(known)
    number_of = {name: number for number, name in enumerate(names)}
    for value, name in enumerate(found):
        if name not in number_of:
            row = int(np.argmax(places == value))
            raise _wrong(place, *strange_class(name, names, f" in row {row}"))
    numbers = np.array([number_of[name] for name in found], np.int32)
    return numbers[places], names


def _marked(
    targets: Array, place: str, known: Sequence[str] | None
) -> tuple[Array, tuple[str, ...]]:
    """Return the classes of rows in which the largest number marks the right one."""
    if targets.dtype.kind not in "biuf":
        raise _wrong(place, f"expected one class for each pattern, found {_by(targets.shape)}")
    numbers = targets.argmax(axis=1)
    is_largest = targets == targets.max(axis=1, keepdims=True)
    twice = np.flatnonzero(is_largest.sum(axis=1) != 1)
    if len(twice):
        text = f"expected one largest number in each row of targets, row {twice[0]} has none alone"
        raise _wrong(place, text, "(kind labels) takes several labels at once")
    return numbers.astype(np.int32), _column_names(targets.shape[1], place, known, "number")


def _labels(
    targets: Array, place: str, known: Sequence[str] | None, first: int = 0
) -> tuple[Array, tuple[str, ...]]:
    """Return labels (n, k) bool and their names; 1 is yes, 0 or -1 is no."""
    rows = targets.reshape(len(targets), -1)
    if rows.dtype.kind not in "biuf":
        raise _wrong(place, f"expected labels as 0 and 1, found {_kind(rows)}")
    if rows.dtype != bool:
        strange = ~np.isin(rows, (-1, 0, 1))
        if strange.any():
            row, column = (int(index) for index in np.argwhere(strange)[0])
            found = f"found {rows[row, column]:g} in row {first + row}, column {column}"
            raise _wrong(place, f"expected labels as 1 for yes and 0 or -1 for no, {found}")
    return rows > 0, _column_names(rows.shape[1], place, known, "number")


def _values(
    targets: Array, place: str, known: Sequence[str] | None, first: int = 0
) -> tuple[Array, tuple[str, ...]]:
    """Return values (n, k) float32 and their names, which may be empty."""
    rows = targets.reshape(len(targets), -1)
    return (
        checked_numbers(rows, "targets", place, first=first),
        _column_names(rows.shape[1], place, known, "empty"),
    )


def _column_names(
    count: int, place: str, known: Sequence[str] | None, otherwise: str
) -> tuple[str, ...]:
    if known is None:
        return tuple(str(number) if otherwise == "number" else "" for number in range(count))
    if len(known) != count:
        raise _wrong(
            place, f"expected a name for each of {count} columns of targets, found {len(known)}"
        )
    return tuple(known)


def _kind(array: Array) -> str:
    words = {"U": "text", "S": "text", "c": "complex numbers", "M": "dates", "m": "durations"}
    return words.get(array.dtype.kind, str(array.dtype))


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "one number"


def _wrong(place: str, text: str, hint: str | None = None) -> DataError:
    return DataError(f"{place}: {text}" if place else text, hint=hint)
