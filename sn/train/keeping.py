"""Keeping: how a run is kept on disk, and how one that was is gone on with.

A run goes on with what it was started with: another net, data set, option, engine or seed is
refused, by its name, unless a fork is asked for, which leaves the old folder as it is. More
passes are no other run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sn.codes import Code
from sn.errors import Notice, TrainError
from sn.limits import Limit, check_fields, setting
from sn.optim.rules import STEPS
from sn.results.about import read_about
from sn.results.checkpoints import Position, checkpoints, run_folder
from sn.results.folder import CHECKPOINTS_KEPT, RunFolder, RunHeader
from sn.results.origin import Origin, read_start, versions
from sn.results.record import PassRecord
from sn.train.checkpoint import RunState, newest, run_arrays
from sn.train.engines import Floats32
from sn.train.identity import differences
from sn.train.state import EngineState

AT_LEAST_ONE = Limit(1, is_whole=True)


@dataclass(frozen=True, slots=True)
class Keeping:
    """How a run is kept: a checkpoint each `checkpoint_every` presentations, so many of them.

    `resume` is the folder of a run to go on with, or one of its checkpoints; with `is_fork` it
    goes on in a folder of its own, and may differ.
    Raises: SettingError for numbers below 1.
    """

    checkpoint_every: int | None = setting(AT_LEAST_ONE, None)
    keep_checkpoints: int = setting(AT_LEAST_ONE, CHECKPOINTS_KEPT)
    resume: Path | None = None
    is_fork: bool = False

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class Opened:
    """The folder of a run, taken; where the run goes on from; and what is odd about it.

    Without a state it starts, from the weights `start`, (n_weights,) float32, or fresh ones.
    """

    files: RunFolder | None
    state: RunState | None = None
    notices: tuple[Notice, ...] = ()
    start: Floats32 | None = None


@dataclass(frozen=True, slots=True)
class StartedWith:
    """What a run does unless it is told otherwise."""

    passes: int
    seed: int = 0
    optimizer: str | None = None
    engine: str = "kernels"


def started_with(resume: Path) -> StartedWith:
    """Return what the run that is named by its folder or a checkpoint was started with.

    Raises: DataError when there is no run.
    """
    about = read_about(run_folder(resume))
    engine = about.get("engine", "kernels")
    return StartedWith(about["passes"], about["seed"], about["optimizer"], engine)


def opened(
    folder: Path | None,
    keeping: Keeping,
    header: RunHeader,
    origin: Origin,
    like: Callable[[], EngineState],
) -> Opened:
    """Take the folder that a run is kept in, a new one or that of the run to go on with.

    `like` gives a state of the engine that will run.
    Raises: TrainError where it cannot be taken, or another run was started there; DataError where
    no checkpoint can be read.
    """
    if keeping.resume is not None:
        resume = _fork if keeping.is_fork else _resume
        return resume(folder, keeping.resume, keeping, header, origin, like)
    if folder is None:
        return Opened(None, start=origin.start)
    files = RunFolder.create(folder, header.net.name, keeping.keep_checkpoints)
    files.start(header, origin)
    return Opened(files, start=origin.start)


def _resume(
    folder: Path | None,
    resume: Path,
    keeping: Keeping,
    header: RunHeader,
    origin: Origin,
    like: Callable[[], EngineState],
) -> Opened:
    """Go on in the folder of a run."""
    files = RunFolder(run_folder(resume), keeping.keep_checkpoints)
    if folder is not None and folder != files.path:
        raise TrainError(
            f"the run in '{files.path}' goes on there, not in '{folder}'",
            code=Code.ANOTHER_RUN,
            hint="with --fork (fork=True) it goes on in a folder of its own",
        )
    try:
        about = files.reopen()
        changed = differences(_identity(about, files.path), origin.identity)
        if changed:
            raise TrainError(
                f"this is not the run in '{files.path}': {'; '.join(changed)}",
                code=Code.ANOTHER_RUN,
                hint="give it what it was started with, or go on in another folder with --fork "
                "(fork=True)",
            )
        found = _state(resume, like)
        notices = (*other_versions(about["versions"]), *found.notices)
        position, passes = _going_on(found.state, header.passes)
        start = read_start(files.path)
        files.go_on(passes, position, header.passes, origin.command)
    except BaseException:
        files.close()
        raise
    return Opened(files, found.state, notices, start)


def other_versions(started: Mapping[str, str]) -> Iterator[Notice]:
    """Warn of versions that a run was not started with: they may compute other bits."""
    changed = differences(started, versions())
    if changed:
        yield Notice(
            f"other versions than the run was started with: {'; '.join(changed)}",
            hint="equal bits are promised for equal versions alone",
        )


def _fork(
    folder: Path | None,
    resume: Path,
    keeping: Keeping,
    header: RunHeader,
    origin: Origin,
    like: Callable[[], EngineState],
) -> Opened:
    """Go on in a new folder, from where another run was; without a folder, in memory."""
    old = run_folder(resume)
    changed = differences(_identity(read_about(old), old), origin.identity)
    found = _state(resume, like)
    position, passes = _going_on(found.state, header.passes)
    state = found.state
    if changed and state is not None:
        if position.shown:
            raise TrainError(
                f"the run in '{old}' is in the middle of pass {position.passes + 1}, and this is "
                f"another run: {'; '.join(changed)}",
                code=Code.ANOTHER_RUN,
                hint="fork from the checkpoint of a whole pass: --resume takes its file too",
            )
        state = replace(state, engine=_with_steps_of(state.engine, like()))
    files, start = None, read_start(old)
    if folder is not None:
        files = RunFolder.create(folder, header.net.name, keeping.keep_checkpoints)
        from_where = {"folder": str(old), "pass": position.passes, "shown": position.shown}
        files.start(
            header, replace(origin, start=start), {"forked": {**from_where, "changed": changed}}
        )
        try:
            for record in passes:
                files.add_pass(record)
            if state is not None:
                files.write_checkpoint(position, *run_arrays(state))
        except BaseException:
            files.close()
            raise
    return Opened(files, state, found.notices, start)


def _with_steps_of(state: EngineState, fresh: EngineState) -> EngineState:
    """Return a state with the rates of its weights as a fresh engine has them.

    They follow from the optimizer, which a fork may change; a sample of curvatures, which may be
    in them too, is taken anew in each pass.
    """
    steps = {name: own for name, own in fresh.slots.items() if name.split(".")[-1] == STEPS}
    return replace(state, slots={**state.slots, **steps})


def _identity(about: dict[str, Any], folder: Path) -> dict[str, str]:
    found: dict[str, str] | None = about.get("identity")
    if found is None:
        raise TrainError(
            f"the run in '{folder}' cannot be gone on with: an earlier SN wrote it",
            code=Code.ANOTHER_RUN,
            hint="go on with that version (run.json tells which), or train anew",
        )
    return found


def _state(resume: Path, like: Callable[[], EngineState]) -> Opened:
    """Return the state to go on from, None where the run had come to no checkpoint."""
    chosen = [resume] if resume != run_folder(resume) else checkpoints(resume)
    state, wrong = newest(chosen, like())
    notices = [
        Notice(f"{error.message}; the run goes on from the checkpoint before it") for error in wrong
    ]
    return Opened(None, state, tuple(notices))


def _going_on(state: RunState | None, planned: int) -> tuple[Position, Sequence[PassRecord]]:
    """Return where a run goes on, and the records of passes that stay."""
    if state is None:
        return Position(), ()
    begun = state.position.passes + bool(state.position.shown)
    if begun > planned:
        raise TrainError(
            f"the run stands {state.position}, so it cannot end at pass {planned}",
            hint=f"--passes counts all passes of the run; give it {begun} or more",
        )
    kept = [record for record in state.passes if record.number or not planned]
    return state.position, kept
