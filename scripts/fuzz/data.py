"""Damage files of every kind, let all ways in read them, and tell what was no honest answer.

    python -m scripts.fuzz.data [--cases N] [--seconds S] [--seed K] [--only KIND] [--keep FOLDER]

A case is a valid file with one to four changes, which its number and the seed decide. Whatever is
wrong with it must be told by an SnError that names the file: a signal, another exception, a
warning, more than five seconds or more memory than allowed is a fault, and a row of the table.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sn
from scripts.fuzz.data_changes import mutated
from scripts.fuzz.data_kinds import TOLD, Kind, kinds
from sn import memory

LIMIT = 50_000_000  # bytes that may be taken at once; chosen here
SLOW_S, HANGS_S = 5.0, 30
BATCH = 500  # cases of one process; chosen here: it takes a second to start
FORK = multiprocessing.get_context("fork")


@dataclass(slots=True)
class Findings:
    """What came of some cases: how each ended, and those that are faults."""

    cases: int = 0
    told: int = 0
    read: int = 0
    slowest_s: float = 0.0
    peak_bytes: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, other: Findings) -> None:
        """Add what came of other cases."""
        self.cases += other.cases
        self.told += other.told
        self.read += other.read
        self.slowest_s = max(self.slowest_s, other.slowest_s)
        self.peak_bytes = max(self.peak_bytes, other.peak_bytes)
        self.faults += other.faults
        self.examples = {**other.examples, **self.examples}

    def fault(self, what: str, case: str) -> None:
        """Note a fault, and the first case that shows it."""
        self.faults[what] += 1
        self.examples.setdefault(what, case)


class Hang(BaseException):
    """A case that does not end."""


def fuzz(
    cases: int, seed: int = 0, seconds: float = 0, only: str = "", keep: Path | None = None
) -> Findings:
    """Run cases 0, 1, ... and return what came of them; `seconds` above 0 end them earlier.

    With `keep`, the file of the first case of each fault is written to that folder.
    """
    found, started = Findings(), time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        os.environ["SN_CACHE"] = str(base / "cache")
        (base / "seeds").mkdir()
        known = [one for one in kinds(base / "seeds") if only in one.name]
        first = 0
        while first < cases and not 0 < seconds < time.monotonic() - started:
            first = _batch(known, range(first, min(cases, first + BATCH)), seed, base, found)
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            for case in found.examples.values():
                number = int(case.partition(" ")[0])
                kind, raw = case_of(known, seed, number)
                (keep / f"{kind.name.replace(' ', '-')}-{number}").write_bytes(raw)
    return found


def case_of(known: Sequence[Kind], seed: int, number: int) -> tuple[Kind, bytes]:
    """Return the kind of a case and its damaged file."""
    rng = random.Random(f"{seed} {number}")
    kind = known[number % len(known)]
    return kind, mutated(rng, kind.raw, kind.packing)


def _batch(known: list[Kind], numbers: range, seed: int, base: Path, found: Findings) -> int:
    """Run cases in a process of their own; return the number of the next one."""
    ours, theirs = FORK.Pipe(duplex=False)
    at = FORK.Value("q", numbers.start)
    process = FORK.Process(target=_cases, args=(known, numbers, seed, base, at, theirs))
    process.start()
    theirs.close()
    part = None
    with contextlib.suppress(EOFError):
        part = ours.recv()
    process.join()
    if part is not None:
        found.add(part)
        return numbers.stop
    kind = known[at.value % len(known)]
    found.cases += at.value + 1 - numbers.start
    found.fault(f"{kind.name}: signal {-(process.exitcode or 0)}", f"{at.value} {kind.name}")
    return at.value + 1


def _cases(known: list[Kind], numbers: range, seed: int, base: Path, at: Any, pipe: Any) -> None:
    """Run cases and send what came of them."""
    found = Findings()
    memory.set_limit(LIMIT)
    warnings.simplefilter("error")
    signal.signal(signal.SIGALRM, _hang)
    base_peak = _peak()
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - until the process ends
    for number in numbers:
        at.value = number
        kind, raw = case_of(known, seed, number)
        folder = base / "case"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, content in (kind.files or {}).items():
            (folder / name).write_bytes(content)
        path = folder / (kind.name.replace(" ", "-") + _suffix(kind))
        path.write_bytes(raw)
        found.cases += 1
        started = time.perf_counter()
        signal.alarm(HANGS_S)
        outcome = "read"
        for way in kind.ways:
            try:
                way(path)
            except sn.SnError as error:
                outcome = "told"
                _check(error, kind, number, path, found)
            except Hang:
                found.fault(f"{kind.name}: no end", f"{number} {kind.name}")
            except BaseException as error:  # whatever it is, it is a fault
                found.fault(f"{kind.name}: {_where(error)}", f"{number} {kind.name}")
        for error in TOLD:
            outcome = "told"
            _check(error, kind, number, path, found)
        TOLD.clear()
        signal.alarm(0)
        setattr(found, outcome, getattr(found, outcome) + 1)
        spent = time.perf_counter() - started
        found.slowest_s = max(found.slowest_s, spent)
        if spent > SLOW_S:
            found.fault(f"{kind.name}: slow", f"{number} {spent:.1f} s {kind.name}")
        found.peak_bytes = max(found.peak_bytes, _peak() - base_peak)
    pipe.send(found)
    pipe.close()
    os._exit(0)


def _suffix(kind: Kind) -> str:
    return ".png" if kind.name.startswith("picture") else ""


def _check(error: sn.SnError, kind: Kind, number: int, path: Path, found: Findings) -> None:
    """Hold a message to name the file, or its folder, and to be short."""
    text = sn.errors.render(error)
    if len(error.message) > 2000:
        found.fault(f"{kind.name}: a message of over 2,000 letters", f"{number} {kind.name}")
    names = (path.name, path.parent.name, "resumed", "small")
    if kind.name != "source.sn" and not any(name in text for name in names):
        found.fault(f"{kind.name}: no file in '{error.message[:60]}'", f"{number} {kind.name}")


def _where(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [one for one in frames if f"{os.sep}sn{os.sep}" in one.filename] or frames
    place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "?"
    return f"{type(error).__name__} at {place}: {str(error)[:90]}"


def _hang(*_: object) -> None:
    raise Hang


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> int:
    """Run cases and print a row for each kind of fault; 1 when there are any."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="kinds whose name holds this")
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    found = fuzz(options.cases, options.seed, options.seconds, options.only, options.keep)
    print(
        f"data and run files: {found.cases:,} cases, {found.told:,} refused, {found.read:,} read; "
        f"slowest {found.slowest_s:.2f} s, peak +{found.peak_bytes / 1e6:.0f} MB of "
        f"{LIMIT / 1e6:.0f} MB at once; {sum(found.faults.values())} faults"
    )
    for what, count in found.faults.most_common():
        print(f"{count:6}  {what}  (case {found.examples[what]})")
    return 1 if found.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
