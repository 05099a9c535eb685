"""CSV: rows of a text table, with inputs and targets by the number or the name of their columns.

Read next: tables.py for how a text becomes rows, columns.py for what a field means.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from sn.data.readers.columns import ClassColumn, FlagColumn, InputColumn, add_block
from sn.data.readers.tables import Table, read_table
from sn.data.rows import Encoding, Rows, TargetKind, reader
from sn.display import NAMES, clipped
from sn.errors import DataError, SettingError, did_you_mean
from sn.memory.files import claim

Column = int | str
Columns = tuple[Column, ...]

A_COLUMN = 1000  # bytes that a column takes besides its values, as measured
_TARGETS = ("label", "labels", "targets")


@reader("csv")
@dataclass(frozen=True, slots=True)
class Csv:
    """A text table, a row for each pattern.

    Columns are numbers from 0, negative ones from the end, or names of the header. Without
    `inputs` all columns but the targets are inputs.
    label: the column of the class; labels: columns of several labels, each yes or no; targets:
    columns of real values; categories: columns whose values are names even where they are numbers
    or such a word as ?; separator, header: None to find it out; classes: those that `label` may
    have; encodings: of the inputs of another file, to which this one is held
    """

    file: str
    inputs: Columns | None = None
    label: Column | None = None
    labels: Columns = ()
    targets: Columns = ()
    categories: Columns = ()
    separator: str | None = None
    header: bool | None = None
    classes: tuple[str, ...] | None = None
    encodings: tuple[Encoding, ...] = ()

    def __post_init__(self) -> None:
        for name in ("inputs", "labels", "targets", "categories"):
            object.__setattr__(self, name, _columns(getattr(self, name)))
        if self.classes is not None:
            object.__setattr__(self, "classes", tuple(map(str, self.classes)))
        said = [name for name in _TARGETS if getattr(self, name) not in (None, ())]
        if len(said) > 1:
            raise SettingError(
                f"targets are of one kind, found {said[0]} and {said[1]}",
                hint="label: one class of several; labels: several at once; targets: real values",
            )
        if self.separator is not None and len(self.separator) != 1:
            raise SettingError(f"a separator is one character, found {self.separator!r}")
        if self.separator in ('"', "\n", "\r", ""):
            raise SettingError("a separator is not a quote and not the end of a line")

    def held_to(self, rows: Rows) -> Csv:
        """Return the same reader, held to the classes and encodings of other rows."""
        classes = rows.classes if rows.kind is TargetKind.CLASSES else None
        return replace(self, classes=classes, encodings=rows.encodings)

    def files(self, base: Path) -> Iterator[Path]:
        """Yield what is read."""
        yield base / self.file

    def read(self, base: Path, may_miss: bool = False) -> Rows:
        """Return all rows; `file` is relative to `base`.

        Raises: DataError with line and column of what is wrong.
        """
        said = (*(self.inputs or ()), *self._desired(), *self.categories)
        names = tuple(encoding.name for encoding in self.encodings)
        header = self.header
        if header is None and any(isinstance(column, str) for column in said):
            header = True
        table = read_table(base / self.file, self.separator, header, names)
        where = _Finder(table)
        desired = [where(column) for column in self._desired()]
        if self.inputs is not None:
            indices = [where(column) for column in self.inputs]
        elif table.has_header and all(names) and 0 < len(set(names)) == len(names):
            # the other file's columns, in whatever order they come here
            indices = [where(name) for name in names]
        else:
            indices = [index for index in range(table.width) if index not in desired]
        if not indices:
            text = f"{table.file}: no column is left for the inputs"
            raise DataError(text, hint=table.more_columns())
        listed = {where(column) for column in self.categories}
        claim(A_COLUMN * table.width, f"{table.width:,} columns", table.file)
        inputs = [
            InputColumn(table, index, may_miss, index in listed, known)
            for index, known in zip(indices, self._known(table, len(indices)), strict=True)
        ]
        wanted = [self._target_column(table, index) for index in desired]
        columns = [*inputs, *wanted]
        for lines, rows in table.blocks():
            add_block(columns, rows, lines)
        return self._rows(table, inputs, wanted)

    def _desired(self) -> Columns:
        return (self.label,) if self.label is not None else self.labels or self.targets

    def _known(self, table: Table, count: int) -> list[Encoding | None]:
        """Return the encoding that each column of inputs is held to.

        Raises: DataError when the other file has more or fewer columns.
        """
        if not self.encodings:
            return [None] * count
        if len(self.encodings) != count:
            raise DataError(
                f"{table.file}: expected {len(self.encodings)} columns of inputs, as in the "
                f"training rows, found {count}",
                hint="both files need the same columns",
            )
        return list(self.encodings)

    def _target_column(self, table: Table, index: int) -> Any:
        if self.label is not None:
            return ClassColumn(table, index, self.classes)
        if self.labels:
            return FlagColumn(table, index)
        return InputColumn(table, index, must_be_number=True)

    def _rows(self, table: Table, inputs: list[InputColumn], wanted: list[Any]) -> Rows:
        encodings = tuple(column.encoding for column in inputs)
        blocks = [column.inputs() for column in inputs]
        kind, classes, targets = TargetKind.CLASSES, self.classes or (), None
        if self.label is not None:
            targets, classes = wanted[0].classes()
        elif self.labels:
            kind = TargetKind.LABELS
            targets = np.column_stack([column.flags() for column in wanted])
        elif self.targets:
            kind = TargetKind.VALUES
            targets = np.column_stack([column.inputs() for column in wanted])
        if kind is not TargetKind.CLASSES:
            classes = tuple(
                table.names[column.index] or ("" if kind is TargetKind.VALUES else str(number))
                for number, column in enumerate(wanted)
            )
        return Rows(
            np.ascontiguousarray(np.column_stack(blocks)),
            targets,
            kind,
            classes,
            _input_names(table, inputs, encodings),
            None,
            table.file,
            encodings,
        )


class _Finder:
    """Columns of a table, by number or name."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def __call__(self, column: Column) -> int:
        """Return the number of a column.

        Raises: DataError when there is none such, or two.
        """
        table = self.table
        width = table.width
        if isinstance(column, int):
            if not -width <= column < width:
                raise DataError(
                    f"{table.file}: there is no column {column}; it has {width}, from 0 to "
                    f"{width - 1}",
                    hint=table.more_columns() if width == 1 else None,
                )
            return column % width
        found = [index for index, name in enumerate(table.names) if name == column]
        if len(found) == 1:
            return found[0]
        if found:
            raise DataError(
                f"{table.file}: {len(found)} columns are called {clipped(column)!r}",
                hint=f"take one by its number: {' or '.join(map(str, found[:NAMES]))}",
            )
        known = [name for name in table.names if name]
        hint = table.more_columns() if width == 1 else None
        raise DataError(
            f"{table.file}: no column is called {clipped(column)!r}",
            hint=hint
            or did_you_mean(column, known)
            or f"it has {', '.join(repr(clipped(name)) for name in known[:20])}",
        )


def _columns(given: Column | Iterable[Column] | None) -> Columns | None:
    """Return one or several columns as a tuple."""
    if given is None:
        return None
    found = (given,) if isinstance(given, int | str) else tuple(given)
    for column in found:
        if isinstance(column, bool) or not hasattr(column, "__index__") and type(column) is not str:
            raise SettingError(
                f"a column is a number from 0 or a name of the header, found {column!r}"
            )
    return tuple(column if isinstance(column, str) else column.__index__() for column in found)


def _input_names(
    table: Table, inputs: list[InputColumn], encodings: tuple[Encoding, ...]
) -> tuple[str, ...]:
    """Return a name for each input: that of its column, with the value where it is of text."""
    names: list[str] = []
    for column, encoding in zip(inputs, encodings, strict=True):
        name = encoding.name or (str(column.index) if encoding.values else "")
        names += [f"{name}={value}" for value in encoding.values] or [name]
    return tuple(names) if any(names) else ()
