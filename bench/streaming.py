"""A pass over more patterns than memory should hold, against the kernels alone.

    python bench/streaming.py [--patterns 10000000] [--pairs 1] [--folder DIR] [--nets lenet,small]

It writes so many digits of 16 x 16 bytes to a file (2.56 GB for ten million, removed at the end),
the stand-in digits that come with SN in a random order. Each pair is two processes, one after the
other: one trains a pass over the file, as `sn run` does with (stream); the other shows as many
patterns to the same kernels from memory, nothing else. Printed are the seconds of a pass on the
wall and of the processor, the ratio of the two, and the most memory that the first process held.

`lenet` is the net of 1989 by sgd, `small` one of 30 hidden units, for which reading counts more.
`--cold` drops the file from the cache of the system before each pass (posix_fadvise).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import sn  # noqa: E402 - the tree that the script is in
from sn.train.observer import Observer  # noqa: E402 - as above

WRITTEN = 2**16  # patterns written at once
IN_MEMORY = 2**18  # patterns that the kernels alone are shown: 268 MB, more than caches hold
CHUNK = 512  # presentations of one call, as in the training loop
LAYERS = {
    "lenet": """
  (layer input  (16 16)  (border -1))
  (layer h1     (12 8 8) (nlf-tanh 0.66666666 0) (border -1))
  (layer h2     (12 4 4) (nlf-tanh 0.66666666 0))
  (layer h3     (30)     (nlf-tanh 0.66666666 0))
  (layer output (10)     (nlf-tanh 0.66666666 0))
  (connect input h1     (conv (kernel 5 5) (stride 2 2)))
  (connect h1    h2     (conv (kernel 5 5) (stride 2 2) (maps h1-to-h2)))
  (connect h2    h3     (full))
  (connect h3    output (full))""",
    "small": """
  (layer input  (16 16))
  (layer hidden (30) (nlf-tanh 0.66666666 0))
  (layer output (10) (nlf-tanh 0.66666666 0))
  (connect input  hidden (full))
  (connect hidden output (full))""",
}
PROGRAM = """
(setq h1-to-h2 '((0 1 2 3 4 5 6 7) (1 2 3 4 5 6 7 8) (2 3 4 5 6 7 8 9) (3 4 5 6 7 8 9 10)
                 (4 5 6 7 8 9 10 11) (5 6 7 8 9 10 11 0) (6 7 8 9 10 11 0 1) (7 8 9 10 11 0 1 2)
                 (8 9 10 11 0 1 2 3) (9 10 11 0 1 2 3 4) (10 11 0 1 2 3 4 5) (11 0 1 2 3 4 5 6)))
(defnet net {layers})
(experiment net
  (data (npy "{inputs}" "{targets}") (scale {scale}) (stream))
  (optimizer sgd (sgd (learning-rate 0.001)))
  (passes 1))
"""


class Clock(Observer):
    """When training began, and when it last went on."""

    def __init__(self) -> None:
        self.began = self.last = 0.0
        self.cpu = self.own = (0.0, 0.0)

    def started(self, presentations: int, passes: int) -> None:
        """Begin to measure."""
        self.cpu, self.own = (time.process_time(), 0.0), (time.thread_time(), 0.0)
        self.began = time.perf_counter()

    def advanced(self, presentations: int) -> None:
        """Measure up to here."""
        self.last, self.cpu = time.perf_counter(), (self.cpu[0], time.process_time())
        self.own = self.own[0], time.thread_time()


def written(folder: Path, count: int) -> tuple[Path, Path]:
    """Write `count` digits and their classes; return the files."""
    digits = sn.data.load("mnist-1989").train
    pixels = np.rint((np.asarray(digits.inputs) + 1) * 127.5).astype(np.uint8)
    stream = np.random.default_rng(0)
    inputs, targets = folder / "digits.npy", folder / "classes.npy"
    classes = np.empty(count, np.uint8)
    form = {"descr": "|u1", "fortran_order": False, "shape": (count, pixels.shape[1])}
    with inputs.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, form)
        for first in range(0, count, WRITTEN):
            some = stream.integers(0, len(pixels), min(WRITTEN, count - first))
            file.write(pixels[some].tobytes())
            classes[first : first + len(some)] = np.asarray(digits.targets)[some]
    np.save(targets, classes)
    return inputs, targets


def program(net: str, scale: str, folder: Path) -> Path:
    """Write the program of a net beside its data."""
    path = folder / f"{net}.sn"
    files = {"inputs": "digits.npy", "targets": "classes.npy"}
    path.write_text(PROGRAM.format(layers=LAYERS[net], scale=scale, **files), encoding="utf-8")
    return path


def streamed(path: Path) -> dict[str, float]:
    """Train a pass over the file."""
    clock = Clock()
    loaded = sn.load(path)
    loaded.watch(clock)
    before = time.perf_counter()
    record = loaded.experiment().train(progress=False)
    return {
        "wall": clock.last - clock.began,
        "cpu": clock.cpu[1] - clock.cpu[0],
        "own": clock.own[1] - clock.own[0],
        "whole": time.perf_counter() - before,
        "evaluate": record.evaluate_seconds,
        "misses": float(record.end.train.misses or 0),
        "bytes": most_memory(),
    }


def most_memory() -> float:
    """Return the most bytes that this process held at once, of Linux.

    The figure of getrusage is that of the process which started it, too.
    """
    rows = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(float(row.split()[1]) * 1024 for row in rows if row.startswith("VmHWM"))


def alone(path: Path) -> dict[str, float]:
    """Show as many patterns to the kernels from memory."""
    experiment = sn.load(path).experiment()
    dataset, _ = experiment.spec.data.load()
    train = dataset.train
    count, rule = len(train), experiment.spec.optimizers["sgd"]
    some = np.arange(min(count, IN_MEMORY))
    patterns, classes = train.inputs[some], np.asarray(train.targets)[some]
    targets = np.where(classes[:, None] == np.arange(10), np.float32(1), np.float32(-1))
    kernels = experiment.compile(rule.rule)
    weights = experiment.spec.init.draw(experiment.table, 0)
    rates = [rule.layer_rate(layer) for layer in kernels.source.node_layers]
    slots = kernels.slots(weights, rates, rule.hyper)
    stream = np.random.default_rng(0)
    kernels.train(slots, patterns, targets, np.zeros(1, np.int32))
    order = stream.permutation(len(patterns)).astype(np.int32)
    start, cpu = time.perf_counter(), time.process_time()
    for first in range(0, count, CHUNK):
        at = first % (len(order) - CHUNK + 1) if len(order) >= CHUNK else 0
        kernels.train(slots, patterns, targets, order[at : at + min(CHUNK, count - first)])
    return {"wall": time.perf_counter() - start, "cpu": time.process_time() - cpu}


def forgotten(path: Path) -> None:
    """Have the system forget what it keeps of a file."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def measured(what: str, path: Path) -> dict[str, float]:
    """Return what a process of its own measures."""
    command = [sys.executable, __file__, "--worker", what, str(path)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def race(net: str, options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Measure all pairs of one net, and print them."""
    path, count = program(net, options.scale, folder), options.patterns
    pairs = []
    for number in range(options.pairs):
        order = ("alone", "streamed") if number % 2 == 0 else ("streamed", "alone")
        both = {}
        for what in order:
            if options.cold:
                forgotten(folder / "digits.npy")
            both[what] = measured(what, path)
        pairs.append(both)
        kernel, file = both["alone"], both["streamed"]
        print(
            f"{net}: kernels {kernel['wall']:.1f} s ({kernel['wall'] / count * 1e6:.2f} µs each), "
            f"a pass over the file {file['wall']:.1f} s, ratio {file['wall'] / kernel['wall']:.3f};"
            f" processor {kernel['cpu']:.1f} s and {file['cpu']:.1f} s, of which "
            f"{file['cpu'] - file['own']:.1f} s the thread that reads; the whole run "
            f"{file['whole']:.1f} s, of which scores {file['evaluate']:.1f} s; "
            f"{file['bytes'] / 1e6:.0f} MB",
            flush=True,
        )
    ratio = statistics.median(one["streamed"]["wall"] / one["alone"]["wall"] for one in pairs)
    most = max(one["streamed"]["bytes"] for one in pairs)
    print(f"{net}: median ratio {ratio:.3f} of {len(pairs)} pairs; at most {most / 1e6:.0f} MB")
    return {"net": net, "patterns": count, "ratio": ratio, "bytes": most, "pairs": pairs}


def main() -> None:
    """Write the file, race, and remove it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patterns", type=int, default=10_000_000)
    parser.add_argument("--pairs", type=int, default=1)
    parser.add_argument("--nets", default="lenet,small")
    parser.add_argument("--scale", default="(-1 1)", help="how inputs are scaled: standard, ...")
    parser.add_argument("--folder", type=Path, help="where the file goes; it needs 300 bytes each")
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--json", action="store_true", help="print all that was measured as JSON")
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        what, path = options.worker
        print(json.dumps({"streamed": streamed, "alone": alone}[what](Path(path))))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        started = time.perf_counter()
        inputs, _ = written(folder, options.patterns)
        size = inputs.stat().st_size
        print(f"{options.patterns:,} patterns in {size / 1e9:.2f} GB, written in "
              f"{time.perf_counter() - started:.0f} s", flush=True)  # fmt: skip
        found = [race(net, options, folder) for net in options.nets.split(",")]
        if options.json:
            print(json.dumps(found))


if __name__ == "__main__":
    main()
