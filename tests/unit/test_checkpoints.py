"""Checkpoints: where they were taken, what is read back from them, which are refused and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from sn.errors import DataError
from sn.results.arrays import write_arrays
from sn.results.checkpoints import (
    Position,
    checkpoints,
    packed,
    position_of,
    run_folder,
    unpacked,
)
from sn.results.record import PassRecord, Scores
from sn.train.checkpoint import RunState, Seconds, newest, read_run, run_arrays
from sn.train.state import Array, EngineState, checked

ENGINE = EngineState(
    np.array([0.5, -1.0, 2.0, 1e-30], np.float32),
    {"velocity": np.array([0.25, 0.5, -0.75, 1.0], np.float32)},
    {"updates": np.array([7], np.float32)},
)
BLANK = EngineState(
    np.zeros(4, np.float32), {"velocity": np.zeros(4, np.float32)}, {"updates": np.zeros(1, "f4")}
)
SCORES = Scores(0.1, 3, 9, 0.30000000000000004)
PASSES = tuple(PassRecord(n, SCORES, None, n / 7, SCORES, 1) for n in (1, 2))
BEST = np.array([1.0, 2.0, 3.0, 4.0], np.float32)
STATE = RunState(
    ENGINE, Position(2, 5), PASSES, (1, BEST), (True, False), Seconds(1 / 3, 0.1, 1e-9)
)


def write(
    path: Path, state: RunState = STATE, words: Mapping[str, str | None] | None = None
) -> Path:
    """Write a checkpoint, some of its words changed or, where None, left out."""
    arrays, said = run_arrays(state)
    write_arrays(
        path, arrays, {n: w for n, w in {**said, **(words or {})}.items() if w is not None}
    )
    return path


def refusal(path: Path, like: EngineState = BLANK) -> DataError:
    with pytest.raises(DataError) as found:
        read_run(path, like)
    assert str(path) in found.value.message
    return found.value


# --- where ---


@pytest.mark.parametrize(
    ("position", "file", "words"),
    [
        (Position(), "checkpoint-0.safetensors", "before the first pass"),
        (Position(3), "checkpoint-3.safetensors", "after pass 3"),
        (Position(0, 1), "checkpoint-0-1.safetensors", "after 1 presentations of pass 1"),
        (Position(3, 1200), "checkpoint-3-1200.safetensors", "after 1,200 presentations of pass 4"),
    ],
)
def test_a_position_names_its_file_and_the_file_its_position(
    position: Position, file: str, words: str
) -> None:
    assert (position.file, str(position)) == (file, words)
    assert position_of(Path("any", file)) == position


@pytest.mark.parametrize(
    "file",
    [
        "checkpoint-.safetensors",
        "checkpoint-1",
        "checkpoint-1-.safetensors",
        "checkpoint--1.safetensors",
        "checkpoint-1-2-3.safetensors",
        "checkpoint-1.safetensors.part",
        ".checkpoint-1.safetensors",
        f"checkpoint-{10**15}.safetensors",
        f"checkpoint-1-{10**15}.safetensors",
        "weights.safetensors",
    ],
)
def test_other_names_are_no_checkpoints(file: str) -> None:
    assert position_of(Path(file)) is None


def test_presentations_are_whole_passes_and_those_of_the_next() -> None:
    assert Position(3, 5).presentations(100) == 305
    assert Position().presentations(100) == 0


def test_the_last_checkpoint_of_a_folder_comes_first_and_other_files_do_not(
    tmp_path: Path,
) -> None:
    for at in ("2-5", "10", "2", "9-10", "9-9", "0-7"):
        (tmp_path / f"checkpoint-{at}.safetensors").touch()
    (tmp_path / "run.json").touch()
    names = [file.stem.removeprefix("checkpoint-") for file in checkpoints(tmp_path)]
    assert names == ["10", "9-10", "9-9", "2-5", "2", "0-7"]


def test_a_run_is_named_by_its_folder_or_by_one_of_its_checkpoints(tmp_path: Path) -> None:
    assert run_folder(tmp_path) == tmp_path
    assert run_folder(tmp_path / "checkpoint-0.safetensors") == tmp_path
    assert run_folder(tmp_path / "weights.safetensors") == tmp_path / "weights.safetensors"


# --- what ---


@pytest.mark.parametrize("name", ["checkpoint-2-5.safetensors", "mine.safetensors"])
def test_a_state_is_read_back_to_the_last_bit(name: str, tmp_path: Path) -> None:
    found = read_run(write(tmp_path / name), BLANK)
    assert found.engine.weights.tobytes() == ENGINE.weights.tobytes()
    assert {n: a.tolist() for n, a in found.engine.slots.items()} == {
        "velocity": [0.25, 0.5, -0.75, 1.0]
    }
    assert {n: a.tolist() for n, a in found.engine.counters.items()} == {"updates": [7.0]}
    assert (found.position, found.passes) == (Position(2, 5), PASSES)
    assert found.best is not None
    assert (found.best[0], found.best[1].tolist()) == (1, [1.0, 2.0, 3.0, 4.0])
    assert found.best[1].dtype == np.float32
    assert (found.saturated, found.seconds) == ((True, False), Seconds(1 / 3, 0.1, 1e-9))


def test_a_run_that_has_not_begun_is_read_back(tmp_path: Path) -> None:
    found = read_run(write(tmp_path / "checkpoint-0.safetensors", RunState(ENGINE)), BLANK)
    assert (found.position, found.passes, found.best, found.saturated, found.seconds) == (
        Position(),
        (),
        None,
        (),
        Seconds(),
    )


def test_the_hash_is_not_asked_for_where_there_is_none(tmp_path: Path) -> None:
    file = write(tmp_path / "checkpoint-2-5.safetensors", words={"sha256": None})
    assert read_run(file, BLANK).passes == PASSES


def test_states_are_values_that_do_not_change() -> None:
    for value in (STATE, ENGINE, STATE.seconds, STATE.position):
        name = fields(value)[0].name
        with pytest.raises(FrozenInstanceError):
            setattr(value, name, getattr(value, name))


def test_a_state_of_the_same_form_is_taken_as_it_is() -> None:
    found = checked(ENGINE, BLANK)
    assert found.weights is ENGINE.weights
    assert repr(found) == "<state: 4 weights, velocity>"
    assert repr(EngineState(np.zeros(1))) == "<state: 1 weight>"


# --- what is refused ---


def at(passes: int, shown: int, *numbers: int) -> RunState:
    """A state there that has records of these passes, and no best one."""
    records = tuple(replace(PASSES[0], number=n) for n in numbers)
    return replace(STATE, position=Position(passes, shown), passes=records, best=None)


@pytest.mark.parametrize(
    "state",
    [
        at(0, 0),
        at(0, 0, 0),
        at(0, 5),
        at(1, 0),
        at(1, 5, 1),
        at(1, 0, 1),
        at(1, 0, 0, 1),
        at(3, 0, 1, 2),
        at(3, 0, 1, 2, 3),
        at(3, 1, 1, 2, 3),
    ],
)
def test_the_passes_before_are_scored_and_the_last_may_wait(
    state: RunState, tmp_path: Path
) -> None:
    found = read_run(write(tmp_path / state.position.file, state), BLANK)
    assert (found.position, found.passes) == (state.position, state.passes)


@pytest.mark.parametrize(
    "state",
    [
        at(0, 0, 1),
        at(0, 5, 1),
        at(1, 0, 1, 2),
        at(1, 5),
        at(2, 0),
        at(2, 0, 2),
        at(2, 0, 2, 1),
        at(2, 0, 1, 1),
        at(3, 0, 1),
        at(3, 0, 1, 3),
        at(3, 0, 2, 3),
        at(3, 5, 1, 2),
        at(9, 0, 1, 2),
        at(1, 0, -1, 0, 1),
        at(2, 0, 1, 2, 3),
    ],
)
def test_other_passes_than_those_before_are_refused(state: RunState, tmp_path: Path) -> None:
    path = write(tmp_path / state.position.file, state)
    assert refusal(path).message == (
        f"'{path}' is not a checkpoint of a run: it was taken {state.position}, and has other "
        "passes than those before"
    )


@pytest.mark.parametrize("name", ["1-5", "3-5", "2", "2-4", "2-6"])
def test_a_file_that_was_taken_elsewhere_than_its_name_says_is_refused(
    name: str, tmp_path: Path
) -> None:
    path = write(tmp_path / f"checkpoint-{name}.safetensors")
    named = position_of(path)
    assert refusal(path).message == (
        f"'{path}' is not a checkpoint of a run: it says that it was taken after 5 presentations "
        f"of pass 3, and its name says {named}"
    )


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"pass": None}, "it has no entry 'pass'"),
        ({"shown": None}, "it has no entry 'shown'"),
        ({"best": None}, "it has no entry 'best'"),
        ({"seconds": None}, "it has no entry 'seconds'"),
        ({"saturated": None}, "it has no entry 'saturated'"),
        ({"pass": ""}, "its pass is a whole number, found ''"),
        ({"pass": "-2"}, "its pass is a whole number, found '-2'"),
        ({"pass": "2.0"}, "its pass is a whole number, found '2.0'"),
        ({"pass": "2\n"}, "its pass is a whole number, found '2\n'"),
        ({"pass": "٢"}, "its pass is a whole number, found '٢'"),
        ({"pass": "0" * 16}, f"its pass is a whole number, found '{'0' * 16}'"),
        ({"shown": "x" * 41}, f"its shown is a whole number, found '{'x' * 40}'"),
        ({"best": "3"}, "its best weights, of pass 3, are not those of a pass"),
        ({"seconds": "1 2"}, "its seconds are three numbers, found '1 2'"),
        ({"seconds": "1 2 3 4"}, "its seconds are three numbers, found '1 2 3 4'"),
        ({"seconds": "1 nan 2"}, "its seconds are three numbers, found '1 nan 2'"),
        ({"seconds": "1 2 inf"}, "its seconds are three numbers, found '1 2 inf'"),
        ({"seconds": "1 " * 30}, f"its seconds are three numbers, found '{'1 ' * 20}'"),
        ({"seconds": "1 2 x"}, "could not convert string to float: 'x'"),
    ],
)
def test_words_that_no_run_writes_are_refused(
    words: dict[str, str | None], reason: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "mine.safetensors", words=words)
    assert refusal(path).message == f"'{path}' is not a checkpoint of a run: {reason}"


Change = Callable[[dict[str, Array]], None]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a["weights"].__setitem__(2, np.nan), "some weights are not finite numbers"),
        (lambda a: a["weights"].__setitem__(0, -np.inf), "some weights are not finite numbers"),
        (
            lambda a: a.update({"best.weights": np.ones(3, np.float32)}),
            "its best weights, of pass 1, are not those of a pass",
        ),
        (
            lambda a: a.update({"best.weights": np.ones((4, 1), np.float32)}),
            "its best weights, of pass 1, are not those of a pass",
        ),
        (
            lambda a: a.update(passes=np.frombuffer(b"\xc1", np.uint8)),
            "the records of the passes cannot be read: ",
        ),
        (
            lambda a: a.update(passes=np.frombuffer(msgspec.msgpack.encode([1]), np.uint8)),
            "the records of the passes cannot be read: ",
        ),
    ],
)
def test_arrays_that_no_run_writes_are_refused(
    change: Change, message: str, tmp_path: Path
) -> None:
    arrays, words = run_arrays(STATE)
    arrays = {name: array.copy() for name, array in arrays.items()}
    change(arrays)
    del words["sha256"]
    path = tmp_path / "mine.safetensors"
    write_arrays(path, arrays, words)
    assert refusal(path).message.startswith(f"'{path}' is not a checkpoint of a run: {message}")
    # with the hash of what was there before, it is the hash that tells
    write_arrays(path, arrays, run_arrays(STATE)[1])
    assert refusal(path).message == f"'{path}' is damaged: its content is not what was written"


def test_a_file_without_records_is_of_before(tmp_path: Path) -> None:
    arrays, words = run_arrays(STATE)
    del arrays["passes"], words["sha256"]
    path = tmp_path / "mine.safetensors"
    write_arrays(path, arrays, words)
    found = refusal(path)
    assert (found.message, found.hint) == (f"'{path}' has no records of passes", "train anew")


def test_of_many_differences_each_is_told(tmp_path: Path) -> None:
    """In the order of what is expected, then what is too much."""
    other = EngineState(np.zeros((2, 2), np.float64), {"moment": np.zeros(4, np.float32)})
    path = write(tmp_path / "mine.safetensors", replace(STATE, engine=other))
    assert refusal(path).message == (
        f"'{path}': the state is not one of this net and optimizer: "
        "expected weights (4) float32, found (2 2) float64; "
        "expected slots.velocity (4) float32, found none; "
        "expected counters.updates (1) float32, found none; "
        "expected no slots.moment, found one (4) float32"
    )


def test_the_first_that_can_be_read_is_taken_and_the_others_are_told(tmp_path: Path) -> None:
    broken, good, older = (tmp_path / f"{name}.safetensors" for name in "abc")
    broken.write_bytes(b"nothing")
    write(good)
    write(older, at(1, 0, 1))
    state, wrong = newest([broken, good, older], BLANK)
    assert state is not None and state.position == Position(2, 5)
    assert [str(broken) in error.message for error in wrong] == [True]
    assert newest([], BLANK) == (None, [])
    other = tmp_path / "d.safetensors"
    with pytest.raises(DataError) as found:
        newest([broken, other], BLANK)
    assert str(broken) in found.value.message


def test_records_keep_every_number() -> None:
    assert unpacked(packed(PASSES)) == PASSES
    assert unpacked(packed(())) == ()
    with pytest.raises(ValueError, match="the records of the passes cannot be read"):
        unpacked(np.zeros(0, np.uint8))
