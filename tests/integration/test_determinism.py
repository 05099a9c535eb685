"""Same seed, same bits: across processes, caches, hash seeds and vector widths.

Each run is a process of its own that trains the 1989 net on 300 digits of the embedded set and
prints hashes of its weights and outputs.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import llvmlite.binding
import pytest

from sn.shipped import nets_folder

pytestmark = pytest.mark.kernels

ROOT = Path(__file__).resolve().parents[2]
RUN = """
import hashlib, json, sys
import numpy as np
from sn import data
from sn.kernels import lanes_of_cpu
from sn.session import load
from sn.train.engines import KernelEngine

experiment = load(sys.argv[1]).experiment()
digits = data.load("mnist-1989")
sets = {"train": digits.train.inputs[:300], "test": digits.test.inputs[:21]}
targets = np.where(digits.train.targets[:300, None] == np.arange(10), 1, -1).astype(np.float32)
found = {"lanes": lanes_of_cpu()}
for name in sys.argv[2:]:
    rule = experiment.spec.optimizers[name]
    engine = KernelEngine(experiment.compile, experiment.table, rule, sets, targets)
    engine.set_weights(experiment.spec.init.draw(experiment.table, 7))
    order = np.arange(300, dtype=np.int32)
    engine.begin_pass(order)
    engine.present(order)
    engine.end_pass()
    arrays = [engine.get_weights(), engine.outputs("train"), engine.outputs("test")]
    assert all(np.isfinite(array).all() for array in arrays)
    found[name] = [hashlib.sha256(array.tobytes()).hexdigest() for array in arrays]
    found["cached"] = engine.was_cached
print(json.dumps(found))
"""


def run(*optimizers: str, cache: Path, **variables: str) -> dict[str, Any]:
    """Train in a fresh process and return what it prints."""
    net = str(nets_folder() / "zipcode.sn")
    environment = {**os.environ, "SN_CACHE": str(cache), "PYTHONPATH": str(ROOT), **variables}
    environment.pop("SN_DATA", None)
    done = subprocess.run(
        [sys.executable, "-c", RUN, net, *optimizers],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that starts empty and then holds the kernels of the first run."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def first(cache: Path) -> dict[str, Any]:
    """The first run: nothing is cached yet."""
    found = run("newton", "sgd", cache=cache, PYTHONHASHSEED="1")
    assert not found["cached"]
    return found


def test_another_process_with_the_kernels_of_the_first(first: dict[str, Any], cache: Path) -> None:
    found = run("newton", "sgd", cache=cache, PYTHONHASHSEED="2")
    assert found["cached"]
    assert (found["newton"], found["sgd"]) == (first["newton"], first["sgd"])


def test_optimizers_differ(first: dict[str, Any]) -> None:
    assert first["newton"][0] != first["sgd"][0]


def has_avx2() -> bool:
    features = llvmlite.binding.get_host_cpu_features()
    return platform.machine() in ("x86_64", "AMD64") and features.get("avx2", False)


@pytest.mark.skipif(not has_avx2(), reason="compares with AVX2 code, which this CPU cannot run")
def test_a_plain_cpu_with_avx2_gives_the_bits_of_this_one(
    first: dict[str, Any], tmp_path: Path
) -> None:
    """Batches are 8 patterns wide there and 16 with AVX-512; the outputs are the same bits."""
    variables = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "+avx2,+fma"}
    found = run("newton", "sgd", cache=tmp_path, **variables)
    assert found["lanes"] == 8
    assert not found["cached"]
    assert (found["newton"], found["sgd"]) == (first["newton"], first["sgd"])


def test_a_cache_that_cannot_be_written(first: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder")
    found = run("sgd", cache=file)
    assert found["sgd"] == first["sgd"]
    assert not found["cached"]


def test_two_processes_that_compile_at_once(first: dict[str, Any], tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: run("sgd", cache=tmp_path), range(2)))
    assert [found["sgd"] for found in both] == [first["sgd"]] * 2
    assert not list(tmp_path.glob("**/*.tmp"))
    again = run("sgd", cache=tmp_path)
    assert again["cached"]
    assert again["sgd"] == first["sgd"]


def test_the_bits_are_those_of_every_machine(
    first: dict[str, Any], golden: Callable[[str, str], None]
) -> None:
    """Frozen: a change of these hashes is a change of the order in which sums are added."""
    lines = [f"{name} {' '.join(first[name])}" for name in ("newton", "sgd")]
    golden("curves/zipcode-bits.txt", "\n".join(lines) + "\n")
