"""Events: a run as a file that TensorBoard shows; written by tensorboardX, an extra.

Scalars of every pass: error, half squares, misses and misses per hundred of each set, the learning
rate, microseconds per presentation. Histograms of the weights after passes 1, 2, 5, 10, 20 and so
on, and after the last. Texts: the command, and what was run how on what. The step of all is the
number of the pass.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.display import printable
from sn.errors import SnError, TrainError
from sn.progress.drawing import Watched
from sn.results.arrays import told_as_train_error
from sn.results.folder import RunHeader
from sn.results.lines import json_line
from sn.results.origin import Origin
from sn.results.record import PassRecord, RunRecord
from sn.train.look import Look
from sn.train.observer import Observer

PREFIX = "events"
LEADING = {"1", "2", "5"}  # digits of passes that have histograms; chosen here: ten in a thousand
MOST_BINS = 64  # of a histogram; chosen here: more than a picture of TensorBoard shows
_UNTAGGED = re.compile(r"[^-/\w.]")  # what a tag may not have
SECONDS = 1.0  # between two times that a reader finds more in the file; chosen here


class EventFiles(Observer):
    """Writes the events of a run to a file in `folder`, until it is closed.

    `goes_on` says that those of the run so far may be there.
    Raises: SnError when tensorboardX is not here, TrainError for a folder that has events of
    another run, or where nothing can be written.
    """

    def __init__(self, folder: Path, goes_on: bool = False) -> None:
        self._folder = folder
        self._library = _library()
        with told_as_train_error(folder):
            folder.mkdir(parents=True, exist_ok=True)
            before = len(list(folder.glob(f"{PREFIX}.out.tfevents.*")))
            if before and not goes_on:
                raise TrainError(
                    f"the folder '{folder}' has the events of a run already",
                    hint="name another one: TensorBoard would mix their curves",
                )
            # what starts as "gs://" does would be a place elsewhere to the library, which also
            # gives files of one second one name
            where = os.path.abspath(folder / PREFIX)
            self._file = self._library.EventsWriter(where, f".{before}")
        self._weighed: set[int] = set()  # passes that have histograms
        self._flushed = time.monotonic()

    def close(self) -> None:
        """Close the file, which is whole then."""
        with told_as_train_error(self._folder):
            self._file.close()

    def described(self, header: RunHeader, origin: Origin) -> None:
        """Write the texts."""
        about = {
            **asdict(header.net),
            "data": header.data.name,
            "optimizer": header.optimizer,
            "seed": header.seed,
            "passes": header.passes,
            "engine": origin.engine,
            **{f"set {name}": value for name, value in origin.settings.items()},
        }
        rows = [f"| {_cell(name)} | {_cell(value)} |" for name, value in about.items()]
        self._text("run", "\n".join(["| | |", "|---|---|", *rows]))
        self._text("settings", _code(json.dumps(json.loads(json_line(header.options)), indent=2)))
        if origin.command:
            self._text("command", _code(shlex.join(origin.command)))
        if origin.source:
            self._text("program", _code(origin.source))

    def pass_scored(self, look: Look) -> None:
        """Write the learning rate, and now and then the weights."""
        self._scalar("learning_rate", look.learning_rate, look.number)
        if f"{look.number}".rstrip("0") in LEADING:
            self._histograms(look.weights(), look.number)

    def pass_finished(self, record: PassRecord) -> None:
        """Write the scores."""
        for which, scores in record.sets.items():
            figures = {
                "error": scores.error,
                "half_squares": scores.squares,
                "misses": scores.misses,
                "percent": scores.percent,
            }
            for name, figure in figures.items():
                if figure is not None:
                    self._scalar(f"{name}/{which}", figure, record.number)
        if record.number and record.train.patterns:
            spent = record.seconds / record.train.patterns * 1e6
            self._scalar("us_per_presentation", spent, record.number)
        if time.monotonic() - self._flushed >= SECONDS:
            self._flush()

    def finished(self, record: RunRecord) -> None:
        """Write the weights of the end, which are the best where those were kept."""
        self._histograms(record.weights, record.end.number)
        self._flush()

    def interrupted(self) -> None:
        """Let a reader find all that was told."""
        self._flush()

    def _histograms(self, weights: Mapping[str, NDArray[np.generic]], step: int) -> None:
        if step in self._weighed:
            return
        self._weighed.add(step)
        for name, values in weights.items():
            if values.size:
                tag = "weights/" + _UNTAGGED.sub("_", name)
                self._add(self._library.histogram(tag, values, "auto", MOST_BINS), step)

    def _scalar(self, tag: str, figure: float, step: int) -> None:
        self._add(self._library.scalar(tag, figure), step)

    def _text(self, tag: str, text: str) -> None:
        self._add(self._library.text(tag, text.encode("utf-8", "replace").decode()), 0)

    def _add(self, summary: Any, step: int) -> None:
        event = self._library.Event(wall_time=time.time(), step=step, summary=summary)
        with told_as_train_error(self._folder):
            self._file.write_event(event)

    def _flush(self) -> None:
        self._flushed = time.monotonic()
        with told_as_train_error(self._folder):
            self._file.flush()


@contextmanager
def recorded(program: Watched, folder: Path, goes_on: bool) -> Iterator[None]:
    """Let the events of a run of a program go to a folder while the block lasts."""
    files = EventFiles(folder, goes_on)
    before = tuple(program.observers)
    program.watch(*before, files)
    try:
        yield
    finally:
        program.watch(*before)
        files.close()


def _library() -> Any:
    """Return what is used of tensorboardX. Raises: SnError when it is not here."""
    try:  # an extra, and slow to import
        from tensorboardX import event_file_writer, summary  # as above
        from tensorboardX.proto.event_pb2 import Event  # as above
    except ImportError as error:
        raise SnError(
            "event files need tensorboardX, which is not here",
            hint="pip install 'sn[tensorboard]'",
        ) from error
    return SimpleNamespace(
        EventsWriter=event_file_writer.EventsWriter,
        Event=Event,
        scalar=summary.scalar,
        histogram=summary.histogram,
        text=summary.text,
    )


def _cell(value: object) -> str:
    """Return a value as the cell of a table of Markdown."""
    return printable(str(value)).replace("\\", "\\\\").replace("|", "\\|")


def _code(text: str) -> str:
    """Return a text as code of Markdown, which says nothing else."""
    return "\n".join(f"    {line}" for line in text.split("\n"))
