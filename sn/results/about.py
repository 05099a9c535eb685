"""About: what run.json says of a run, with the types that it has.

`read_about` gives all of it as it stands, later words too; what is known is of the type below. An
earlier SN left some of it out, and who needs that says so.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from sn.errors import DataError
from sn.memory.files import read_file
from sn.results.decoding import converted, decoded
from sn.version import __version__

RUN, LOG = "run.json", "log.jsonl"

# Raised when a reader of old folders would go wrong.
FORMAT = 1
HINT = "it is damaged, or something else than SN wrote it: take another copy, or train again"
_DEEPEST = 100  # lists and objects in one another; chosen here: options are a few deep

Count = Annotated[int, Meta(ge=0, le=2**53)]
Seed = Annotated[int, Meta(ge=0)]
# of a system, which knows no name with a NUL in it
Name = Annotated[str, Meta(pattern=r"^[^\x00]*$")]
T = TypeVar("T")


class NetPart(msgspec.Struct):
    """The net: its name and its counts."""

    name: str
    units: Count
    connections: Count
    parameters: Count


class DataPart(msgspec.Struct):
    """The data: its name, and the hash of its content."""

    name: str
    hash: str


class ProgramPart(msgspec.Struct):
    """The program: its file, the folder that it was run in, and the seed that it drew from."""

    path: Name
    folder: Name
    seed: Seed


class ReadPart(msgspec.Struct):
    """A file that the program read: its name, and the sha256 of what was in it."""

    path: Name
    sha256: str


class ForkPart(msgspec.Struct):
    """The run that this one went on from, and what was changed."""

    folder: str
    changed: list[str]


class ResultPart(msgspec.Struct):
    """How the run ended."""

    weights_sha256: str


class RunPart(msgspec.Struct):
    """What every SN wrote of a run; what came later may be left out."""

    format: int
    outcome: str
    net: NetPart
    data: DataPart
    optimizer: str
    options: dict[str, Any]
    seed: Seed
    passes: Count
    versions: dict[str, str]
    engine: str | UnsetType = UNSET
    data_given: str | None = None
    settings: dict[str, str] | UnsetType = UNSET
    command: list[str] | UnsetType = UNSET
    program: ProgramPart | UnsetType = UNSET
    read: list[ReadPart] | UnsetType = UNSET
    table: str | UnsetType = UNSET
    identity: dict[str, str] | UnsetType = UNSET
    start: str | None = None
    argv: list[str] | UnsetType = UNSET
    resumed: list[dict[str, Any]] | UnsetType = UNSET
    forked: ForkPart | UnsetType = UNSET
    result: ResultPart | UnsetType = UNSET


class _FormatOnly(msgspec.Struct):
    """The one word that says how to read the others."""

    format: Any = None


def read_about(folder: Path) -> dict[str, Any]:
    """Return the content of a run folder's run.json.

    Raises: DataError when the folder holds no run, or one that this version cannot read.
    """
    path = folder / RUN
    if not os.path.lexists(path):
        raise DataError(f"'{folder}' is not a run folder: it has no {RUN}")
    about = told(path, read_file(path), dict[str, Any])
    check_format(path, about, FORMAT)
    try:
        converted(about, RunPart)
    except ValueError as error:
        raise DataError(f"'{path}' cannot be read: {error}", hint=HINT) from error
    return about


def read_log(folder: Path) -> tuple[dict[str, Any], ...]:
    """Return the objects of a run folder's log, one per finished pass.

    Raises: DataError when a line of the log is not JSON.
    """
    path = folder / LOG
    if not os.path.lexists(path):
        return ()
    lines = read_file(path).split(b"\n")
    return tuple(
        told(f"{path}:{number}", line, dict[str, Any])
        for number, line in enumerate(lines, 1)
        if line.strip()
    )


def check_format(path: Path, said: dict[str, Any], format: int) -> None:
    """Refuse a file of another format.

    Raises: DataError.
    """
    found = said.get("format")
    if found != format:
        raise DataError(
            f"'{path}' has format {str(found)[:20]}, SN {__version__} reads format {format}",
            hint="read it with the version of SN that wrote it",
        )


def told(place: object, raw: bytes, kind: type[T]) -> T:
    """Return what the JSON of a file holds; `place` is for messages.

    Raises: DataError when it is none, or nested too deep.
    """
    try:
        return decoded(raw, kind, _DEEPEST)
    except ValueError as error:
        raise DataError(f"'{place}' cannot be read: {error}", hint=HINT) from error
