"""Arrays: named NumPy arrays to and from safetensors files, and files that appear whole.

A file is written beside its place, brought to the disk and moved there, so whoever is killed at
any moment leaves the old file or the new one, and so does a machine that loses its power.
"""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from sn.errors import DataError, TrainError

PART = ".part"  # how the name of a file ends that is being written: a hidden one


def write_arrays(
    path: Path, arrays: Mapping[str, NDArray[np.generic]], metadata: Mapping[str, str]
) -> None:
    """Write named arrays and a few words about them to `path`, whole or not at all.

    Raises: TrainError when the file cannot be written.
    """
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    # ascontiguousarray makes a scalar a vector of one
    whole = {name: array.reshape(np.shape(arrays[name])) for name, array in whole.items()}
    write_whole(path, _with_metadata(save(whole), metadata))


@dataclass(frozen=True, slots=True)
class ArrayForm:
    """The shape of an array in a file, and its type of numbers, as safetensors calls it."""

    shape: tuple[int, ...]
    kind: str

    def __str__(self) -> str:
        return f"({' '.join(map(str, self.shape))}) {self.kind}"


class ArrayFile:
    """A file that is open: what it says and which arrays it has, before their numbers are read.

    It stays the file that was opened, even where a writer puts another one in its place.
    """

    def __init__(self, file: Any) -> None:
        self._file = file

    def metadata(self) -> dict[str, str]:
        """Return the words that go with the arrays."""
        return dict(self._file.metadata() or {})

    def forms(self) -> dict[str, ArrayForm]:
        """Return which arrays there are."""
        slices = {name: self._file.get_slice(name) for name in self._file.keys()}
        return {n: ArrayForm(tuple(s.get_shape()), s.get_dtype()) for n, s in slices.items()}

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Read all arrays; they are owned by the caller."""
        return {name: self._file.get_tensor(name) for name in self._file.keys()}


@contextmanager
def open_arrays(path: Path) -> Iterator[ArrayFile]:
    """Open a file of safetensors; what goes wrong with it inside the block is told.

    Raises: DataError when the file is missing or damaged.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            yield ArrayFile(file)
    except FileNotFoundError:
        raise DataError(f"there is no file '{path}'") from None
    except (OSError, SafetensorError) as error:
        raise DataError(f"'{path}' cannot be read as safetensors: {error}") from error


def read_arrays(path: Path) -> tuple[dict[str, NDArray[np.generic]], dict[str, str]]:
    """Read what `write_arrays` wrote: the arrays, owned by the caller, and the metadata.

    Raises: DataError when the file is missing or damaged.
    """
    with open_arrays(path) as file:
        return file.arrays(), file.metadata()


def content_hash(arrays: Mapping[str, NDArray[np.generic]]) -> str:
    """Return the sha256 of named arrays: of names, types, shapes and numbers, by name."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that a reader sees the old file or the new one, never less.

    Raises: TrainError when the file cannot be written.
    """
    with told_as_train_error(path):
        handle, name = tempfile.mkstemp(PART, f".{path.name}-", path.parent)
        try:
            try:
                write_all(handle, content)
                os.fsync(handle)
            finally:
                os.close(handle)
            # mkstemp makes files for the owner alone; a result is for whoever may read the folder
            os.chmod(name, 0o666 & ~_umask())
            os.replace(name, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise
        sync_folder(path.parent)


def write_all(handle: int, content: bytes) -> None:
    """Write all bytes to an open file, in as many pieces as the system takes."""
    rest = memoryview(content)
    while rest:
        written = os.write(handle, rest)
        if not written:
            raise OSError(errno.EIO, "nothing was written")
        rest = rest[written:]


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk: without it a rename may be lost with the power."""
    if os.name == "nt":  # where a folder cannot be opened, and renames need nothing of the kind
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some file systems cannot, and say so
            raise
    finally:
        os.close(handle)


@contextmanager
def told_as_train_error(path: Path) -> Iterator[None]:
    """Turn a failure of the file system inside the block into a TrainError about `path`."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise TrainError(
            f"cannot write '{path}': {reason}",
            hint="make room, choose another folder with --out, or run with --no-folder",
        ) from error


def _with_metadata(content: bytes, metadata: Mapping[str, str]) -> bytes:
    """Put the metadata into the header of a safetensors file, in order of name.

    The library writes them in the order of a hash table that differs from process to process
    (0.8.0: four processes, four files), and equal runs must leave equal bytes. The format: eight
    bytes of header length, a JSON header padded with spaces to a multiple of eight, the arrays.
    """
    start = 8 + int.from_bytes(content[:8], "little")
    tensors = msgspec.json.decode(content[8:start])
    header = msgspec.json.encode({"__metadata__": dict(sorted(metadata.items())), **tensors})
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + content[start:]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
