"""Kernels: emitted text, the cache and its failures, packing, what LLVM is allowed to do."""

from __future__ import annotations

import dataclasses
import functools
import os
import pickle
import re
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba.core.registry import cpu_target

import sn.kernels
from sn.cache.files import store
from sn.emit.module import emit
from sn.emit.program import KernelSource
from sn.errors import SnInternalError
from sn.kernels import Kernels, assembly, compile_net, emitted, llvm_code
from sn.lower.ir import Plan
from sn.lower.recognise import lower
from sn.net.table import freeze
from sn.optim.rules import Curvature, Hyper, RuleSpec
from sn.session import Session
from sn.shipped import nets_folder
from tests.sample_nets import ALL_KINDS, FROZEN, described, family, lms, shipped


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache for each test, which no kernel of another test has been imported from."""
    monkeypatch.setenv("SN_CACHE", str(tmp_path / "cache"))
    for name in [name for name in sys.modules if name.startswith("sn_kernel_")]:
        monkeypatch.delitem(sys.modules, name)
    return tmp_path / "cache" / "kernels"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernels]:
    """Kernels of a net with a node of every kind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SN_CACHE", str(tmp_path_factory.mktemp("cache")))
        plan = lower(freeze(described(ALL_KINDS)))
        yield compile_net(plan, lms(plan.table), use_cache=False)


def small_plan(name: str = "full") -> Plan:
    return lower(freeze(family(name)))


def source_of(plan: Plan, rule: RuleSpec | None = None, lanes: int = 8) -> KernelSource:
    return emit(plan, lms(plan.table), rule or RuleSpec(), lanes)


# --- the text ---


@pytest.mark.parametrize("name", FROZEN)
def test_the_kernels_of_some_nets_are_frozen(name: str, golden: Callable[[str, str], None]) -> None:
    """The plain-gradient kernel, with batches of 8 patterns as on a CPU without AVX-512."""
    program = shipped(name)
    specs = program.session.world.experiments
    error = specs[program.network.name].cost if specs else lms(program.table)
    text = emit(program.plan, error, RuleSpec(), 8).text
    golden(f"kernels/{name}.txt", text.replace(f"{nets_folder()}/", "nets/"))


def test_equal_nets_have_equal_text() -> None:
    assert source_of(small_plan("conv")).text == source_of(small_plan("conv")).text
    texts = {source_of(small_plan(name)).text for name in ("conv", "local", "full")}
    assert len(texts) == 3


def test_every_option_is_visible_in_the_text() -> None:
    """The text names the cached machine code, so what shapes the code must stand in it."""
    plan = small_plan("full")
    rules = [
        RuleSpec(),
        RuleSpec(momentum=True),
        RuleSpec(gather=True),
        RuleSpec(curvature=Curvature.FULL, gather=True),
        RuleSpec(curvature=Curvature.GAUSS_NEWTON, gather=True),
    ]
    assert len({source_of(plan, rule).text for rule in rules}) == len(rules)
    assert source_of(plan, lanes=8).text != source_of(plan, lanes=16).text


def test_sections_are_headed_by_their_connection_and_its_place() -> None:
    text = source_of(small_plan("conv with a stride and a border")).text
    heading = (
        r"# in -> h  conv 5x5, stride 2, 3 x 1 maps, border -1, 1200 connections  \(<text>:1\)"
    )
    assert len(re.findall(heading, text)) == 4  # forward, backward, batch and its border


def test_the_text_names_nothing_of_this_machine() -> None:
    text = source_of(small_plan("conv")).text
    assert str(Path.cwd()) not in text
    assert "0x" not in text
    compile(text, "kernel", "exec")


# --- packing ---


@pytest.mark.parametrize("name", ["full", "conv with a table of maps", "local", "two sources"])
def test_every_weight_has_one_slot(name: str) -> None:
    plan = small_plan(name)
    slots = source_of(plan).slots
    used = np.sort(slots[slots >= 0])
    assert np.array_equal(used, np.arange(plan.table.n_weights))


@pytest.mark.kernels
def test_packing_and_unpacking_are_inverse(compiled: Kernels) -> None:
    weights = np.random.default_rng(0).standard_normal(compiled.n_weights).astype(np.float32)
    packed = compiled.pack(weights)
    assert np.array_equal(compiled.unpack(packed), weights)
    assert not packed[compiled.source.slots < 0].any()


@pytest.mark.kernels
def test_pads_stay_zero_while_weights_move(compiled: Kernels) -> None:
    """Whole vectors are updated: a pad that moved would leak into sums."""
    rng = np.random.default_rng(1)
    weights = rng.uniform(-0.5, 0.5, compiled.n_weights)
    slots = compiled.slots(weights, [0.1] * len(compiled.source.nodes), Hyper())
    inputs = rng.uniform(-1, 1, (10, 36)).astype(np.float32)
    targets = rng.uniform(-1, 1, (10, 4)).astype(np.float32)
    compiled.train(slots, inputs, targets, np.arange(10, dtype=np.int32))
    assert not slots.weights[compiled.source.slots < 0].any()
    assert not np.array_equal(compiled.unpack(slots.weights), weights.astype(np.float32))


@pytest.mark.kernels
@pytest.mark.parametrize("count", [1, 8, 16, 37])
def test_a_batch_may_be_of_any_size(count: int, compiled: Kernels) -> None:
    """What a pattern gives does not depend on its neighbours."""
    rng = np.random.default_rng(2)
    packed = compiled.pack(rng.uniform(-0.5, 0.5, compiled.n_weights))
    inputs = rng.uniform(-1, 1, (40, 36)).astype(np.float32)
    every = compiled.evaluate(packed, compiled.batches(inputs), 40)
    some = compiled.evaluate(packed, compiled.batches(inputs[:count]), count)
    assert some.shape == (count, 4)
    assert np.array_equal(some, every[:count])


@pytest.mark.kernels
def test_an_evaluation_in_parts_is_the_same(
    compiled: Kernels, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(3)
    packed = compiled.pack(rng.uniform(-0.5, 0.5, compiled.n_weights))
    batches = compiled.batches(rng.uniform(-1, 1, (1500, 36)).astype(np.float32))
    whole = compiled.evaluate(packed, batches, 1500)
    monkeypatch.setattr(sn.kernels, "WORK", 1)
    assert np.array_equal(compiled.evaluate(packed, batches, 1500), whole)


@pytest.mark.kernels
def test_an_evaluation_that_ctrl_c_ends_leaves_no_thread(
    compiled: Kernels, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its states are those of the next one."""
    calls: list[str] = []

    def evaluate(*_: object) -> None:
        here = threading.current_thread() is threading.main_thread()
        calls.append("here" if here else "there")
        if here and calls.count("here") == 3:
            raise KeyboardInterrupt

    packed = compiled.pack(np.zeros(compiled.n_weights))
    batches = compiled.batches(np.zeros((20_000, 36), np.float32))
    monkeypatch.setattr(sn.kernels, "WORK", 1)
    monkeypatch.setattr(compiled.module, "evaluate", evaluate)
    with pytest.raises(KeyboardInterrupt):
        compiled.evaluate(packed, batches, 20_000)
    before = len(calls)
    time.sleep(0.05)
    assert len(calls) == before and calls.count("here") == 3


# --- the cache ---


def forget() -> None:
    """Be like a new process, which has no module of an earlier compilation."""
    for name in [name for name in sys.modules if name.startswith("sn_kernel_")]:
        del sys.modules[name]


@pytest.mark.kernels
def test_a_kernel_is_kept_and_found_again(cache: Path) -> None:
    plan = small_plan()
    first = compile_net(plan, lms(plan.table))
    assert not first.was_cached
    assert first.path is not None
    assert [first.path] == list(cache.iterdir())
    assert re.fullmatch(r"sn_kernel_[0-9a-f]{32}\.bin", first.path.name)
    assert compile_net(plan, lms(plan.table)).was_cached
    forget()
    again = compile_net(plan, lms(plan.table))
    assert again.was_cached
    assert again.module is not first.module
    assert same_outputs(first, again)


def same_outputs(one: Kernels, other: Kernels) -> bool:
    rng = np.random.default_rng(3)
    weights = rng.uniform(-0.5, 0.5, one.n_weights)
    inputs = rng.uniform(-1, 1, (9, one.source.n_inputs)).astype(np.float32)
    a, b = (k.evaluate(k.pack(weights), k.batches(inputs), 9) for k in (one, other))
    return np.array_equal(a, b) and bool(np.isfinite(a).all())


@pytest.mark.kernels
def test_a_copy_under_another_name_starts_from_the_kernels_of_the_first(
    cache: Path, tmp_path: Path
) -> None:
    text = (nets_folder() / "net-1.sn").read_text()
    copy = ";; mine\n\n" + text.replace("net-1", "mine")
    assert "(defnet mine" in copy
    found = []
    for name, program in (("net-1.sn", text), ("a copy.sn", copy)):
        (tmp_path / name).write_text(program)
        found.append(Session().load(tmp_path / name).experiment().compile(RuleSpec()).was_cached)
        forget()
    assert found == [False, True]
    assert len(list(cache.iterdir())) == 1


def other_bytes(path: Path) -> None:
    """Machine code that is not what it was: one bit in the middle of it."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def no_function(path: Path) -> None:
    """A whole entry that Numba cannot load."""
    key = path.stem.removeprefix("sn_kernel_")
    assert store(key, "sample", pickle.dumps({"train": b"no pickle", "evaluate": b""}))


def no_payload(path: Path) -> None:
    """A whole entry of something else."""
    assert store(path.stem.removeprefix("sn_kernel_"), "sample", b"nothing")


@pytest.mark.kernels
@pytest.mark.parametrize("damage", [other_bytes, no_function, no_payload])
def test_a_damaged_kernel_costs_one_compilation(damage: Callable[[Path], None]) -> None:
    plan = small_plan()
    first = compile_net(plan, lms(plan.table))
    assert first.path is not None
    damage(first.path)
    forget()
    second = compile_net(plan, lms(plan.table))
    assert not second.was_cached
    forget()
    third = compile_net(plan, lms(plan.table))
    assert third.was_cached
    assert same_outputs(first, second) and same_outputs(first, third)


@pytest.mark.kernels
def test_machine_code_is_not_kept_when_it_is_not_wanted(cache: Path) -> None:
    plan = small_plan("full without biases")
    kernels = compile_net(plan, lms(plan.table), use_cache=False)
    assert not kernels.was_cached
    assert kernels.path is None
    assert not cache.exists()


@pytest.mark.kernels
@pytest.mark.parametrize("place", ["a file", "far/" * 2000, "n" * 300])
def test_a_cache_that_cannot_be_written_is_left_aside(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is anything written in its place, where another user could have prepared it."""
    (tmp_path / "a file").write_text("not a folder")
    monkeypatch.setenv("SN_CACHE", str(tmp_path / place))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    plan = small_plan()
    kernels = compile_net(plan, lms(plan.table))
    assert not kernels.was_cached
    assert kernels.path is None
    assert same_outputs(kernels, compile_net(plan, lms(plan.table)))
    assert list((tmp_path / "tmp").iterdir()) == []


def interrupted_run(cache: Path, seconds: float) -> tuple[int, str]:
    """Run `sn run` with an empty cache and Ctrl-C after `seconds` of compiling."""
    program = (
        "import os, signal, sys, threading\n"
        "import sn.kernels\n"
        "from sn.commands import main\n"
        "compiled = sn.kernels.compiled\n"
        "def start(*given):\n"
        "    press = lambda: os.kill(os.getpid(), signal.SIGINT)\n"
        f"    threading.Timer({seconds}, press).start()\n"
        "    return compiled(*given)\n"
        "sn.kernels.compiled = start\n"
        "sys.exit(main(['run', 'zipcode', '--passes', '9']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "SN_CACHE": str(cache), "SN_DATA": ""},
        cwd=cache,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.kernels
@pytest.mark.parametrize("seconds", [0.0, 0.2, 0.5, 0.9])
def test_ctrl_c_in_the_compiler_ends_the_run(seconds: float, tmp_path: Path) -> None:
    code, said = interrupted_run(tmp_path, seconds)
    assert code == 130, said
    assert "interrupted" in said
    for word in ("Traceback", "ignored", "fault in SN"):
        assert word not in said


@pytest.mark.kernels
def test_ctrl_c_in_a_callback_of_llvm_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where llvmlite would print and drop it, and Numba would miss the compiled code."""
    engine = cpu_target.target_context.codegen()._engine._ee
    notify = engine._object_cache_notify
    pressed = []

    def press(module: Any, code: bytes) -> None:
        pressed.append(module.name)
        if module.name == "train":
            signal.raise_signal(signal.SIGINT)
        notify(module, code)

    monkeypatch.setattr(engine, "_object_cache_notify", press)
    plan = small_plan()
    with pytest.raises(KeyboardInterrupt):
        compile_net(plan, lms(plan.table))
    assert "train" in pressed
    assert "evaluate" not in pressed, "it ends before the next function"


@pytest.mark.kernels
@pytest.mark.parametrize(
    "verb", ["layers.load_pattern", "windows.shared.update", "layers_evaluate.store_outputs"]
)
def test_ctrl_c_that_a_library_turns_into_an_error_ends_the_run(
    verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the callback that makes LLVM code, where Numba wraps what is raised."""
    pressed = []

    def press(*_: object, **__: object) -> None:
        pressed.append(verb)
        signal.raise_signal(signal.SIGINT)
        raise ValueError("made of it by a library")

    plan = small_plan("conv")
    module, name = f"sn.emit.{verb}".rsplit(".", 1)
    original = getattr(sys.modules[module], name)
    monkeypatch.setattr(sys.modules[module], name, functools.wraps(original)(press))
    with pytest.raises(KeyboardInterrupt):
        compile_net(plan, lms(plan.table))
    assert pressed == [verb]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.kernels
def test_a_module_that_does_not_compile_is_a_fault_of_sn(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = small_plan()
    broken = emitted(plan, lms(plan.table), RuleSpec())
    text = broken.text.replace("layers.load_pattern(k, m, LAYER_0, e)", "layers.load_pattern(k, m)")
    assert text != broken.text
    broken = dataclasses.replace(broken, text=text)
    monkeypatch.setattr(sn.kernels, "emitted", lambda *_: broken)
    with pytest.raises(SnInternalError, match="the kernels of net sample do not compile") as found:
        compile_net(plan, lms(plan.table))
    assert found.value.dump is not None
    dump = Path(found.value.dump)
    assert dump.read_text() == text
    assert stat.S_IMODE(dump.stat().st_mode) == 0o600
    dump.unlink()


# --- machine code ---


@pytest.mark.kernels
def test_llvm_may_not_reorder_arithmetic(compiled: Kernels) -> None:
    """Same bits everywhere: vectors of 8, explicit multiply-adds, no fast-math flag."""
    text = llvm_code(compiled)
    assert "call <8 x float> @llvm.fma.v8f32" in text
    for line in text.splitlines():
        if re.search(r"= (tail )?(call|fadd|fsub|fmul|fdiv|fneg)\b", line):
            flags = re.search(r"\b(fast|reassoc|contract|nnan|ninf|nsz|arcp|afn)\b", line)
            assert flags is None, line


@pytest.mark.kernels
def test_machine_code_can_be_shown(compiled: Kernels) -> None:
    text = assembly(compiled)
    assert text.count("; --- ") == 2
    assert "ret" in text
