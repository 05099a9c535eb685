"""Data sets: from a name to arrays that a network can train on.

A data set is known by its decoded content, not by its files: every container of the same
digits is accepted, and changed digits are refused. Nothing here touches the network except
`get`. Each data set is one file beside this one: a function under `@dataset(NAME)` that
describes it. Read next: `zipcode.py`, then `places.py` for where files are looked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.codes import Code
from sn.data.blocks import Blocks
from sn.data.download import NewBar
from sn.data.packages import DataSets
from sn.data.places import cache_folder, find, make_writable, search_folders, search_words
from sn.data.rows import Encoding, TargetKind
from sn.data.scaling import Scaling
from sn.data.streamed import Streamed
from sn.display import brief, html_table, many, shape_text
from sn.errors import DataError

Codes = NDArray[np.integer[Any]]
Labels = NDArray[np.uint8]


MOST_SHOWN = 30  # classes that a notebook shows a column of; chosen here: they fit on a page

TRAIN, VALIDATION, TEST = "train", "validation", "test"


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The patterns of one set; the arrays are shared, so treat them as read-only.

    What is streamed stays in its file, and has the shapes and types of arrays.
    inputs: (n, n_inputs) float32, C order; targets: class numbers, (n,), or what else the kind of
    the data set says: flags, (n, k) bool, or values, (n, k) float32
    """

    inputs: NDArray[np.float32] | Streamed
    targets: NDArray[Any] | Streamed

    def __len__(self) -> int:
        return len(self.inputs)

    def __repr__(self) -> str:
        arrays = (("inputs", self.inputs), ("targets", self.targets))
        shapes = (f"{name} {array.shape} {array.dtype}" for name, array in arrays)
        return brief(f"{many(len(self), 'pattern')}: {', '.join(shapes)}")


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Patterns and targets ready for training.

    sets: "train" and, where there are such, "validation" and "test", in this order
    kind: what targets are; classes: names of the classes, of the labels or of the values
    shape: (rows, cols) of one pattern, or (n_inputs,); hash: sha256 over the content of all sets
    scaling: what was done to the inputs, None for those that are as they come
    columns: of the files that inputs come from, where they have names or hold text
    blocks: how a training set that is streamed is shuffled, None for one in memory
    ends: the least and the largest of its inputs before they were scaled, and the least one after
    """

    name: str
    title: str
    sets: Mapping[str, Part]
    kind: TargetKind
    classes: tuple[str, ...]
    shape: tuple[int, ...]
    hash: str
    source: str = ""
    licence: str = ""
    scaling: Scaling | None = None
    columns: tuple[Encoding, ...] = ()
    blocks: Blocks | None = None
    ends: tuple[float, float, float] | None = None

    @property
    def train(self) -> Part:
        """The training set, which every data set has."""
        return self.sets[TRAIN]

    @property
    def test(self) -> Part:
        """The test set.

        Raises: DataError when there is none.
        """
        return self._set(TEST)

    @property
    def validation(self) -> Part:
        """The validation set.

        Raises: DataError when there is none.
        """
        return self._set(VALIDATION)

    def _set(self, name: str) -> Part:
        if name not in self.sets:
            raise DataError(f"{self.name} has no {name} set", hint=f"it has {_listed(self.sets)}")
        return self.sets[name]

    @property
    def is_streamed(self) -> bool:
        """Whether some of it stays in its file."""
        return any(isinstance(part.inputs, Streamed) for part in self.sets.values())

    @property
    def n_inputs(self) -> int:
        """How many numbers a pattern has."""
        return int(self.train.inputs.shape[1])

    def per_class(self) -> tuple[list[int], ...]:
        """Return how many patterns each class has, or each label, for every set."""
        if self.kind is TargetKind.CLASSES:
            count = len(self.classes)
            return tuple(
                np.bincount(np.asarray(part.targets), minlength=count).tolist()
                for part in self.sets.values()
            )
        return tuple(
            np.asarray(part.targets).astype(bool).sum(axis=0).tolist()
            for part in self.sets.values()
        )

    def __str__(self) -> str:
        sizes = " + ".join(str(len(part)) for part in self.sets.values())
        return f"{self.name}: {sizes} patterns of {shape_text(self.shape)}"

    def __repr__(self) -> str:
        sizes = " + ".join(f"{len(part):,} {name}" for name, part in self.sets.items())
        kinds = "" if self.kind is TargetKind.VALUES and not any(self.classes) else self._kinds()
        return brief(f"data set {self.name}: {sizes} patterns of {shape_text(self.shape)}{kinds}")

    def _kinds(self) -> str:
        words = {
            TargetKind.CLASSES: "class",
            TargetKind.LABELS: "label",
            TargetKind.VALUES: "value",
        }
        return f", {many(len(self.classes), words[self.kind])}"

    def _repr_html_(self) -> str:
        is_counted = self.kind is not TargetKind.VALUES and len(self.classes) <= MOST_SHOWN
        counts = self.per_class() if is_counted else ((),) * len(self.sets)
        columns = ("set", "patterns", *(self.classes if is_counted else ()))
        rows = [
            (name, f"{len(part):,}", *(f"{count:,}" for count in row))
            for (name, part), row in zip(self.sets.items(), counts, strict=True)
        ]
        return html_table(columns, rows, repr(self)[1:-1], right=columns[1:], below=[self.title])


def _listed(names: Iterable[str]) -> str:
    return " and ".join(names)


@dataclass(frozen=True, slots=True)
class Split:
    """The decoded digits of one part: codes (n, units) of whole numbers, labels (n,) uint8."""

    codes: Codes
    labels: Labels
    hash: str

    @staticmethod
    def of(codes: Codes, labels: Labels) -> Split:
        """Return the part with its content hash: the codes' bytes, all rows, then the labels.

        The codes are hashed as little-endian numbers of their own type.
        """
        codes = np.ascontiguousarray(codes, dtype=codes.dtype.newbyteorder("<"))
        labels = np.ascontiguousarray(labels, dtype=np.uint8)
        digest = hashlib.sha256(codes.data)
        digest.update(labels.data)
        return Split(codes, labels, digest.hexdigest())


@dataclass(frozen=True, slots=True)
class Source:
    """What SN knows about a data set without reading it.

    counts, hashes: of the training and of the test part; origin: where the digits come from;
    containers: sets of files, in order of preference, each of which holds the whole data set;
    read: files of one container to (training, test); values: codes to float32 in [-1, 1];
    download: fill a folder with one container; folder: where the package itself holds it.
    """

    name: str
    title: str
    shape: tuple[int, int]
    classes: int
    counts: tuple[int, int]
    hashes: tuple[str, str]
    origin: str
    licence: str
    containers: tuple[tuple[str, ...], ...]
    read: Callable[[tuple[Path, ...]], tuple[Split, Split]]
    values: Callable[[Codes], NDArray[np.float32]]
    download: Callable[[Path, NewBar | None], None] | None = None
    folder: Path | None = None


dataset = DataSets("data set")


def source(name: str) -> Source:
    """Return what is known about the data set `name`.

    Raises: UnknownNameError with the nearest names; DataError for one of a package that reads it
    by itself.
    """
    found = dataset.get(name)()
    if isinstance(found, Source):
        return found
    raise DataError(f"the data set {name} is of a package, which reads it by itself")


def _of_package(name: str) -> tuple[Dataset, str] | None:
    """Return a data set that a package reads by itself, with a note; None for any other."""
    found = None if name in tuple(dataset) else dataset.get(name)()
    if found is None or isinstance(found, Source):
        return None
    if isinstance(found, Dataset):
        return found, f"data: {found}"
    if not hasattr(found, "load"):
        kind = type(found).__name__
        raise DataError(f"the data set {name} of a package should be a Dataset, found {kind}")
    loaded: tuple[Dataset, str] = found.load()
    return loaded


def locate(known: Source) -> tuple[Path, ...] | None:
    """Return the files of a data set on this machine, or None; the files are not read."""
    folders = search_folders() if known.folder is None else (known.folder,)
    for folder in folders:
        files = find(known.containers, folder)
        if files is not None:
            return files
    return None


def is_available(name: str) -> bool:
    """Return whether the files of `name` are on this machine; the files are not read."""
    return _of_package(name) is not None or locate(source(name)) is not None


def load(name: str) -> Dataset:
    """Return the data set `name` from this machine, with its content checked.

    Raises: DataError when it is not here, cannot be read, or holds other digits.
    """
    given = _of_package(name)
    if given is not None:
        return given[0]
    known = source(name)
    files = locate(known)
    if files is None:
        raise _absent([known])
    return _read(known, files)


@dataclass(frozen=True, slots=True)
class NamedData:
    """Data sets by name, of which the first that is here is taken."""

    names: tuple[str, ...]

    @property
    def order(self) -> str:
        """The order of presentation unless the experiment says one."""
        return "constant"

    def is_here(self) -> bool:
        """Whether one of them is on this machine."""
        return any(is_available(name) for name in self.names)

    def load(self) -> tuple[Dataset, str]:
        """Return the first that is here, and a note that says which; see `first_available`."""
        return first_available(*self.names)


def first_available(*names: str) -> tuple[Dataset, str]:
    """Return the first of `names` that is here, and a note that says which one it is.

    The note also says how to get each one that was preferred but is not here. A data set that
    is here but damaged is an error: it is never passed over in silence.

    Raises: DataError when none is here or the first one found is damaged.
    """
    missing: list[Source] = []
    for name in names:
        dataset.get(name)  # an unknown name is an error, also behind one that is here
    for name in names:
        given = _of_package(name)
        if given is not None:
            return given
        known = source(name)
        files = locate(known)
        if files is None:
            missing.append(known)
            continue
        note = f"data: {known.name}, {known.title}, from {where(known, files)}"
        for other in missing:
            note += f"; {other.name} is not here: {how_to_get(other)}"
        return _read(known, files), note
    raise _absent(missing)


def get(name: str, bar: NewBar | None = None) -> Dataset:
    """Download the data set `name` into the user's cache unless it is here, and return it.

    `bar(file)` makes a progress bar for one file; None shows nothing.

    Raises: DataError when it cannot be downloaded, or is here but damaged in a folder of SN_DATA.
    """
    known = source(name)
    target = cache_folder()
    files = locate(known)
    if files is not None:
        try:
            return _read(known, files)
        except DataError:
            if known.download is None or files[0].parent != target:
                raise
            for file in files:
                file.unlink(missing_ok=True)
    if known.download is None:
        raise DataError(
            f"no place is known to download {name} from", code=Code.ABSENT, hint=how_to_get(known)
        )
    make_writable(target)
    known.download(target, bar)
    return load(name)


def where(known: Source, files: tuple[Path, ...]) -> str:
    """Return the place of `files` in words."""
    return "the package" if known.folder is not None else str(files[0].parent)


def how_to_get(known: Source) -> str:
    """Return in a few words what to do so that a data set is here."""
    files = ", or ".join(" and ".join(names) for names in known.containers)
    folder = f"set SN_DATA to a folder that holds {files}"
    return folder if known.download is None else f"type 'sn data get {known.name}', or {folder}"


def _absent(missing: list[Source]) -> DataError:
    names = " or ".join(known.name for known in missing)
    places = search_words([known.containers for known in missing])
    hint = "; ".join(
        (f"for {known.name}: " if len(missing) > 1 else "") + how_to_get(known) for known in missing
    )
    return DataError(
        f"the data set {names} is not on this machine; {places}", code=Code.ABSENT, hint=hint
    )


def _read(known: Source, files: tuple[Path, ...]) -> Dataset:
    train, test = known.read(files)
    rows, cols = known.shape
    for index, (part, split) in enumerate((("training", train), ("test", test))):
        file = files[min(index * len(files) // 2, len(files) - 1)]
        if split.codes.shape != (known.counts[index], rows * cols):
            found = " x ".join(str(size) for size in split.codes.shape)
            raise DataError(
                f"{file}: expected {known.counts[index]} {part} digits of {rows * cols} values "
                f"for {known.name}, found {found}",
                hint=_replace(known, file),
            )
        if split.hash != known.hashes[index]:
            raise DataError(
                f"{file}: the {part} digits are not those of {known.name}: expected the content "
                f"hash {known.hashes[index][:16]}, found {split.hash[:16]}",
                hint=_replace(known, file),
            )
    return Dataset(
        name=known.name,
        title=known.title,
        sets={
            TRAIN: Part(known.values(train.codes), train.labels),
            TEST: Part(known.values(test.codes), test.labels),
        },
        kind=TargetKind.CLASSES,
        classes=tuple(str(number) for number in range(known.classes)),
        shape=known.shape,
        hash=hashlib.sha256((train.hash + test.hash).encode()).hexdigest(),
        source=known.origin,
        licence=known.licence,
    )


def _replace(known: Source, file: Path) -> str:
    if known.folder is not None:
        return "install SN again: a file of the package was changed"
    if known.download is not None and file.parent == cache_folder():
        return f"type 'sn data get {known.name}' to download it again"
    return f"put the original {file.name} in {file.parent}, or take that folder out of SN_DATA"
