"""Processes: `sn` as a person starts it in a terminal, and what it leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # seconds that a command which was interrupted has to end; chosen here
GONE = 10.0  # seconds that its processes have to be gone after it; chosen here


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that ended; `seconds` of wall time."""

    code: int
    out: str
    err: str
    seconds: float


@dataclass(slots=True)
class Tally:
    """What was counted in trials of one kind: outcomes by name, and faults in words."""

    name: str
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def row(self) -> str:
        """Return the line of the table."""
        said = ", ".join(f"{count} {what}" for what, count in self.counts.items())
        return f"{self.name:<28}  {said}; faults: {len(self.faults)}"


class Command:
    """A `sn` that runs in a session of its own, as the only job of a terminal."""

    def __init__(self, words: list[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._started = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "cli.py"), *words],
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
            # jobs in the background of a shell ignore it, and so would the command
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    def interrupt(self, everybody: bool) -> None:
        """Send SIGINT to all its processes, as a terminal does, or to the first alone."""
        with suppress(ProcessLookupError):
            if everybody:
                os.killpg(self._process.pid, signal.SIGINT)
            else:
                self._process.send_signal(signal.SIGINT)

    def stop(self, how: signal.Signals) -> None:
        """Send SIGKILL to its first process, or another signal to all."""
        with suppress(ProcessLookupError):
            if how is signal.SIGKILL:
                self._process.kill()
            else:
                os.killpg(self._process.pid, how)

    def wait(self, seconds: float) -> bool:
        """Wait so long; return whether it still runs."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return True
        return False

    def ended(self) -> Ended:
        """Wait for the end. Raises: subprocess.TimeoutExpired when it does not come."""
        try:
            out, err = self._process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate()
            raise
        return Ended(self._process.returncode, out, err, time.perf_counter() - self._started)

    def has_orphans(self) -> bool:
        """Whether a process of it is there after a while; they are ended then."""
        until = time.perf_counter() + GONE
        while time.perf_counter() < until:
            try:
                os.killpg(self._process.pid, 0)
            except ProcessLookupError:
                return False
            time.sleep(0.02)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        return True


def half_written(folder: Path) -> Iterator[str]:
    """Say which files below a folder were never finished, or cannot be read."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        name = str(path.relative_to(folder))
        if path.name.startswith(".") and path.name != ".lock":
            yield f"{name} is left"
        try:
            if path.suffix == ".json":
                json.loads(path.read_bytes())
            elif path.suffix == ".jsonl":
                [json.loads(line) for line in path.read_bytes().splitlines()]
        except ValueError as error:
            yield f"{name} cannot be read: {error}"
