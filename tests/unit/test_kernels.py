"""Kernels: emitted text, the cache and its failures, packing, what LLVM is allowed to do."""

from __future__ import annotations

import dataclasses
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import sn.kernels
from sn.emit.module import KernelSource, emit
from sn.errors import SnInternalError
from sn.kernels import Kernels, assembly, cache_folder, compile_net, emitted, llvm_code
from sn.lower.ir import Plan
from sn.lower.recognise import lower
from sn.net.table import freeze
from sn.optim.rules import Curvature, Hyper, RuleSpec
from sn.session import Session
from sn.shipped import nets_folder
from tests.sample_nets import ALL_KINDS, described, family, lms

NETS = sorted(path.stem for path in nets_folder().glob("*.sn"))


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


@pytest.mark.parametrize("name", NETS)
def test_the_kernel_of_every_net_is_frozen(name: str, golden: Callable[[str, str], None]) -> None:
    """The plain-gradient kernel, with batches of 8 patterns as on a CPU without AVX-512."""
    program = Session().load(nets_folder() / f"{name}.sn")
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


# --- the cache ---


@pytest.mark.kernels
def test_a_kernel_is_kept_and_found_again(cache: Path) -> None:
    plan = small_plan()
    first = compile_net(plan, lms(plan.table))
    assert not first.was_cached
    assert first.path.parent == cache
    assert re.fullmatch(r"sn_kernel_sample_[0-9a-f]{16}\.py", first.path.name)
    assert first.path.read_text() == first.source.text
    assert list((cache / "__pycache__").glob("*.nbc"))
    assert compile_net(plan, lms(plan.table)).was_cached
    assert not list(cache.glob("*.tmp"))


@pytest.mark.kernels
def test_machine_code_is_not_kept_when_it_is_not_wanted(cache: Path) -> None:
    plan = small_plan("full without biases")
    assert not compile_net(plan, lms(plan.table), use_cache=False).was_cached
    assert not list(cache.glob("**/*.nbc"))


def test_the_cache_is_where_the_user_says(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder() == cache
    monkeypatch.delenv("SN_CACHE")
    assert cache_folder().name == "kernels"


def test_a_damaged_module_is_written_again(cache: Path) -> None:
    source = emitted(small_plan(), lms(small_plan().table), RuleSpec())
    path, is_kept = sn.kernels._write(source)
    assert is_kept
    path.write_text("damaged")
    assert sn.kernels._write(source) == (path, True)
    assert path.read_text() == source.text


def test_edited_sections_get_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    source = emitted(small_plan(), lms(small_plan().table), RuleSpec())
    before, _ = sn.kernels._write(source)
    monkeypatch.setattr(sn.kernels, "_SECTION_CODE", b"edited")
    after, _ = sn.kernels._write(source)
    assert before != after


def test_a_cache_that_cannot_be_written_is_left_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a file"
    file.write_text("not a folder")
    monkeypatch.setenv("SN_CACHE", str(file))
    path, is_kept = sn.kernels._write(emitted(small_plan(), lms(small_plan().table), RuleSpec()))
    assert not is_kept
    assert path.is_file()
    assert str(os.getpid()) in str(path.parent)


def test_no_folder_at_all_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a file"
    file.write_text("not a folder")
    monkeypatch.setenv("SN_CACHE", str(file))
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(file))
    with pytest.raises(SnInternalError, match="set SN_CACHE to one"):
        sn.kernels._write(emitted(small_plan(), lms(small_plan().table), RuleSpec()))


@pytest.mark.kernels
def test_a_module_that_does_not_compile_is_a_fault_of_sn(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = small_plan()
    broken = emitted(plan, lms(plan.table), RuleSpec())
    text = broken.text.replace("units.load_pattern(k, m, LAYER_0, e)", "units.load_pattern(k, m)")
    assert text != broken.text
    broken = dataclasses.replace(broken, text=text)
    monkeypatch.setattr(sn.kernels, "emitted", lambda *_: broken)
    with pytest.raises(SnInternalError, match="the kernels of net sample do not compile") as found:
        compile_net(plan, lms(plan.table))
    assert found.value.dump is not None
    assert Path(found.value.dump).read_text() == text


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
