"""Change the code of a room in small ways, one at a time, and see whether its tests notice.

    make mutants
    python scripts/mutants.py [ROOM ...] [--sample 20] [--seed 0] [--at FILE:LINE ...]

Cosmic Ray makes the mutants: another operator, a number more or less by one, a loop that never
runs. A place of the code has up to eleven, so places are drawn, and one mutant of each; with
`--at`, all mutants of some lines are tried instead. Tests run in a copy of the tree, a process
each, and stop at the first that fails. What survives is printed with its line, to be reviewed: a
mutant that means the same, or a hole in the tests. Compiled kernels are left out, for every
change of what shapes them would compile them all anew.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import importlib.util
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).resolve().parents[1]
PYTEST = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "--no-header"]
PYTEST += ["-p", "no:cacheprovider", "-m", "not slow and not kernels"]
MOST_MEMORY = 6 << 30  # bytes that a mutant that never ends may eat meanwhile
MOST_SECONDS = 600  # of CPU, for the tests of a room as it is
ASLEEP = 20  # times that limit: a process that waits for ever takes no CPU
COLUMNS = ("room", "mutants", "tried", "killed", "timed out", "survived")
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "runs", "*.egg-info")


@dataclass(frozen=True, slots=True)
class Room:
    """Files to change, and the tests that cover them, the quickest and nearest first."""

    files: tuple[str, ...]
    tests: tuple[str, ...]


ROOMS = {
    "parser": Room(
        ("sn/parser.py", "sn/lisp/lexer.py", "sn/lisp/stream.py"),
        (
            "tests/unit/test_parser.py",
            "tests/unit/test_leads.py",
            "tests/conformance",
            "tests/unit/test_slips.py",
            "tests/unit/test_lisp_files.py",
            "tests/property/test_reader.py",
        ),
    ),
    "table": Room(
        ("sn/net/table.py",),
        (
            "tests/unit/test_table.py",
            "tests/unit/test_combine.py",
            "tests/unit/test_reference.py",
            "tests/unit/test_schemes.py",
            "tests/unit/test_describe_inputs.py",
            "tests/unit/test_describe_outputs.py",
        ),
    ),
    "lower": Room(
        ("sn/lower/recognise.py", "sn/lower/grids.py", "sn/lower/expand.py", "sn/lower/rules"),
        (
            "tests/unit/test_axes.py",
            "tests/unit/test_recognise.py",
            "tests/unit/test_subsample.py",
            "tests/unit/test_grids.py",
            "tests/property/test_nets_plans.py",
            "tests/property/test_recognise_shuffled.py",
        ),
    ),
    "checkpoint": Room(
        ("sn/train/checkpoint.py", "sn/train/state.py", "sn/results/checkpoints.py"),
        (
            "tests/unit/test_checkpoints.py",
            "tests/unit/test_train_state.py",
            "tests/unit/test_results_folder.py",
            "tests/unit/test_resuming_options.py",
            "tests/unit/test_resuming.py",
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change that Cosmic Ray can make: which of an operator's occurrences in a file."""

    file: Path
    start: tuple[int, int]
    operator: str
    occurrence: int

    def code(self, code: str) -> str | None:
        """Return the changed code of the file; None where that is no Python."""
        changed = mutate_code(code, get_operator(self.operator)(), self.occurrence)
        try:
            compile(changed or "(", str(self.file), "exec")
        except SyntaxError:
            return None
        return changed


def mutants_of(file: Path, base: Path) -> Iterator[Mutant]:
    """Yield all changes of a file, but for annotations, which nothing evaluates."""
    code = (base / file).read_text(encoding="utf-8")
    tree, spans = get_ast(code), [*annotations(code)]
    for name in filter(is_of_use, operator_names()):
        operator = get_operator(name)()
        places = (place for node in ast_nodes(tree) for place in operator.mutation_positions(node))
        for occurrence, (start, _) in enumerate(places):
            if not any(first <= start < last for first, last in spans):
                yield Mutant(file, start, name, occurrence)


def is_of_use(operator: str) -> bool:
    """Whether an operator needs no arguments, and does not compare identities for values: that
    means the same for small numbers and words, and is no slip that ruff lets pass.
    """
    words = operator.split("_")
    compares = "ReplaceComparisonOperator" in words[0]
    mixes = compares and words[1].startswith("Is") != words[2].startswith("Is")
    return not mixes and not get_operator(operator).arguments()


def annotations(code: str) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield from where to where the annotations of types in a code go."""
    for node in ast.walk(ast.parse(code)):
        for name in ("annotation", "returns"):
            found = getattr(node, name, None)
            if isinstance(found, ast.expr):
                last = (found.end_lineno or 0, found.end_col_offset or 0)
                yield (found.lineno, found.col_offset), last


def drawn(mutants: list[Mutant], count: int, seed: int) -> Iterator[Mutant]:
    """Yield one mutant of each of some places, in a random order that the seed fixes."""
    moments = random.Random(seed)
    places: dict[tuple[Path, tuple[int, int]], list[Mutant]] = {}
    for mutant in mutants:
        places.setdefault((mutant.file, mutant.start), []).append(mutant)
    for place in moments.sample(sorted(places), min(count, len(places))):
        yield moments.choice(places[place])


def outcome(tests: tuple[str, ...], base: Path, limit: int) -> str:
    """Run tests in the copy: `survived` if they pass, `killed`, or `timed out`.

    Units: `limit` is in seconds of CPU, which do not depend on what else the machine does.
    """

    def take_limits() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))

    env = {**os.environ, "PYTHONPATH": str(base), "SN_CACHE": str(base / "cache")}
    with subprocess.Popen(
        [*PYTEST, *tests],
        cwd=base,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=take_limits,
    ) as process:
        try:
            code = process.wait(ASLEEP * limit)
        except subprocess.TimeoutExpired:
            return "timed out"
        finally:
            # with what the tests may have started
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return "timed out"
    return "killed" if code else "survived"


def put(file: Path, code: str) -> None:
    """Write a file of Python, without what Python kept of it: a second may see two writes."""
    file.write_text(code, encoding="utf-8")
    Path(importlib.util.cache_from_source(str(file))).unlink(missing_ok=True)


def trial(name: str, base: Path, options: argparse.Namespace) -> tuple[str, ...]:
    """Try mutants of a room, print those that survive, return the cells of its row."""
    room, counts = ROOMS[name], Counter[str]()
    paths = (base / file for file in room.files)
    files = [file for path in paths for file in (sorted(path.glob("*.py")) or [path])]
    mutants = [m for file in files for m in mutants_of(file.relative_to(base), base)]
    if options.at:
        some = [m for m in mutants if f"{m.file.as_posix()}:{m.start[0]}" in options.at]
    else:
        some = [*drawn(mutants, options.sample, options.seed)]
    limit = None
    for mutant in some:
        file = base / mutant.file
        code = file.read_text(encoding="utf-8")
        changed = mutant.code(code)
        if changed is None:
            continue
        if limit is None:
            limit = limit_of(name, base)
        put(file, changed)
        found = outcome(room.tests, base, limit)
        put(file, code)
        counts[found] += 1
        if found == "survived":
            print(f"{counts.total()} of {len(some)}: {shown(mutant, code, changed)}", flush=True)
    return (name, f"{len(mutants):,}", str(counts.total()), *(str(counts[c]) for c in COLUMNS[3:]))


def limit_of(name: str, base: Path) -> int:
    """Return how many seconds of CPU the tests of a room may take: thrice what they do take.

    Raises: SystemExit when they fail as the code is.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    if outcome(ROOMS[name].tests, base, MOST_SECONDS) != "survived":
        raise SystemExit(f"{name}: its tests fail as it is")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return round(10 + 3 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))


def shown(mutant: Mutant, code: str, changed: str) -> str:
    """Return where a mutant is, and its lines before and after."""
    lines = difflib.unified_diff(code.splitlines(), changed.splitlines(), lineterm="", n=0)
    changes = [f"    {line}" for line in [*lines][2:] if not line.startswith("@@")]
    return "\n".join([f"{mutant.file.as_posix()}:{mutant.start[0]}: survived", *changes])


def main() -> None:
    """Try mutants of each room and print one table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=", ".join(ROOMS))
    parser.add_argument("--sample", type=int, default=20, help="places of each room; 20")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--at", nargs="*", metavar="FILE:LINE", help="all mutants of these lines")
    options = parser.parse_args()
    if unknown := set(options.rooms) - {*ROOMS}:
        parser.error(f"there is no room {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="sn-mutants-") as folder:
        base = Path(folder, "tree").resolve()
        shutil.copytree(ROOT, base, ignore=NOT_COPIED)
        rows = [COLUMNS, *(trial(name, base, options) for name in options.rooms or ROOMS)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))


if __name__ == "__main__":
    main()
