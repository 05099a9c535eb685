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
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from sn.errors import DataError, TrainError
from sn.memory.files import open_file
from sn.results.tensors import Tensors

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


@contextmanager
def open_arrays(path: Path) -> Iterator[Tensors]:
    """Open a file of safetensors; what goes wrong with it inside the block is told.

    It stays the file that was opened, even where a writer puts another one in its place.
    Raises: DataError when the file is missing or damaged.
    """
    if not os.path.lexists(path):
        raise DataError(f"there is no file '{path}'")
    with open_file(path) as file:
        try:
            yield Tensors(file, f"'{path}'")
        except (OSError, ValueError) as error:
            raise DataError(
                f"'{path}' cannot be read as safetensors: {error}",
                hint="it is damaged, or something else; take another copy",
            ) from error


def read_arrays(path: Path) -> tuple[dict[str, NDArray[np.generic]], dict[str, str]]:
    """Read what `write_arrays` wrote: the arrays, owned by the caller, and the metadata.

    Raises: DataError when the file is missing or damaged.
    """
    with open_arrays(path) as file:
        return file.arrays(), file.metadata


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


def make_inside(folder: Path) -> None:
    """Make a folder inside that of a run, unless it is there.

    Raises: TrainError when it cannot be made, or is a link: a run of a stranger may hold one, and
    what is written through it would be anywhere.
    """
    with told_as_train_error(folder):
        if not folder.is_symlink():
            folder.mkdir(exist_ok=True)
    if folder.is_symlink():
        raise TrainError(
            f"cannot write to '{folder}': it is a link, expected a folder",
            hint="SN leaves no links in the folder of a run: remove it if you know whose it is",
        )


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
        if isinstance(error, FileExistsError):  # in the place of a folder
            reason = "a link that leads nowhere" if path.is_symlink() else "a file"
            reason += " is where a folder shall be"
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
