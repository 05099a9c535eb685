"""Checkpoints: where in a run a state was taken, the files of a folder that hold one, their order.

    checkpoint-3.safetensors      the state at the end of pass 3
    checkpoint-3-512.safetensors  the state when 512 patterns of pass 4 have been presented

What is in them: sn/train/checkpoint.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from sn.paths import possible
from sn.results.decoding import reason
from sn.results.record import PassRecord

_NAME = re.compile(r"checkpoint-([0-9]{1,15})(?:-([0-9]{1,15}))?\.safetensors")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """How far a run is: whole passes, and patterns presented in the pass after them."""

    passes: int = 0
    shown: int = 0

    @property
    def file(self) -> str:
        """The name of the checkpoint that is taken here."""
        part = f"-{self.shown}" if self.shown else ""
        return f"checkpoint-{self.passes}{part}.safetensors"

    def presentations(self, count: int) -> int:
        """Return how many patterns were presented in all, where a pass has `count`."""
        return self.passes * count + self.shown

    def __str__(self) -> str:
        if self.shown:
            return f"after {self.shown:,} presentations of pass {self.passes + 1}"
        return f"after pass {self.passes}" if self.passes else "before the first pass"


def position_of(file: Path) -> Position | None:
    """Return where the checkpoint of that name was taken; None for another file."""
    match = _NAME.fullmatch(file.name)
    return Position(int(match[1]), int(match[2] or 0)) if match else None


def run_folder(place: Path) -> Path:
    """Return the folder of a run that is named by it, or by one of its checkpoints.

    Raises: SnError for a name that no file can have.
    """
    place = possible(place)
    return place.parent if position_of(place) is not None else place


def checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints in a folder, the last one first."""
    found = [(position, file) for file in folder.iterdir() if (position := position_of(file))]
    return [file for _, file in sorted(found, reverse=True)]


def packed(passes: Sequence[PassRecord]) -> NDArray[np.uint8]:
    """Return the records of passes as bytes, every number exactly as it is; MessagePack."""
    return np.frombuffer(msgspec.msgpack.encode(list(passes)), np.uint8)


def unpacked(content: NDArray[np.generic]) -> tuple[PassRecord, ...]:
    """Return the records that `packed` made bytes of.

    Raises: ValueError when they are none.
    """
    try:
        return tuple(msgspec.msgpack.decode(content.tobytes(), type=list[PassRecord]))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"the records of the passes cannot be read: {reason(error)}") from error
