"""Run programs that were made to break `sn`, and say which of them did.

    python -m tests.corpus_runner [PYTHON ...]      a table: each program on each Python

Every file below tests/corpus/ that ends in .sn is one: `sn check` must end with 0 or 1, never with
a signal, a traceback or an internal error, within the limit of time. In it

    ; expect: TEXT          what the output or the messages must hold
    ; command: run ...      other words than `check` for the command line; FILE is added
    ; --- NAME              starts a further program

A worker runs many in one process, which is quick; when it dies, the one at hand is to blame.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import resource
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.corpus_nests import NESTS

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "tests" / "corpus"
LIMIT_S = 120  # of one program; chosen here: a slow machine that does other things takes ten times
MEMORY = 2**27  # bytes that may be taken at once
ADDRESS_SPACE = 8 * 2**30  # bytes of a worker; Numba alone maps one
_NAME = re.compile(r"^; --- (.*)$", re.MULTILINE)
_EXPECT = re.compile(r"^; expect: (.*)$", re.MULTILINE)
_COMMAND = re.compile(r"^; command: (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Program:
    """A text, the words of the command line that runs it, and what must be told."""

    name: str
    text: str
    words: tuple[str, ...] = ("check",)
    expect: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a program: exit code (minus the signal), ends of the output, s, bytes."""

    code: int | None
    text: str
    seconds: float
    memory: int = 0
    holds: bool = False  # what was expected

    def fault(self, program: Program) -> str:
        """Return what is wrong with it, "" if nothing is."""
        if self.code is None:
            return f"took more than {LIMIT_S} s"
        if self.code < 0:
            return f"died of signal {-self.code}"
        if self.code not in (0, 1):
            return f"exit code {self.code}: {self.text[-300:]}"
        for word in ("Traceback (most", "internal error"):
            if word in self.text:
                return f"{word}: {self.text[-300:]}"
        if not self.holds:
            return f"expected '{program.expect}', found: {self.text[-300:]}"
        return ""


def programs(folder: Path = CORPUS) -> Iterator[Program]:
    """Yield the programs of the files, then those that are made."""
    for path in sorted(folder.rglob("*.sn")):
        pieces = _NAME.split(path.read_text(encoding="utf-8", errors="surrogateescape"))
        title = path.relative_to(folder).with_suffix("").as_posix()
        named = [(title, pieces[0])] if len(pieces) == 1 else []
        named += [(f"{title}: {n}", t) for n, t in zip(pieces[1::2], pieces[2::2], strict=True)]
        for name, text in named:
            expect, command = _EXPECT.search(text), _COMMAND.search(text)
            words = tuple(command[1].split()) if command else ("check",)
            yield Program(name, text, words, expect[1].strip() if expect else "")
    for name, (text, expect) in NESTS.items():
        yield Program(f"nests: {name}", text, expect=expect)


class Crew:
    """Runs programs in a process that goes on with the next one, or in another when it died."""

    def __init__(self, python: str = sys.executable) -> None:
        self._python = python
        self._worker: _Worker | None = None

    def run(self, program: Program) -> Outcome:
        """Return what becomes of a program."""
        self._worker = self._worker or _Worker(self._python)
        outcome = self._worker.run(program)
        if outcome.code is None or outcome.code < 0:
            self._worker = None
        return outcome

    def stop(self) -> None:
        """End the process."""
        if self._worker is not None:
            self._worker.stop()


class _Worker:
    """A process that runs programs one after the other."""

    def __init__(self, python: str) -> None:
        self.process = subprocess.Popen(
            [python, "-m", "tests.corpus_runner", "--work"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )

    def run(self, program: Program) -> Outcome:
        assert self.process.stdin is not None and self.process.stdout is not None
        start = time.monotonic()
        self.process.stdin.write(json.dumps(asdict(program)).encode() + b"\n")
        self.process.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            in_time = bool(selector.select(LIMIT_S))
        line = self.process.stdout.readline() if in_time else b""
        seconds = time.monotonic() - start
        if line:
            return Outcome(**json.loads(line))
        self.stop()
        return Outcome(self.process.returncode if in_time else None, "", seconds)

    def stop(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def _work() -> None:
    """Run the programs that the lines of the input describe, and answer with a line for each."""
    from sn.memory import set_limit

    set_limit(MEMORY)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    for line in sys.stdin:
        given = json.loads(line)
        outcome = _run(Program(**given))
        print(json.dumps(asdict(outcome)), file=answers, flush=True)


def _run(program: Program) -> Outcome:
    from sn.commands import main

    told = io.StringIO()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        file = Path("program.sn")
        file.write_text(program.text, encoding="utf-8", errors="surrogateescape")
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
            code = main([*program.words, str(file)])
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    seconds, text = time.monotonic() - start, told.getvalue()
    ends = text if len(text) < 4000 else f"{text[:2000]} ... {text[-2000:]}"
    return Outcome(code, ends, seconds, used, program.expect in text)


def _table(pythons: list[str]) -> int:
    """Print what becomes of each program on each Python, each in a process; return the faults."""
    n_faults = 0
    for program in programs():
        for python in pythons:
            crew = Crew(python)
            outcome = crew.run(program)
            crew.stop()
            fault = outcome.fault(program)
            n_faults += bool(fault)
            label = Path(python).parent.parent.name
            size = f"{outcome.seconds:6.1f} s {outcome.memory / 1e6:6.0f} MB"
            print(f"{label:12} {size}  {program.name}: {fault or 'ok'}".replace("\n", " | "))
    print(f"{n_faults} faults")
    return n_faults


if __name__ == "__main__":
    if sys.argv[1:] == ["--work"]:
        _work()
    else:
        sys.exit(bool(_table(sys.argv[1:] or [sys.executable])))
