"""The race: rivals in their own processes take turns, and the peak of the core between them.

    run_race(rivals, count, rounds) -> Race

Every rival is first checked against its task's float64 reference. Then all take turns
(A B C A B C ...), so that a change of the machine's clock or load meets them all; what counts is
CPU time.

Read next: `worker.py` for the other side, `report.py` for what becomes of the times.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from bench import layers
from bench.peak import Peak, load_peak
from bench.rival import Rival
from bench.streams import Streams, load_streams

ROOT = Path(__file__).resolve().parents[1]
CHECKED = 20  # presentations after which the answers are compared


@dataclass(slots=True)
class Entrant:
    """A rival in its own process, and the microseconds for a presentation in each round."""

    rival: Rival
    process: subprocess.Popen[str]
    count: int
    messages: IO[str]
    compile_s: float = 0.0
    difference: float = 0.0
    cpu_us: list[float] = field(default_factory=list)
    wall_us: list[float] = field(default_factory=list)

    def ask(self, line: str) -> dict[str, float]:
        """Send a line to the process and return its answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self) -> dict[str, float]:
        """Wait for the next answer; an ended process is an error that names the rival."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            code = self.process.wait()
            self.messages.seek(0)
            last = self.messages.read().strip().rpartition("\n")[2]
            raise ChildProcessError(f"it ended with exit code {code}: {last}")
        answer: dict[str, float] = json.loads(line)
        return answer


@dataclass(frozen=True, slots=True)
class Race:
    """Who took part, why others did not, and what the core can do, round by round.

    `peaks`: multiply-adds a second by lanes; `streaming_us`: microseconds to read the weights of
    the full layers, and to read and write them again.
    """

    entrants: list[Entrant]
    absent: dict[str, str]
    peaks: dict[int, list[float]]
    streaming_us: list[float]


def run_race(rivals: list[Rival], count: int, rounds: int) -> Race:
    """Race the rivals on `count` examples and end their processes."""
    entrants, absent = _enter(rivals, count)
    race = Race(entrants, absent, {}, [])
    try:
        _take_turns(race, load_peak(), load_streams(), rounds)
    finally:
        for entrant in entrants:
            entrant.process.kill()
    return race


def _start(rival: Rival, count: int) -> Entrant:
    environment = {**os.environ, **rival.environment, "PYTHONPATH": str(ROOT)}
    messages = tempfile.TemporaryFile("w+")  # what it says beside answers; shown if it fails
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.worker", rival.name, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=messages,
        env=environment,
        cwd=ROOT,
        text=True,
    )
    return Entrant(rival, process, max(CHECKED, round(count * rival.share)), messages)


def _enter(rivals: list[Rival], count: int) -> tuple[list[Entrant], dict[str, str]]:
    """Start, prepare and check each rival; return those that take part and why others do not."""
    entrants, absent = [], {}
    for rival in rivals:
        reason = rival.available()
        if reason is None:
            print(f"preparing {rival.name}", file=sys.stderr)
            entrant = _start(rival, count)
            try:
                entrant.compile_s = entrant.answer()["compile_s"]
                entrant.difference = entrant.ask(f"check {CHECKED}")["difference"]
            except ChildProcessError as error:
                reason = str(error)
            else:
                if entrant.difference <= rival.task.tolerance:
                    entrants.append(entrant)
                    continue
                entrant.process.kill()
                reason = f"wrong: a number differs by {entrant.difference:.1e} from the reference"
        absent[rival.name] = reason
    return entrants, absent


def _take_turns(race: Race, peak: Peak | None, streams: Streams | None, rounds: int) -> None:
    """Let all take turns, and measure the core between them."""
    is_streaming = any(entrant.rival.task is layers.FULL for entrant in race.entrants)
    for turn in range(rounds):
        print(f"round {turn + 1} of {rounds}", file=sys.stderr)
        if streams is not None and is_streaming:
            seconds = streams.seconds_per_weight(layers.CONNECTIONS) * layers.CONNECTIONS
            race.streaming_us.append(seconds * 1e6)
        for entrant in race.entrants:
            if peak is not None:
                for lanes in peak.lanes:
                    race.peaks.setdefault(lanes, []).append(peak.measure(lanes))
            times = entrant.ask(str(entrant.count))
            entrant.cpu_us.append(times["cpu_s"] / entrant.count * 1e6)
            entrant.wall_us.append(times["wall_s"] / entrant.count * 1e6)
