"""Images: a folder for each class, or files in one folder, decoded by Pillow.

A pixel becomes a number from 0, black, to 1, white. Colours are three planes one behind the
other, red, green and blue, as the maps of a layer are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.data.pictures import GREY, RGB, points
from sn.data.readers.classes import class_names, class_order, strange_class
from sn.data.rows import Rows, TargetKind, reader
from sn.errors import DataError, SettingError
from sn.memory.files import claim, open_file

MODES = {"grey": GREY, "rgb": RGB}
SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".bmp", ".gif", ".pgm", ".ppm", ".pbm", ".pnm", ".tif", ".tiff",
    ".webp",
)  # fmt: skip
MOST_PIXELS = 2**26  # to which one may be brought; chosen here: a photograph of today has half


@reader("images")
@dataclass(frozen=True, slots=True)
class Images:
    """The images of a folder: in a folder for each class, which is its name, or all in one.

    mode: grey or rgb; size: rows and columns to which each image is brought; without it all must
    have the size of the first; classes: the folders that there may be, in the order of the classes
    """

    folder: str
    mode: str = "grey"
    size: tuple[int, int] | None = None
    classes: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise SettingError(f"the mode of images is grey or rgb, found {self.mode!r}")
        if self.size is not None:
            rows, cols = self.size
            if rows * cols > MOST_PIXELS:
                raise SettingError(f"an image has at most {MOST_PIXELS:,} pixels")

    def held_to(self, rows: Rows) -> Images:
        """Return the same reader, held to the size and classes of other rows."""
        size = self.size
        if size is None and rows.shape is not None:
            size = rows.shape[-2:]  # type: ignore[assignment]
        return Images(self.folder, self.mode, size, rows.classes or None)

    def files(self, base: Path) -> Iterator[Path]:
        """Yield what is read: the folder, then those in it, then the images."""
        folder = base / self.folder
        yield folder
        parts = _class_folders(folder)
        yield from parts
        for part in parts or (folder,):
            yield from _images(part)

    def read(self, base: Path, may_miss: bool = False) -> Rows:
        """Return all rows, by class and by name of file; `folder` is relative to `base`.

        Raises: DataError with the file that is no image, or has another size.
        """
        folder = base / self.folder
        parts = _class_folders(folder)
        names = class_names(part.name for part in parts)
        classes = class_order(set(names)) if self.classes is None else self.classes
        for part, name in zip(parts, names, strict=True):
            if name not in classes:
                text, hint = strange_class(name, classes)
                raise DataError(f"{part}: {text}", hint=hint)
        files = [
            (file, classes.index(name))
            for part, name in zip(parts, names, strict=True)
            for file in _images(part)
        ]
        if not parts:
            files = [(file, 0) for file in _images(folder)]
        decode = _Decoder(self.mode, self.size)
        first = decode(files[0][0])
        claim(2 * first.nbytes * len(files), f"{len(files):,} images as the first one", folder)
        pixels = np.empty((len(files), *first.shape), np.float32)
        pixels[0] = first
        for number, (file, _) in enumerate(files[1:], 1):
            pixels[number] = decode(file)
        inputs = pixels.reshape(len(pixels), -1)
        targets = np.array([number for _, number in files], np.int32) if parts else None
        return Rows(inputs, targets, TargetKind.CLASSES, classes, (), first.shape, str(folder))


def read_image(file: Path, mode: str = "grey", size: tuple[int, int] | None = None) -> Any:
    """Return one image as float32 from 0 to 1: (rows, cols), or (3, rows, cols) of colours.

    Raises: DataError when it is no image that is known.
    """
    return _Decoder(mode, size)(file)


class _Decoder:
    """Files to pixels, all of one size."""

    def __init__(self, mode: str, size: tuple[int, int] | None) -> None:
        self._mode, self._size = mode, size
        self._is_given = size is not None
        self._first: Path | None = None

    def __call__(self, path: Path) -> NDArray[np.float32]:
        """Return the pixels of a file."""

        def size(rows: int, cols: int) -> tuple[int, int] | None:
            self._check_size(path, rows, cols)
            return self._size

        with open_file(path) as file:
            try:
                return points(file, path, MODES[self._mode], size) / np.float32(255)
            except DataError as error:
                hint = error.hint or "take it out of the folder"
                raise DataError(error.message, hint=hint) from error

    def _check_size(self, file: Path, rows: int, cols: int) -> None:
        if self._is_given:
            return
        if self._size is None:
            self._size, self._first = (rows, cols), file
        if (rows, cols) != self._size:
            expected = " x ".join(map(str, self._size))
            raise DataError(
                f"{file}: expected {expected} pixels, as {self._first} has, found {rows} x {cols}",
                hint=f"(size {self._size[0]} {self._size[1]}) brings all images to one size",
            )


def _class_folders(folder: Path) -> list[Path]:
    """Return the folders inside of one, by name."""
    return [entry for entry in _entries(folder) if entry.is_dir()]


def _entries(folder: Path) -> list[Path]:
    """Return what is in a folder, by name; hidden things are left out.

    Raises: DataError when it cannot be read.
    """
    try:
        return sorted(entry for entry in folder.iterdir() if entry.name[0] != ".")
    except OSError as error:
        raise DataError(f"cannot read the folder {folder}: {error.strerror}") from error


def _images(folder: Path) -> list[Path]:
    """Return the images of a folder, by name.

    Raises: DataError when there is none.
    """
    found = [
        entry
        for entry in _entries(folder)
        if entry.suffix.lower() in SUFFIXES and not entry.is_dir()
    ]
    if not found:
        raise DataError(
            f"{folder} has no images",
            hint=f"expected files with {', '.join(SUFFIXES[:3])} and the like",
        )
    return found
