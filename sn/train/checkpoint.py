"""Checkpoints: the whole state of a run, to and from named arrays and a few words.

A run that starts from the state goes on to the same bits as if it had never stopped. The order of
a pass and whatever follows a schedule are functions of the seed, the pass and the presentation,
so the position stands for them.

Read next: state.py for the part of the engine, ../results/checkpoints.py for the files.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sn.errors import DataError, TrainError
from sn.results.arrays import content_hash, read_arrays
from sn.results.checkpoints import Position, packed, position_of, unpacked
from sn.results.record import PassRecord
from sn.train.engines import Floats32
from sn.train.state import Array, EngineState, from_arrays, to_arrays

BEST, PASSES = "best.weights", "passes"
_WHOLE = re.compile("[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class Seconds:
    """Wall time of a run so far: training and evaluating, and training in the pass under way."""

    train: float = 0.0
    evaluate: float = 0.0
    under_way: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class RunState:
    """All that the rest of a run depends on, and what its record tells of it.

    `passes` are the records so far; a pass may be presented and not scored yet. `best` is the pass
    with the smallest error and its weights, where those are to be kept; `saturated` says of the
    last passes whether all outputs were.
    """

    engine: EngineState
    position: Position = Position()
    passes: tuple[PassRecord, ...] = ()
    best: tuple[int, Floats32] | None = None
    saturated: tuple[bool, ...] = ()
    seconds: Seconds = field(default_factory=Seconds)


def run_arrays(state: RunState) -> tuple[dict[str, Array], dict[str, str]]:
    """Return the arrays of a checkpoint and the words beside them."""
    arrays = {**to_arrays(state.engine), PASSES: packed(state.passes)}
    words = {"pass": str(state.position.passes), "shown": str(state.position.shown)}
    if state.best is not None:
        words["best"], arrays[BEST] = str(state.best[0]), state.best[1]
    words["saturated"] = " ".join(str(int(flag)) for flag in state.saturated)
    seconds = state.seconds
    words["seconds"] = f"{seconds.train!r} {seconds.evaluate!r} {seconds.under_way!r}"
    words["sha256"] = content_hash(arrays)
    return arrays, words


def read_run(path: Path, like: EngineState) -> RunState:
    """Read the state of a run; `like` is a state of the engine that shall go on from it.

    Raises: DataError when the file is missing, damaged or of another kind of run.
    """
    arrays, words = read_arrays(path)
    if "sha256" in words and words["sha256"] != content_hash(arrays):
        raise DataError(f"'{path}' is damaged: its content is not what was written")
    records, best = arrays.pop(PASSES, None), arrays.pop(BEST, None)
    try:
        engine = from_arrays(arrays, like)
    except TrainError as error:
        raise DataError(f"'{path}': {error.message}", hint=error.hint) from error
    if records is None:
        raise DataError(f"'{path}' has no records of passes", hint="train anew")
    try:
        return _state(engine, unpacked(records), best, words, path)
    except (KeyError, ValueError) as error:
        reason = f"it has no entry {error}" if isinstance(error, KeyError) else error
        raise DataError(f"'{path}' is not a checkpoint of a run: {reason}") from error


def _state(
    engine: EngineState,
    records: tuple[PassRecord, ...],
    best: Array | None,
    words: Mapping[str, str],
    path: Path,
) -> RunState:
    """Return what a file holds as the state of a run; the words are those of its metadata."""
    if not np.isfinite(engine.weights).all():
        raise ValueError("some weights are not finite numbers")
    position = Position(_whole(words, "pass"), _whole(words, "shown"))
    named = position_of(path)
    if named is not None and named != position:
        raise ValueError(f"it says that it was taken {position}, and its name says {named}")
    numbers = [record.number for record in records]
    first = numbers[0] if numbers else 1  # 0 is no pass, but the untrained net
    scored = range(first, first + len(numbers))
    unscored = position.passes - (scored.stop - 1)
    # a pass that is presented may not be scored yet, but only until the next one begins
    is_near = unscored == 0 or (unscored == 1 and not position.shown)
    if numbers != [*scored] or first not in (0, 1) or not is_near:
        raise ValueError(f"it was taken {position}, and has other passes than those before")
    kept = None
    if best is not None:
        number = _whole(words, "best")
        if number not in numbers or best.shape != engine.weights.shape:
            raise ValueError(f"its best weights, of pass {number}, are not those of a pass")
        kept = number, best.astype(np.float32)
    seconds = [float(word) for word in words["seconds"].split()]
    if len(seconds) != 3 or not all(map(math.isfinite, seconds)):
        raise ValueError(f"its seconds are three numbers, found '{words['seconds'][:40]}'")
    flags = tuple(word == "1" for word in words["saturated"].split())
    return RunState(engine, position, records, kept, flags, Seconds(*seconds))


def _whole(words: Mapping[str, str], name: str) -> int:
    """Return a whole number of the metadata."""
    word = words[name]
    if not _WHOLE.fullmatch(word):
        raise ValueError(f"its {name} is a whole number, found '{word[:40]}'")
    return int(word)


def newest(files: Sequence[Path], like: EngineState) -> tuple[RunState | None, list[DataError]]:
    """Return the state in the first of the files that can be read, and what is wrong with others.

    Raises: DataError when there are files and none can be read.
    """
    wrong: list[DataError] = []
    for file in files:
        try:
            return read_run(file, like), wrong
        except DataError as error:
            wrong.append(error)
    if wrong:
        raise wrong[0]
    return None, wrong
