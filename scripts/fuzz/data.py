"""Data and run files: one that is valid is damaged, and every way in reads it.

    python -m scripts.fuzz.data SEED NUMBER [FILE]    # have a case again, and its file

A case is a file of `data_kinds.py` with one to four changes of `data_changes.py`, which its number
and the seed decide. Whatever is wrong with it must be told by an SnError that names the file, in a
few words; another exception is a fault.
"""

from __future__ import annotations

import functools
import random
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts.fuzz.data_changes import mutated
from scripts.fuzz.data_kinds import Kind, answers, kinds
from sn.errors import SnError, render

LONGEST_MESSAGE = 2000  # letters


@functools.cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="sn-fuzz-"))


@functools.cache
def known() -> Sequence[Kind]:
    """Return the kinds of files."""
    seeds = _folder() / "seeds"
    seeds.mkdir()
    return kinds(seeds)


def case(number: int, seed: int) -> tuple[Kind, bytes]:
    """Return the kind of a case, and its damaged file."""
    draw = random.Random(f"{seed} {number}")
    kind = known()[number % len(known())]
    return kind, mutated(draw, kind.raw, kind.packing)


def run(number: int, seed: int) -> None:
    """Let every way in read the file of a case.

    Raises: AssertionError for an answer that is not an honest one, and whatever a way in raises.
    """
    kind, raw = case(number, seed)
    folder = _folder() / "case"
    shutil.rmtree(folder, ignore_errors=True)
    for error in answers(kind, raw, folder):
        check(error, kind)


def check(error: SnError, kind: Kind) -> None:
    """Hold a message to name the file, or the folder of the run, and to be short."""
    text = render(error)
    assert len(error.message) <= LONGEST_MESSAGE, f"{kind.name}: {len(error.message):,} letters"
    if kind.name == "source.sn" or "no data set is called" in text:
        return  # a changed program speaks of itself, and of what --data said
    names = (kind.file, "case", "resumed", "small")
    assert any(name in text for name in names), f"{kind.name}: no file in '{error.message[:99]}'"


def main(words: Sequence[str]) -> None:
    """Have a case again; write its file where one is named."""
    seed, number = int(words[0]), int(words[1])
    kind, raw = case(number, seed)
    print(f"{kind.name}, {len(raw):,} bytes")
    if len(words) > 2:
        Path(words[2]).write_bytes(raw)
    run(number, seed)


if __name__ == "__main__":
    main(sys.argv[1:])
