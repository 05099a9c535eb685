"""Origins: where a run comes from, all that it takes to do it again, and what it ran on.

run.json holds these as objects; texts are in files beside it. Read next: folder.py.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import UNSET
from numpy.typing import NDArray

from sn.display import brief, many
from sn.errors import DataError
from sn.memory.files import read_file
from sn.results.about import HINT, RUN, RunPart
from sn.results.arrays import content_hash, read_arrays, write_arrays
from sn.results.decoding import converted
from sn.version import __version__

SOURCE, LOADED, START = "source.sn", "loaded", "start.safetensors"
WEIGHTS = "weights"


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that a program read: its full name, and what was in it."""

    path: str
    content: bytes

    def __repr__(self) -> str:
        return brief(f"file {self.path}: {many(len(self.content), 'byte')}")

    @property
    def hash(self) -> str:
        """The sha256 of the content."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a run comes from: what it takes to do it again.

    `engine` is one of ENGINES of limits.py; `data` is what the command line said
    instead of the program's, None for nothing; `settings` are those of the session,
    `command` the words of the command line, none from Python; `program` is the full name of the
    program's file, `folder` that of the folder it was run in, `source` its text, `read` the files
    that it read, `seed` what it drew random numbers from; `table` is the hash of the connections;
    `identity` says in words all that decides what comes out. `start` has the weights that it
    started from, (n_weights,), None for those that the experiment draws. `argv` are the words that
    the program was given, its own name first.
    """

    engine: str = "kernels"
    data: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    program: str = ""
    folder: str = ""
    source: str = ""
    read: tuple[ReadFile, ...] = ()
    seed: int = 0
    table: str = ""
    identity: Mapping[str, str] = field(default_factory=dict)
    start: NDArray[np.float32] | None = field(default=None, compare=False)
    argv: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return brief(f"origin: {self.program or 'no program'} on {self.engine}, seed {self.seed}")


def origin_object(origin: Origin) -> dict[str, Any]:
    """Return what run.json says of where a run comes from; texts are in files beside it."""
    return {
        "engine": origin.engine,
        "data_given": origin.data,
        "settings": dict(origin.settings),
        "command": list(origin.command),
        "argv": list(origin.argv),
        "program": {
            "path": origin.program,
            "folder": origin.folder,
            "sha256": hashlib.sha256(origin.source.encode()).hexdigest(),
            "seed": origin.seed,
        },
        "read": [
            {"path": read.path, "sha256": read.hash, "copy": copy_name(number)}
            for number, read in enumerate(origin.read, 1)
        ],
        "table": origin.table,
        "identity": dict(origin.identity),
        "start": None if origin.start is None else content_hash({WEIGHTS: origin.start}),
    }


def read_origin(folder: Path, about: Mapping[str, Any]) -> Origin:
    """Return where the run in a folder comes from, with all texts; `about` is its run.json.

    Raises: DataError where files are missing, or an earlier SN wrote the folder.
    """
    if "identity" not in about:
        raise DataError(
            f"the run in '{folder}' cannot be done again or gone on with: an earlier SN wrote it",
            hint="take that version (run.json tells which), or train anew",
        )
    path = folder / RUN
    try:
        said = converted(about, RunPart)
        program, copies, settings = said.program, said.read, said.settings
        if program is UNSET or copies is UNSET or settings is UNSET:
            raise ValueError("it does not say of which program the run is")
        read = tuple(
            _as_it_was(ReadFile(one.path, read_file(folder / copy_name(number))), one.sha256)
            for number, one in enumerate(copies, 1)
        )
        source = read_file(folder / SOURCE).decode("utf-8")
        start = read_start(folder)
        if said.start is not None and start is None:
            raise ValueError(f"the weights that it started from are gone, {START}")
    except UnicodeDecodeError as error:
        text = f"'{folder / SOURCE}' is not text in UTF-8: byte {error.start} is no letter"
        raise DataError(text, hint=HINT) from error
    except ValueError as error:
        raise DataError(f"'{path}' cannot be read: {error}", hint=HINT) from error
    return Origin(
        said.engine or "kernels",
        said.data_given,
        settings,
        tuple(said.command or ()),
        program.path,
        program.folder,
        source,
        read,
        program.seed,
        said.table or "",
        said.identity or {},
        start,
        tuple(said.argv or ()),
    )


def _as_it_was(read: ReadFile, sha256: str) -> ReadFile:
    """Return a file that was read, if its copy is what was written."""
    if read.hash != sha256:
        raise ValueError(f"the copy of {read.path} is not what the program read")
    return read


def write_start(folder: Path, weights: NDArray[np.float32]) -> None:
    """Keep the weights that a run starts from, where others may become of their source.

    Raises: TrainError when the file cannot be written.
    """
    write_arrays(folder / START, {WEIGHTS: weights}, {})


def read_start(folder: Path) -> NDArray[np.float32] | None:
    """Return the weights that the run in a folder started from, None for freshly drawn ones.

    Raises: DataError when the file is damaged.
    """
    path = folder / START
    if not os.path.lexists(path):
        return None
    found = read_arrays(path)[0].get(WEIGHTS)
    if found is None or found.ndim != 1 or found.dtype != np.float32:
        raise DataError(f"'{path}' has no weights to start from, a row of float32", hint=HINT)
    if not np.isfinite(found).all():
        raise DataError(f"'{path}': some weights are not finite numbers", hint=HINT)
    return found.astype(np.float32)


def copy_name(number: int) -> str:
    """Return where the copy of a file that was read is kept, by its number among them."""
    return f"{LOADED}/{number}"


def versions() -> dict[str, str]:
    """Return the versions of what computes."""
    found = {"sn": __version__, "python": platform.python_version(), "numpy": np.__version__}
    return {**found, "numba": _numba()}


@cache
def _numba() -> str:
    """Return the version of Numba, which is looked for once: that takes some milliseconds."""
    try:
        return importlib.metadata.version("numba")
    except importlib.metadata.PackageNotFoundError:
        return "absent"


def machine() -> dict[str, Any]:
    """Return what it computes on."""
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor()
