"""Data that stays in its file: the same numbers and, in the same order, the same bits."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sn
from sn.data import OwnData, Scale, Shares, Streaming
from sn.data.base import Dataset
from sn.data.row_files import RowFile
from sn.data.scaling import Scaling
from sn.data.streamed import Streamed
from sn.errors import DataError
from sn.memory import limited
from sn.train.gathering import scaled_bytes
from sn.train.observer import Observer

HERE = Streaming(is_wanted=False)
COUNT, WIDTH = 700, 12
NET = """
(defnet small
  (layer input (12))
  (layer h (5) (nlf-tanh 0.66666666 0){dropout})
  (layer output ({outputs}))
  (connect input h (full))
  (connect h output (full)))
(experiment small
  (data {source} {options})
  (optimizer sgd (sgd (learning-rate 0.01)))
  (optimizer newton (diagonal-newton (learning-rate 0.001) (samples 30)))
  (optimizer mini (sgd (learning-rate 0.01) (batch 37)))
  (optimizer whole (sgd (learning-rate 0.01) (batch all)))
  (optimizer conjugate (conjugate-gradient))
  {more}
  (optimizer wild (sgd (learning-rate 1e38)))
  (optimizer wilder (sgd (learning-rate 1e38) (batch 37)))
  (order {order}) {passes})
"""


def rows(dtype: Any = np.uint8, count: int = COUNT) -> np.ndarray[Any, Any]:
    """Rows that tell three classes apart."""
    stream = np.random.default_rng(0)
    kinds = np.arange(count) % 3
    values = 80 * (np.arange(WIDTH) % 3 == kinds[:, None]) + stream.integers(0, 90, (count, WIDTH))
    return values.astype(dtype)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Patterns and classes in files of each format."""
    inputs, targets = rows(), (np.arange(COUNT) % 3).astype(np.uint8)
    np.save(tmp_path / "x.npy", inputs)
    np.save(tmp_path / "y.npy", targets)
    (tmp_path / "x.bin").write_bytes(b"head" + inputs.astype(">u2").tobytes())
    (tmp_path / "y.bin").write_bytes(targets.tobytes())
    sizes = b"".join(size.to_bytes(4, "big") for size in inputs.shape)
    (tmp_path / "x.idx").write_bytes(b"\0\0\x08\x02" + sizes + inputs.tobytes())
    (tmp_path / "y.idx").write_bytes(b"\0\0\x08\x01" + COUNT.to_bytes(4, "big") + targets.tobytes())
    return tmp_path


SOURCES = {
    "npy": '(npy "x.npy" "y.npy")',
    "idx": '(idx "x.idx" "y.idx")',
    "raw": '(raw "x.bin" "y.bin" (size 12) (type uint16) (byte-order big) (skip 4))',
    "mixed": '(raw "x.bin" "y.npy" (size 12) (type uint16) (byte-order big) (skip 4))',
}


def trained(folder: Path, stream: str, optimizer: str = "sgd", **said: Any) -> sn.RunRecord:
    """Train the net of NET on the files of a folder."""
    text = {"dropout": "", "outputs": 3, "source": SOURCES["npy"], "more": ""}
    text["passes"] = "(passes 3)"
    text |= {"order": "shuffled", "options": "(split (test 0.2)) (scale (-1 1))"}
    reference = said.pop("reference", False)
    for name in set(said) & set(text):
        text[name] = said.pop(name)
    text["options"] = f"{text['options']} {stream}"
    path = folder / "net.sn"
    path.write_text(NET.format(**text))
    experiment = sn.load(path).experiment()
    said = {"seed": 1} | said if "resume" not in said else said
    return experiment.train(optimizer=optimizer, reference=reference, **said)


def assert_same_bits(one: sn.RunRecord, other: sn.RunRecord) -> None:
    """Weights are equal bit for bit, misses too, errors but for round-off."""
    for name, weights in one.weights.items():
        np.testing.assert_array_equal(weights, other.weights[name], err_msg=name)
    for a, b in zip(one.passes, other.passes, strict=True):
        for which, scores in a.sets.items():
            assert scores.misses == b.sets[which].misses
            assert scores.error == pytest.approx(b.sets[which].error, rel=1e-12)


# --- the same bits as in memory ---


@pytest.mark.kernels
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("order", ["constant", "shuffled"])
def test_a_file_that_one_window_holds_trains_to_the_bits_of_memory(
    files: Path, source: str, order: str
) -> None:
    said = {"source": SOURCES[source], "order": order}
    assert_same_bits(trained(files, "(stream no)", **said), trained(files, "(stream)", **said))


@pytest.mark.kernels
@pytest.mark.parametrize("optimizer", ["newton", "mini", "whole", "conjugate"])
def test_every_engine_trains_to_the_bits_of_memory(files: Path, optimizer: str) -> None:
    here = trained(files, "(stream no)", optimizer)
    assert_same_bits(here, trained(files, "(stream)", optimizer))


@pytest.mark.parametrize("optimizer", ["newton", "mini"])
def test_so_does_the_twin(files: Path, optimizer: str) -> None:
    said: dict[str, Any] = {"reference": True, "passes": "(passes 1)"}
    here = trained(files, "(stream no)", optimizer, **said)
    assert_same_bits(here, trained(files, "(stream)", optimizer, **said))


@pytest.mark.kernels
@pytest.mark.parametrize("scale", ["standard", "unit", "(-1 1)"])
def test_machine_code_scales_bytes_to_the_same_bits(
    files: Path, monkeypatch: pytest.MonkeyPatch, scale: str
) -> None:
    options = {"options": f"(split (test 0.2)) (scale {scale})"}
    slow = trained(files, "(stream (block 16) (buffer 4))", **options)
    monkeypatch.setattr("sn.train.feed.COMPILED", 1)
    assert_same_bits(slow, trained(files, "(stream (block 16) (buffer 4))", **options))


def test_what_is_compiled_is_the_formula_of_scales() -> None:
    raw, stream = rows(), np.random.default_rng(2)
    shift, factor = stream.normal(size=WIDTH), stream.uniform(0.5, 2, WIDTH)
    places = stream.integers(0, COUNT, 50)
    out = np.empty((50, WIDTH), np.float32)
    scaled_bytes(raw, places, shift, factor, out)
    expected = Scaling(shift, factor, np.full(WIDTH, np.nan))(raw[places])
    np.testing.assert_array_equal(out, expected)


@pytest.mark.kernels
def test_an_engine_that_holds_all_patterns_asks_for_them(files: Path) -> None:
    said = {"historical": True, "passes": "(passes 1)"}
    here, there = (trained(files, stream, **said) for stream in ("(stream no)", "(stream)"))
    assert_same_bits(here, there)
    with limited(30_000), pytest.raises(DataError, match="560 rows of inputs at once would take"):
        trained(files, "(stream)", **said)


@pytest.mark.kernels
def test_a_constant_order_has_the_same_bits_whatever_the_blocks(files: Path) -> None:
    here = trained(files, "(stream no)", order="constant")
    there = trained(files, "(stream (block 7) (buffer 3))", order="constant")
    assert_same_bits(here, there)


@pytest.mark.kernels
@pytest.mark.parametrize("optimizer", ["sgd", "newton", "mini"])
def test_chance_does_the_same_to_patterns_from_a_file(files: Path, optimizer: str) -> None:
    said = {"dropout": " (dropout 0.3)", "more": "(augment (noise 0.1))"}
    here = trained(files, "(stream no)", optimizer, **said)
    assert_same_bits(here, trained(files, "(stream)", optimizer, **said))


@pytest.mark.kernels
@pytest.mark.parametrize(
    "more",
    [
        "(phase (passes 2) (optimizer newton)) (phase (passes 1) (optimizer mini))",
        "(keep best) (stop (patience 1))",
        "(cost huber)",
        "(criterion (tolerance 0.5))",
    ],
)
def test_what_an_experiment_says_holds_for_files_too(files: Path, more: str) -> None:
    said = {"more": more, "optimizer": None, "passes": "" if "phase" in more else "(passes 3)"}
    here, there = (trained(files, stream, **said) for stream in ("(stream no)", "(stream)"))
    assert_same_bits(here, there)
    assert here.kept == there.kept
    assert here.warnings == there.warnings
    for which, found in here.reports.items():
        assert found.confusion.tolist() == there.reports[which].confusion.tolist()


@pytest.mark.kernels
@pytest.mark.parametrize("optimizer", ["wild", "wilder"])
def test_a_run_that_diverges_names_the_same_pattern(files: Path, optimizer: str) -> None:
    told = []
    for stream in ("(stream no)", "(stream)"):
        with pytest.raises(sn.SnError) as caught:
            trained(files, stream, optimizer)
        told.append(caught.value.message)
    assert told[0] == told[1]


@pytest.mark.kernels
@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float16", "float32", "float64"])
@pytest.mark.parametrize("scale", ["none", "standard", "unit", "(-1 1)"])
def test_numbers_of_any_type_are_scaled_to_the_bits_of_memory(
    files: Path, dtype: str, scale: str
) -> None:
    np.save(files / "x.npy", rows(dtype))
    reader = sn.data.npy(str(files / "x.npy"), str(files / "y.npy"))
    kinds = {"none": Scale(), "standard": Scale("standard"), "unit": Scale.named("unit")}
    own = OwnData(reader, scale=kinds.get(scale) or Scale("range", -1, 1), split=Shares(test=0.2))
    here, _ = replace(own, stream=HERE).load()
    there, _ = replace(own, stream=Streaming(is_wanted=True)).load()
    for which, part in here.sets.items():
        assert isinstance(there.sets[which].inputs, Streamed)
        found = np.asarray(there.sets[which].inputs)
        np.testing.assert_array_equal(part.targets, there.sets[which].targets)
        if scale == "standard":  # its spread is added up block by block
            np.testing.assert_allclose(found, part.inputs, rtol=2e-7, atol=1e-7)
        else:
            np.testing.assert_array_equal(found, part.inputs)


@pytest.mark.kernels
def test_missing_numbers_are_filled_as_in_memory(files: Path) -> None:
    inputs = rows(np.float32)
    inputs[::7, 3] = np.nan
    np.save(files / "x.npy", inputs)
    said = {"options": "(split (test 0.2)) (scale (-1 1)) (missing mean)"}
    here, there = (trained(files, stream, **said) for stream in ("(stream no)", "(stream)"))
    assert here.end.train.error == pytest.approx(there.end.train.error, rel=1e-6)


@pytest.mark.kernels
@pytest.mark.parametrize("kind", ["values", "labels"])
def test_other_targets_stay_in_their_file_too(files: Path, kind: str) -> None:
    marks = rows()[:, :3] > 85
    np.save(files / "y.npy", marks if kind == "labels" else marks.astype(np.float32) - 0.5)
    here, there = (trained(files, stream) for stream in ("(stream no)", "(stream)"))
    assert_same_bits(here, there)
    one, other = here.reports["test"], there.reports["test"]
    if kind == "labels":
        assert one.misses.tolist() == other.misses.tolist()
    else:
        assert one.total == pytest.approx(other.total, rel=1e-9)
        np.testing.assert_allclose(one.rms, other.rms, rtol=1e-9)


@pytest.mark.kernels
def test_reports_say_what_they_say_in_memory(files: Path) -> None:
    here, there = (trained(files, stream) for stream in ("(stream no)", "(stream)"))
    for which, found in here.reports.items():
        other = there.reports[which]
        assert found.confusion.tolist() == other.confusion.tolist()
        assert found.rejected == other.rejected
    assert here.warnings == there.warnings


@pytest.mark.kernels
def test_another_file_for_the_test_and_rows_of_the_first(files: Path) -> None:
    np.save(files / "x2.npy", rows(count=90))
    np.save(files / "y2.npy", np.arange(90) % 3)
    options = '(rows 50 449) (test "x2.npy" "y2.npy") (scale unit)'
    here, there = (
        trained(files, stream, options=options) for stream in ("(stream no)", "(stream)")
    )
    assert here.end.train.patterns == 400
    assert there.end.test is not None
    assert there.end.test.patterns == 90
    assert_same_bits(here, there)


# --- blocks ---


@pytest.mark.kernels
def test_a_shuffle_by_blocks_is_another_order_and_the_same_one_each_time(files: Path) -> None:
    one, again = (trained(files, "(stream (block 16) (buffer 4))") for _ in range(2))
    assert_same_bits(one, again)
    other = trained(files, "(stream (block 16) (buffer 5))")
    assert not np.array_equal(one.weights["h.bias"], other.weights["h.bias"])


@pytest.mark.kernels
@pytest.mark.parametrize("optimizer", ["sgd", "newton", "mini"])
def test_a_run_that_was_stopped_goes_on_to_the_same_bits(
    files: Path, tmp_path: Path, optimizer: str
) -> None:
    stream = "(stream (block 16) (buffer 4))"
    whole = trained(files, stream, optimizer)
    folder = tmp_path / "run"

    class Stop(Observer):
        shown = 0

        def advanced(self, presentations: int) -> None:
            Stop.shown += presentations
            if Stop.shown > 800:
                raise KeyboardInterrupt

    program = sn.load(files / "net.sn")
    program.watch(Stop())
    with pytest.raises(KeyboardInterrupt):
        program.experiment().train(
            optimizer=optimizer, seed=1, folder=folder, checkpoint_every=100, progress=False
        )
    record = sn.load(files / "net.sn").experiment().train(resume=folder, progress=False)
    assert_same_bits(whole, record)


@pytest.mark.kernels
def test_other_blocks_are_another_run(files: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    trained(files, "(stream (block 16) (buffer 4))")
    sn.load(files / "net.sn").experiment().train(1, folder=run, progress=False)
    with pytest.raises(sn.SnError, match="stream was .*blocks of 16,.* now it is .*blocks of 32,"):
        trained(files, "(stream (block 32) (buffer 4))", resume=run)


# --- when a file is streamed, and what is said of it ---


def loaded(folder: Path, **said: Any) -> tuple[Dataset, str]:
    reader = sn.data.npy(str(folder / "x.npy"), str(folder / "y.npy"))
    return OwnData(reader, **said).load()


def test_small_files_come_into_memory_unless_the_user_says_more(files: Path) -> None:
    assert isinstance(loaded(files)[0].train.inputs, np.ndarray)
    found, note = loaded(files, stream=Streaming(True, 16, 4))
    assert isinstance(found.train.inputs, Streamed)
    assert "; streamed in blocks of 16, 4 shuffled together; 700 for training; 3 classes" in note


def test_large_files_stay_where_they_are(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sn.data.streaming.LARGE", 4 * COUNT * WIDTH)
    assert isinstance(loaded(files)[0].train.inputs, Streamed)
    assert isinstance(loaded(files, stream=HERE)[0].train.inputs, np.ndarray)
    monkeypatch.setattr("sn.data.streaming.LARGE", 4 * COUNT * WIDTH + 1)
    assert isinstance(loaded(files)[0].train.inputs, np.ndarray)


def test_a_survey_of_a_large_file_is_made_once(
    files: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("sn.data.survey.KEPT", 1)
    said = {"stream": Streaming(True), "scale": Scale("standard"), "split": Shares(test=0.3)}
    first, _ = loaded(files, **said)
    read: list[RowFile] = []
    blocks = RowFile.blocks

    def counted(self: RowFile) -> Any:
        read.append(self)
        return blocks(self)

    monkeypatch.setattr(RowFile, "blocks", counted)
    again, _ = loaded(files, **said)
    assert not read
    assert again.hash == first.hash
    np.testing.assert_array_equal(again.train.inputs[:9], first.train.inputs[:9])
    os.utime(files / "x.npy", ns=(1, 1))
    loaded(files, **said)
    assert len(read) == 1


def test_the_hash_is_that_of_the_content(files: Path) -> None:
    said = {"stream": Streaming(True)}
    before = loaded(files, **said)[0].hash
    os.utime(files / "x.npy", ns=(1, 1))
    assert loaded(files, **said)[0].hash == before
    inputs = rows()
    inputs[-1, -1] ^= 1
    np.save(files / "x.npy", inputs)
    assert loaded(files, **said)[0].hash != before


# --- files that are not what they should be ---


def test_data_that_cannot_be_streamed_are_told(files: Path) -> None:
    np.save(files / "x.npy", np.asfortranarray(rows()))
    with pytest.raises(DataError, match="cannot be streamed: .*x.npy: its columns stand one beh"):
        loaded(files, stream=Streaming(True))
    (files / "t.csv").write_text("1,2,a\n")
    with pytest.raises(
        DataError, match="cannot be streamed: a source of this kind is read w"
    ) as caught:
        OwnData(sn.data.csv(str(files / "t.csv"), label=2), stream=Streaming(True)).load()
    assert caught.value.hint == "(stream) reads npy, idx and raw files a block at a time"


def test_numbers_that_are_none_are_told_with_their_place(files: Path) -> None:
    inputs = rows(np.float32)
    inputs[650, 4] = np.nan
    np.save(files / "x.npy", inputs)
    expected = "x.npy: expected finite numbers as inputs, found nan in row 650, column 4"
    with pytest.raises(DataError, match=expected):
        loaded(files, stream=Streaming(True))


def test_a_file_with_fewer_targets_is_told(files: Path) -> None:
    np.save(files / "y.npy", np.arange(COUNT - 1) % 3)
    with pytest.raises(DataError, match="found 700 patterns and 699 targets"):
        loaded(files, stream=Streaming(True))


def test_a_header_that_claims_more_than_there_is_is_told(files: Path) -> None:
    content = (files / "x.npy").read_bytes()
    (files / "x.npy").write_bytes(content[:-1])
    with pytest.raises(DataError, match="its header says 700 x 12 values in 8,400 bytes, and 8,39"):
        loaded(files, stream=Streaming(True))


@pytest.mark.parametrize("source", ["npy", "idx", "raw"])
def test_files_that_are_damaged_anywhere_are_told(files: Path, source: str) -> None:
    """Each is cut at many places, and has bytes of its start changed: DataError, and no other."""
    name = {"npy": "x.npy", "idx": "x.idx", "raw": "x.bin"}[source]
    content, stream = (files / name).read_bytes(), np.random.default_rng(4)
    cuts = [content[:at] for at in (0, 1, 3, 4, 9, 15, 60, 127, 129, len(content) - 1)]
    changed = []
    for _ in range(150):
        some = bytearray(content[:200])
        some[int(stream.integers(0, 140))] = int(stream.integers(0, 256))
        changed.append(bytes(some) + content[200:])
    shape = {"shape": (WIDTH,), "type": "uint16", "skip": 4} if source == "raw" else {}
    targets = "y.npy" if source == "npy" else "y.idx" if source == "idx" else "y.bin"
    for damaged in (*cuts, *changed):
        (files / name).write_bytes(damaged)
        reader = getattr(sn.data, source)(str(files / name), str(files / targets), **shape)
        with suppress(DataError):
            OwnData(reader, stream=Streaming(True), scale=Scale("standard")).load()


def test_a_file_that_is_cut_short_under_way_is_told_and_kills_nobody(files: Path) -> None:
    found, _ = loaded(files, stream=Streaming(True))
    with (files / "x.npy").open("r+b") as file:
        file.truncate(5000)
    with pytest.raises(DataError, match="was changed while it was being read: it had 8,528 bytes"):
        found.train.inputs[:]


def test_a_file_that_is_written_to_under_way_is_told(files: Path) -> None:
    found, _ = loaded(files, stream=Streaming(True))
    os.utime(files / "x.npy", ns=(1, 1))
    with pytest.raises(DataError, match="changed while it was being read: it was written to"):
        found.train.inputs[3]


@pytest.mark.kernels
def test_an_error_of_the_thread_that_reads_is_one_of_the_run(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sn.data.row_files.PIECE", 64)

    class Cut(Observer):
        def advanced(self, presentations: int) -> None:
            os.utime(files / "x.npy", ns=(1, 1))

    (files / "net.sn").write_text(
        NET.format(
            dropout="", outputs=3, source=SOURCES["npy"], more="", passes="", order="constant",
            options="(stream (block 8) (buffer 1))",
        )
    )  # fmt: skip
    program = sn.load(files / "net.sn")
    program.watch(Cut())
    with pytest.raises(DataError, match="was changed while it was being read"):
        program.experiment().train(progress=False)


def test_a_raw_file_says_what_does_not_fit(files: Path) -> None:
    for options, expected in (
        ({"shape": (13,)}, "expected whole patterns of 13 uint8, 13 bytes each, found 16,804"),
        ({"shape": (12,), "skip": 20_000}, "found fewer bytes than .skip .... says"),
    ):
        with pytest.raises(DataError, match=expected):
            OwnData(sn.data.raw(str(files / "x.bin"), str(files / "y.bin"), **options)).load()
    for options, expected in (
        ({}, "raw needs the size of a pattern"),
        ({"shape": (12,), "type": "float8"}, "a type of numbers is one of"),
        ({"shape": (12,), "byte_order": "middle"}, "the order of bytes is little or big"),
        ({"shape": (12,), "skip": -1}, "skip must be a whole number from 0 to"),
    ):
        with pytest.raises(sn.SnError, match=expected):
            sn.data.raw("x.bin", **options)


@pytest.mark.kernels
def test_a_batch_of_all_patterns_asks_for_the_memory_of_all(files: Path) -> None:
    with limited(60_000), pytest.raises(DataError, match="560 patterns at once would take 67.2 kB"):
        trained(files, "(stream)", "whole")


def test_more_rows_at_once_than_memory_allows_are_refused(files: Path) -> None:
    found, _ = loaded(files, stream=Streaming(True))
    with limited(5000), pytest.raises(DataError, match="700 rows of inputs at once would take"):
        np.asarray(found.train.inputs)
    with limited(5000):
        assert found.train.inputs[:20].shape == (20, WIDTH)
