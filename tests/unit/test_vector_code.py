"""No scalar loop where the plan is regular: the machine code of the 1989 net, for AVX2.

The kernels are compiled in a process of their own for a fixed CPU, so that what is looked at does
not depend on this one.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [
    pytest.mark.kernels,
    pytest.mark.skipif(
        platform.machine() not in {"x86_64", "AMD64"},
        reason="looks at x86 machine code, which Numba makes on x86 only",
    ),
]

CPU = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "+avx,+avx2,+fma,+bmi,+bmi2,+popcnt"}

PROGRAM = """
import sys
from sn.kernels import assembly, compile_net
from sn.session import Session
from sn.shipped import nets_folder

for net, optimizer in (("zipcode", "sgd"), ("zipcode", "newton"), ("zipcode-lenet", "sgd")):
    experiment = Session().load(nets_folder() / f"{net}.sn").experiment()
    rule = experiment.spec.optimizers[optimizer].rule
    kernels = compile_net(experiment.plan, experiment.spec.cost, rule, use_cache=False)
    print(f"; === {net} {optimizer} ===")
    print(assembly(kernels))
"""

KERNELS = [
    f"{net} {pass_}"
    for net in ("zipcode sgd", "zipcode newton", "zipcode-lenet sgd")
    for pass_ in ("train", "evaluate")
]

ARITHMETIC = r"v(?:fn?m(?:add|sub)\d+|add|sub|mul|div|sqrt|min|max)"
PACKED = re.compile(rf"\t{ARITHMETIC}ps\t")
SCALAR = re.compile(rf"\t{ARITHMETIC}ss\t")
FUSED = re.compile(r"\tvfn?m(?:add|sub)\d+(ps|ss)\t")


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Lines of the compiled passes by net, optimizer and pass, without Numba's wrappers."""
    environment = {
        **os.environ,
        **CPU,
        "SN_CACHE": str(tmp_path_factory.mktemp("cache")),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = {}
    net = ""
    lines: list[str] | None = None
    for line in done.stdout.splitlines():
        if heading := re.fullmatch(r"; === (.+) ===", line):
            net = heading[1]
        elif heading := re.fullmatch(r"; --- (.+) ---", line):
            lines = found[f"{net} {heading[1]}"] = []
        elif re.match(r"_ZN7cpython", line):
            lines = None
        elif lines is not None:
            lines.append(line)
    return found


def innermost_loops(lines: list[str]) -> Iterator[list[str]]:
    """Yield the loops whose body is one block: from a label to a jump back to it."""
    label, start = "", 0
    for number, line in enumerate(lines):
        if found := re.match(r"(\.LBB\w+):", line):
            label, start = found[1], number
        elif (jump := re.match(r"\tj\w+\t(\.LBB\w+)", line)) and jump[1] == label:
            yield lines[start : number + 1]


def count(pattern: re.Pattern[str], lines: list[str]) -> int:
    return sum(bool(pattern.search(line)) for line in lines)


def test_every_pass_is_there(code: dict[str, list[str]]) -> None:
    assert sorted(code) == sorted(KERNELS)


@pytest.mark.parametrize("kernel", KERNELS)
def test_multiply_adds_are_packed(kernel: str, code: dict[str, list[str]]) -> None:
    kinds = [found[1] for line in code[kernel] if (found := FUSED.search(line))]
    assert kinds.count("ps") > 300
    assert kinds.count("ss") * 50 <= kinds.count("ps")


@pytest.mark.parametrize("kernel", KERNELS)
def test_no_loop_is_scalar(kernel: str, code: dict[str, list[str]]) -> None:
    """A single number is scaled or squared before it is spread over a vector, and nowhere else."""
    loops = list(innermost_loops(code[kernel]))
    assert sum(count(PACKED, loop) > 0 for loop in loops) >= 5
    for loop in loops:
        assert count(SCALAR, loop) * 2 <= count(PACKED, loop), "\n".join(loop)
    assert count(SCALAR, code[kernel]) * 20 <= count(PACKED, code[kernel])


@pytest.mark.parametrize("kernel", KERNELS)
def test_nothing_is_called_but_memset(kernel: str, code: dict[str, list[str]]) -> None:
    """Functions of numbers are polynomials in place; LLVM turns loops that clear into memset."""
    text = "\n".join(code[kernel])
    named = set(re.findall(r"movabsq\t\$([A-Za-z_]\w*)", text))
    assert named <= {"memset"}
    assert not re.search(r"\tcallq?\t[^*]", text)


@pytest.mark.parametrize("kernel", KERNELS)
def test_vectors_are_read_whole(kernel: str, code: dict[str, list[str]]) -> None:
    text = "\n".join(code[kernel])
    assert "gather" not in text
    assert text.count("vmovups") > 100
    assert "zmm" not in text
