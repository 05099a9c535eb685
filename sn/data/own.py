"""Own data: from the rows of a user's files to sets that a network can train on.

A reader gives all rows; here they are cut, split into sets, filled and scaled. What is learnt for
that, is learnt on the training set alone. Read next: rows.py for readers, scaling.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from sn.data.base import TEST, TRAIN, VALIDATION, Dataset, NamedData, Part, dataset
from sn.data.blocks import Streaming
from sn.data.readers.arrays import Arrays
from sn.data.rows import Encoding, Reader, Rows, TargetKind, held_to
from sn.data.scaling import STANDARD, Scale, Scaling, learn, learn_from
from sn.data.streamed import Streamed
from sn.data.streaming import Surveyor, ends_of, part_of, read_whole, rows_of, stored
from sn.display import brief, clipped, listed
from sn.errors import DataError, SettingError
from sn.limits import SEED, Limit, check_fields, setting
from sn.memory.files import claim

LEARNING = 20  # bytes for an input while scales are learnt, as measured
SHARE = Limit(0, 1)
EVERY = Limit(2, is_whole=True)


@dataclass(frozen=True, slots=True)
class Shares:
    """How rows are divided into sets: shares of 1, fixed by the seed, the same for each class.

    What the shares leave is for training, unless `train` says less. With `every`, every n-th row
    is for the test instead.
    """

    train: float | None = setting(SHARE, None)
    validation: float = setting(SHARE, 0.0)
    test: float = setting(SHARE, 0.0)
    seed: int = setting(SEED, 0)
    every: int | None = setting(EVERY, None)

    def __post_init__(self) -> None:
        check_fields(self)
        total = (self.train or 0.0) + self.validation + self.test
        if total > 1 + 1e-9:
            raise SettingError(
                f"the shares of a split are {total:g} together, more than all rows",
                hint="(split (train 0.8) (validation 0.1) (test 0.1))",
            )

    def indices(self, count: int, classes: NDArray[Any] | None) -> dict[str, NDArray[np.int64]]:
        """Return which rows each set has, ascending; `classes` (count,) are dealt out evenly."""
        if self.every is not None:
            is_test = np.arange(1, count + 1) % self.every == 0
            return {TRAIN: np.flatnonzero(~is_test), TEST: np.flatnonzero(is_test)}
        stream = np.random.Generator(np.random.Philox(key=self.seed))
        order = stream.permutation(count)
        if classes is not None:
            order = _dealt(order, classes)
        sizes = {
            VALIDATION: round(self.validation * count),
            TEST: round(self.test * count),
        }
        rest = count - sum(sizes.values())
        sizes[TRAIN] = rest if self.train is None else min(rest, round(self.train * count))
        found, first = {}, 0
        for name in (TRAIN, VALIDATION, TEST):
            found[name] = np.sort(order[first : first + sizes[name]])
            first += sizes[name]
        return {name: rows for name, rows in found.items() if name == TRAIN or len(rows)}


def _dealt(order: NDArray[np.int64], classes: NDArray[Any]) -> NDArray[np.int64]:
    """Return an order in which every stretch has the classes in the shares they have overall."""
    place = np.empty(len(order))
    for one in np.unique(classes):
        members = np.flatnonzero(classes[order] == one)
        place[members] = (np.arange(len(members)) + 0.5) / len(members)
    return order[np.argsort(place, kind="stable")]


@dataclass(frozen=True, slots=True)
class OwnData:
    """Data of the user: where rows come from, and how they become sets.

    base: the folder where relative paths start; rows: the first and the last one taken, from 0;
    may_miss: whether missing values are filled with the mean of their column; stream: what is said
    of patterns that stay in their file; check: raises for a file that may not be read, None where
    every file may
    """

    source: Reader
    base: Path = field(default_factory=Path)
    test: Reader | None = None
    validation: Reader | None = None
    split: Shares | None = None
    rows: tuple[int, int] | None = None
    scale: Scale = field(default_factory=Scale)
    shape: tuple[int, ...] | None = None
    may_miss: bool = False
    stream: Streaming = field(default_factory=Streaming)
    check: Callable[[Path], None] | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        others = ((VALIDATION, self.validation), (TEST, self.test), ("split", self.split))
        more = "".join(f"; {name} {other!r}" for name, other in others if other is not None)
        return brief(f"data of {self.source!r}{more}")

    @property
    def order(self) -> str:
        """The order of presentation unless the experiment says one: a file may be sorted."""
        return "shuffled"

    def is_here(self) -> bool:
        """Whether it can be read: own data always can, or what is wrong is told."""
        return True

    def load(self, scaling: Scaling | None = None) -> tuple[Dataset, str]:
        """Return the sets, and a note for the user.

        With a `scaling`, that of a trained net, inputs are scaled by it and none is learnt.
        Raises: DataError when a file cannot be read, or sets are empty or do not fit each other.
        """
        found = self._read(self.source)
        rows = self._cut(found)
        sets = self._divided(rows)
        for name, other in ((VALIDATION, self.validation), (TEST, self.test)):
            if other is not None:
                held = held_to(other, rows)
                sets[name] = _fitting(self._read(held), rows)
        for name, part in sets.items():
            if not len(part):
                raise DataError(f"{rows.place}: the {name} set has no rows")
        surveyor = Surveyor(self.may_miss, is_whole=self.scale.kind == STANDARD)
        train, ends, blocks = sets[TRAIN].inputs, None, None
        if isinstance(train, Streamed):
            moments = surveyor.moments(train)
            scaling = scaling or learn_from(self.scale, moments, self.may_miss)
            ends, blocks = ends_of(moments, scaling), self.stream.blocks(train.file.row_bytes)
        else:
            size = found.inputs.size
            claim(LEARNING * size, f"{size:,} inputs to scale", rows.place)
            scaling = scaling or learn(self.scale, train, self.may_miss)
        ordered = [name for name in (TRAIN, VALIDATION, TEST) if name in sets]
        scaled = {
            name: Part(
                _scaled(sets[name].inputs, scaling, f"{rows.place}: the {name} set"),
                _targets(rows.kind, sets[name].targets),
            )
            for name in ordered
        }

        def streamed(one: Streamed) -> bytes:
            return surveyor.hash(one).encode() + scaling.key

        found_sets = Dataset(
            name=Path(rows.place).name or "arrays",
            title=f"{len(found.inputs):,} rows of {rows.place or 'arrays'}",
            sets=scaled,
            kind=rows.kind,
            classes=rows.classes,
            shape=self._shape(rows),
            hash=hash_of_sets(scaled, rows.classes, streamed),
            source=rows.place,
            scaling=scaling,
            columns=rows.encodings or tuple(map(Encoding, rows.names)),
            blocks=blocks,
            ends=ends,
        )
        return found_sets, f"data: {found_sets.title}; {_described(found_sets)}"

    def _read(self, reader: Reader) -> Rows:
        """Return the rows of a reader, if it may read its files."""
        if self.check is not None:
            for file in reader.files(self.base):
                self.check(file)
        kept = stored(reader, self.base, self.stream)
        return rows_of(kept) if kept is not None else read_whole(reader, self.base, self.may_miss)

    def _cut(self, rows: Rows) -> Rows:
        """Return the rows that `rows` asks for."""
        if rows.targets is None:
            raise DataError(
                f"{rows.place}: these rows have inputs, and nothing that is desired of them",
                hint="say which columns are the targets: (label C), (labels C ...) or (targets C)",
            )
        if self.rows is None:
            return rows
        first, last = self.rows
        count = len(rows.inputs)
        if not 0 <= first <= last < count:
            raise DataError(
                f"{rows.place}: expected rows from 0 to {count - 1}, found {first} to {last}",
                hint="(rows FROM TO) counts from 0 and takes both ends",
            )
        part = slice(first, last + 1)
        return Rows(
            part_of(rows.inputs, part), part_of(rows.targets, part), rows.kind, rows.classes,
            rows.names, rows.shape, rows.place, rows.encodings,
        )  # fmt: skip

    def _divided(self, rows: Rows) -> dict[str, Part]:
        """Return the sets that the split makes of the rows."""
        assert rows.targets is not None
        if self.split is None:
            return {TRAIN: Part(rows.inputs, rows.targets)}
        classes = np.asarray(rows.targets) if rows.kind is TargetKind.CLASSES else None
        found = self.split.indices(len(rows.inputs), classes)
        return {
            name: Part(part_of(rows.inputs, some), part_of(rows.targets, some))
            for name, some in found.items()
        }

    def _shape(self, rows: Rows) -> tuple[int, ...]:
        """Return the shape of a pattern.

        Raises: DataError when it has another number of values.
        """
        count = rows.inputs.shape[1]
        shape = self.shape or rows.shape or (count,)
        if int(np.prod(shape)) != count:
            raise DataError(
                f"{rows.place}: the shape {' x '.join(map(str, shape))} has {np.prod(shape)} "
                f"values, a pattern has {count}"
            )
        return shape


@dataclass(frozen=True, slots=True, eq=False)
class GivenData:
    """A data set that is in memory already."""

    dataset: Dataset

    @property
    def order(self) -> str:
        """The order of presentation unless the experiment says one."""
        return "shuffled"

    def is_here(self) -> bool:
        """Whether it can be read: it has been."""
        return True

    def load(self) -> tuple[Dataset, str]:
        """Return the data set."""
        return self.dataset, f"data: {self.dataset}"


@runtime_checkable
class Loads(Protocol):
    """Where patterns come from."""

    @property
    def order(self) -> str:
        """The order of presentation unless the experiment says one."""
        ...

    def is_here(self) -> bool:
        """Whether it can be looked for on this machine at all."""
        ...

    def load(self) -> tuple[Dataset, str]:
        """Return the data and a note for the user."""
        ...


def data_source(given: Any) -> Loads:
    """Return where patterns come from, for what a user of Python gives.

    That is the name of a data set, a pair (inputs, targets) of arrays, a reader, a `Dataset`, or
    what this function returned before.
    Raises: DataError for anything else.
    """
    match given:
        case Loads():
            return given
        case Dataset():
            return GivenData(given)
        case str():
            dataset.get(given)  # an unknown name is told with the nearest one
            return NamedData((given,))
        case (inputs, targets):
            return OwnData(Arrays(inputs, targets))
    if hasattr(given, "read"):
        return OwnData(given)
    raise DataError(
        f"expected data as a name, a pair of arrays, a reader or a Dataset, "
        f"found {type(given).__name__}"
    )


def _scaled(
    inputs: NDArray[np.float32] | Streamed, scaling: Scaling, place: str
) -> NDArray[np.float32] | Streamed:
    """Return inputs scaled; those that are streamed are scaled when they are read.

    Raises: DataError for one that is then beyond float32, as where a column hardly varied.
    """
    if isinstance(inputs, Streamed):
        return inputs.scaled(scaling)
    found = scaling(inputs)
    beyond = np.isinf(found) & np.isfinite(inputs)
    if beyond.any():
        row, column = (int(index) for index in np.argwhere(beyond)[0])
        raise DataError(
            f"{place}: input {column} of row {row} is {inputs[row, column]:g}, which is too large "
            "once it is scaled",
            hint="the training set has nothing near it: (scale none) leaves inputs as they are",
        )
    return found


def _fitting(other: Rows, rows: Rows) -> Part:
    """Return the rows of another file as a set.

    Class numbers become those of the training rows.
    Raises: DataError when inputs, targets or classes are not of the same kind.
    """
    if other.targets is None:
        raise DataError(f"{other.place}: these rows have inputs, and no targets")
    expected, found = _form(rows), _form(other)
    if expected != found:
        raise DataError(
            f"{other.place}: expected {expected}, as in {rows.place}, found {found}",
            hint="both files need the same columns",
        )
    targets = other.targets
    if rows.kind is TargetKind.CLASSES and other.classes != rows.classes:
        numbers = {name: number for number, name in enumerate(rows.classes)}
        number_of = np.array([numbers.get(name, -1) for name in other.classes], np.int32)
        strange = np.flatnonzero(number_of[targets] < 0)
        if len(strange):
            row = int(strange[0])
            raise DataError(
                f"{other.place}: the class {clipped(other.classes[targets[row]])} is not one of "
                f"{rows.place}, which has {listed(rows.classes)}; it is in row {row}, counted "
                "from 0"
            )
        targets = number_of[targets]
    return Part(other.inputs, targets)


def _form(rows: Rows) -> str:
    """Say in words what one row has."""
    assert rows.targets is not None
    count = rows.inputs.shape[1]
    text = f"{count} input{'' if count == 1 else 's'}"
    if rows.kind is TargetKind.CLASSES:
        return f"{text} and a class"
    count = rows.targets.shape[1]
    return f"{text} and {count} {rows.kind if count != 1 else rows.kind.removesuffix('s')}"


def _targets(kind: TargetKind, targets: NDArray[Any] | Streamed) -> NDArray[Any] | Streamed:
    """Return targets in the type of their kind, in C order."""
    if isinstance(targets, Streamed):
        return targets
    types = {TargetKind.CLASSES: np.int32, TargetKind.LABELS: np.bool_}
    return np.ascontiguousarray(targets, types.get(kind, np.float32))


def _in_memory(stream: Streamed) -> bytes:
    raise AssertionError(f"{stream} is streamed where nothing is")


def hash_of_sets(
    sets: dict[str, Part],
    classes: tuple[str, ...],
    streamed: Callable[[Streamed], bytes] = _in_memory,
) -> str:
    """Return the sha256 over the little-endian bytes of all sets, in order, and the classes.

    What is streamed counts by what `streamed` gives of it: the hash of its file, which rows of it
    there are, and how they are scaled.
    """
    digest = hashlib.sha256("\0".join(classes).encode("utf-8", "surrogatepass"))
    for name, part in sets.items():
        digest.update(f"{name} {part.inputs.shape}".encode())
        if isinstance(part.inputs, Streamed):
            digest.update(b"streamed " + streamed(part.inputs))
        else:
            digest.update(part.inputs.astype("<f4", copy=False).tobytes())
        targets = part.targets
        if isinstance(targets, Streamed):
            digest.update(streamed(targets))
        else:
            digest.update(targets.astype(targets.dtype.newbyteorder("<"), copy=False).tobytes())
    return digest.hexdigest()


def _described(found: Dataset) -> str:
    sizes = ", ".join(f"{len(part):,} for {name}" for name, part in found.sets.items())
    if found.is_streamed:
        how = "" if found.blocks is None else f" in {found.blocks}"
        sizes = f"streamed{how}; {sizes}"
    if found.kind is TargetKind.CLASSES:
        return f"{sizes.replace('for train', 'for training')}; {len(found.classes)} classes"
    return f"{sizes.replace('for train', 'for training')}; {len(found.classes)} {found.kind}"
