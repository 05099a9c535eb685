"""Data sets from files: search order, containers, content hashes, parsed copies."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import sn.data as data
from sn.data import DividedData, NamedData, Shares, copies, zipcode
from sn.data.base import Split
from sn.errors import DataError, UnknownNameError

Codes = NDArray[np.int16]
Labels = NDArray[np.uint8]

N_TRAIN, N_TEST = 20, 10


class Digits:
    """A few made-up digits in the place of the real ones, and the ways to write them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        rng = np.random.default_rng(0)
        self.codes = rng.integers(-1000, 1001, (N_TRAIN + N_TEST, 256)).astype(np.int16)
        self.labels = rng.integers(0, 10, N_TRAIN + N_TEST).astype(np.uint8)
        train = Split.of(self.codes[:N_TRAIN], self.labels[:N_TRAIN])
        test = Split.of(self.codes[N_TRAIN:], self.labels[N_TRAIN:])
        monkeypatch.setattr(zipcode, "_COUNTS", (N_TRAIN, N_TEST))
        monkeypatch.setattr(zipcode, "_TRAIN_HASH", train.hash)
        monkeypatch.setattr(zipcode, "_TEST_HASH", test.hash)

    def text(self, part: slice) -> bytes:
        lines = [
            f"{label}.0000 " + " ".join(f"{code / 1000:.4f}" for code in row) + " \n"
            for label, row in zip(self.labels[part], self.codes[part], strict=True)
        ]
        return "".join(lines).encode()

    def write_text(self, folder: Path, *, packed: bool = False) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name, part in (("zip.train", slice(N_TRAIN)), ("zip.test", slice(N_TRAIN, None))):
            text = self.text(part)
            file = folder / (f"{name}.gz" if packed else name)
            file.write_bytes(gzip.compress(text) if packed else text)
        return folder

    def write_npz(self, folder: Path, inputs: NDArray[np.generic]) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(
            folder / "zipcode.npz",
            train_inputs=inputs[:N_TRAIN],
            train_labels=self.labels[:N_TRAIN],
            test_inputs=inputs[N_TRAIN:],
            test_labels=self.labels[N_TRAIN:],
        )
        return folder


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point SN at an empty cache and at no folder of data."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("SN_CACHE", str(folder))
    monkeypatch.delenv("SN_DATA", raising=False)
    return folder


@pytest.fixture
def digits(monkeypatch: pytest.MonkeyPatch) -> Digits:
    return Digits(monkeypatch)


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set SN_DATA to some folders."""

    def set_folders(*folders: Path) -> None:
        monkeypatch.setenv("SN_DATA", os.pathsep.join(str(folder) for folder in folders))

    return set_folders


def assert_same(loaded: data.Dataset, digits: Digits) -> None:
    expected = (digits.codes / 1000.0).astype(np.float32)
    np.testing.assert_array_equal(loaded.train.inputs, expected[:N_TRAIN])
    np.testing.assert_array_equal(loaded.test.inputs, expected[N_TRAIN:])
    np.testing.assert_array_equal(loaded.train.targets, digits.labels[:N_TRAIN])
    np.testing.assert_array_equal(loaded.test.targets, digits.labels[N_TRAIN:])
    assert loaded.train.inputs.dtype == np.float32
    assert loaded.train.inputs.flags.c_contiguous
    assert loaded.train.targets.dtype == np.uint8


def test_the_registry_knows_the_five_data_sets() -> None:
    names = ["digits-480", "mnist", "mnist-1989", "mnist-50000", "zipcode"]
    assert list(data.dataset) == names
    with pytest.raises(UnknownNameError) as caught:
        data.load("zipcod")
    assert caught.value.hint == "did you mean 'zipcode'?"


def test_every_description_is_whole() -> None:
    for name in data.dataset:
        known = data.source(name)
        assert known.name == name
        assert known.title and known.origin and known.licence
        assert [len(digest) for digest in known.hashes] == [64, 64]


def test_the_real_digits_have_the_frozen_hashes(
    folder_of: Callable[[str], Path], use: Callable[..., None]
) -> None:
    use(folder_of("zip.train.gz"))
    digits = data.load("zipcode")  # raises when either hash differs
    assert data.source("zipcode").hashes == (
        "64380a7ed4e64aee40c2d7ef7eb48294299bc6365fa3fb1516551e5c6b109900",
        "cc4220c7ce1d56b06a203fbe29dba377d11a83aca39e0fe6d1d546873b283da3",
    )
    assert (len(digits.train), len(digits.test), digits.shape) == (7291, 2007, (16, 16))
    assert digits.train.targets[:5].tolist() == [6, 5, 4, 7, 3]
    assert digits.train.inputs[0, 6:10].tolist() == np.float32([-1, -0.631, 0.862, -0.167]).tolist()
    warm = data.load("zipcode")
    np.testing.assert_array_equal(warm.train.inputs, digits.train.inputs)
    assert warm.hash == digits.hash


def test_the_480_digits_have_the_frozen_hash(
    folder_of: Callable[[str], Path], use: Callable[..., None]
) -> None:
    use(folder_of("digits480.npz"))
    digits = data.load("digits-480")
    assert (len(digits.train), len(digits.test)) == (320, 160)
    assert digits.per_class() == ([32] * 10, [16] * 10)
    assert set(np.unique(digits.train.inputs)) == {-1.0, 1.0}


def test_480_digits_that_are_not_signs_are_refused(
    tmp_path: Path, use: Callable[..., None]
) -> None:
    use(tmp_path)
    np.savez(tmp_path / "digits480.npz", X=np.zeros((480, 256)), Y=np.ones((480, 10)))
    with pytest.raises(DataError, match="expected X as 480 x 256 values of -1 or 1"):
        data.load("digits-480")


@pytest.mark.parametrize("packed", [False, True])
def test_text_is_accepted_plain_or_packed(
    packed: bool, digits: Digits, tmp_path: Path, use: Callable[..., None]
) -> None:
    use(digits.write_text(tmp_path / "a", packed=packed))
    assert_same(data.load("zipcode"), digits)


def test_one_file_may_be_packed_and_the_other_not(
    digits: Digits, tmp_path: Path, use: Callable[..., None]
) -> None:
    folder = digits.write_text(tmp_path / "a")
    text = (folder / "zip.test").read_bytes()
    (folder / "zip.test").unlink()
    (folder / "zip.test.gz").write_bytes(gzip.compress(text))
    use(folder)
    assert_same(data.load("zipcode"), digits)


def test_an_npz_of_thousandths_or_of_floats_is_accepted(
    digits: Digits, tmp_path: Path, use: Callable[..., None]
) -> None:
    for inputs in (digits.codes, (digits.codes / 1000).astype(np.float32), digits.codes / 1000):
        use(digits.write_npz(tmp_path / "a", inputs))
        assert_same(data.load("zipcode"), digits)


def test_images_of_16_by_16_are_accepted(
    digits: Digits, tmp_path: Path, use: Callable[..., None]
) -> None:
    use(digits.write_npz(tmp_path / "a", digits.codes.reshape(-1, 16, 16)))
    assert_same(data.load("zipcode"), digits)


def test_a_changed_digit_is_refused(
    digits: Digits, tmp_path: Path, use: Callable[..., None]
) -> None:
    right = data.source("zipcode").hashes
    digits.codes[-1, 100] ^= 1
    use(digits.write_text(tmp_path / "a"))
    with pytest.raises(DataError) as caught:
        data.load("zipcode")
    assert "zip.test: the test digits are not those of zipcode" in caught.value.message
    assert right[1][:16] in caught.value.message
    assert caught.value.hint is not None and "SN_DATA" in caught.value.hint
    assert not (tmp_path / "cache/data/parsed").exists() or (
        len(list((tmp_path / "cache/data/parsed").iterdir())) == 1
    ), "only digits that are right are kept"


def test_a_changed_label_is_refused(
    digits: Digits, tmp_path: Path, use: Callable[..., None]
) -> None:
    digits.labels[0] = (digits.labels[0] + 1) % 10
    use(digits.write_npz(tmp_path / "a", digits.codes))
    with pytest.raises(DataError, match="the training digits are not those of zipcode"):
        data.load("zipcode")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda text: text.replace(b"0", b"x", 1), "expected lines of a label and 256 numbers"),
        (lambda text: text[: text.rindex(b" ", 0, -3)], "expected lines of a label"),
        (lambda text: b"1 2 3\n4 5 6\n", "found 3 numbers"),
        (lambda text: text[text.index(b"\n") + 1 :], "expected 20 training digits"),
        (lambda text: b"12" + text[1:], "expected labels 0 to 9, found 12.0 for digit 1"),
        (lambda text: text.replace(b" 0.", b" 7.", 1), "expected pixels as numbers in -1 to 1"),
        (lambda text: text.replace(b" 0.", b" nan 0.", 1), "expected lines of a label"),
        (lambda text: gzip.compress(text)[:-100], "is not a whole gzip file"),
        (lambda text: "é".encode(), "expected lines of a label"),
    ],
)
def test_damaged_text_is_refused(
    spoil: Callable[[bytes], bytes],
    words: str,
    digits: Digits,
    tmp_path: Path,
    use: Callable[..., None],
) -> None:
    folder = digits.write_text(tmp_path / "a")
    file = folder / "zip.train"
    file.write_bytes(spoil(file.read_bytes()))
    use(folder)
    with pytest.raises(DataError) as caught:
        data.load("zipcode")
    assert words in caught.value.message
    assert str(file) in caught.value.message


def test_a_damaged_npz_is_refused(digits: Digits, tmp_path: Path, use: Callable[..., None]) -> None:
    folder = digits.write_npz(tmp_path / "a", digits.codes)
    file = folder / "zipcode.npz"
    whole = file.read_bytes()
    use(folder)
    file.write_bytes(whole[:5000])
    with pytest.raises(DataError, match=r"cannot read .*zipcode.npz as an npz file"):
        data.load("zipcode")
    np.savez(file, train_inputs=digits.codes)
    with pytest.raises(DataError, match="expected the array train_labels, found train_inputs"):
        data.load("zipcode")
    np.savez(file, train_inputs=np.array([{}], dtype=object), train_labels=0, test_inputs=0,
             test_labels=0)  # fmt: skip
    with pytest.raises(DataError, match="array train_inputs holds Python objects"):
        data.load("zipcode")


def test_the_folders_of_sn_data_come_first_and_in_order(
    digits: Digits, tmp_path: Path, cache: Path, use: Callable[..., None]
) -> None:
    digits.write_text(cache / "data")
    known = data.source("zipcode")

    def place() -> Path:
        files = data.locate(known)
        assert files is not None
        return files[0].parent

    assert place() == cache / "data"
    first, second = digits.write_text(tmp_path / "1"), digits.write_text(tmp_path / "2")
    use(tmp_path / "absent", second, first)
    assert place() == second
    (second / "zip.test").unlink()
    assert place() == first, "half a data set does not count"


def test_a_damaged_data_set_is_not_passed_over(
    digits: Digits, tmp_path: Path, cache: Path, use: Callable[..., None]
) -> None:
    digits.write_text(cache / "data")
    folder = digits.write_text(tmp_path / "a")
    (folder / "zip.train").write_text("nothing")
    use(folder)
    with pytest.raises(DataError, match="expected lines"):
        data.first_available("zipcode", "mnist-1989")


def test_an_absent_data_set_says_where_it_was_looked_for(
    digits: Digits, tmp_path: Path, use: Callable[..., None]
) -> None:
    with pytest.raises(DataError) as caught:
        data.load("zipcode")
    assert "SN_DATA is not set" in caught.value.message
    assert caught.value.hint is not None and "sn data get zipcode" in caught.value.hint
    half = digits.write_text(tmp_path / "half")
    (half / "zip.test").unlink()
    use(tmp_path / "nowhere", half)
    with pytest.raises(DataError) as caught:
        data.load("zipcode")
    assert f"{tmp_path / 'nowhere'} (no such folder)" in caught.value.message
    assert f"{half} has zip.train but not zip.test" in caught.value.message
    assert not data.is_available("zipcode")


def test_first_available_says_what_it_took_and_what_is_missing(
    digits: Digits, tmp_path: Path, use: Callable[..., None]
) -> None:
    taken, note = data.first_available("zipcode", "mnist-1989")
    assert taken.name == "mnist-1989"
    assert note.startswith("data: mnist-1989, ")
    assert "from the package; zipcode is not here: type 'sn data get zipcode'" in note
    folder = digits.write_text(tmp_path / "a")
    use(folder)
    taken, note = data.first_available("zipcode", "mnist-1989")
    assert taken.name == "zipcode"
    assert note.endswith(f"from {folder}")


def test_first_available_of_none_names_them_all() -> None:
    with pytest.raises(DataError) as caught:
        data.first_available("zipcode", "digits-480")
    assert "the data set zipcode or digits-480 is not on this machine" in caught.value.message
    assert caught.value.hint is not None
    assert "for digits-480: set SN_DATA" in caught.value.hint
    with pytest.raises(UnknownNameError):
        data.first_available("mnist-1989", "no-such-digits")


def test_parsed_text_is_kept_and_used(
    digits: Digits,
    tmp_path: Path,
    cache: Path,
    use: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use(digits.write_text(tmp_path / "a", packed=True))
    data.load("zipcode")
    assert len(list((cache / "data/parsed").glob("zipcode-*.npy"))) == 2
    monkeypatch.setattr(zipcode, "_parse", None)  # a second parse would fail
    assert_same(data.load("zipcode"), digits)


def test_a_cache_that_cannot_be_written_is_no_error(
    digits: Digits, tmp_path: Path, use: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("a file where a folder is needed")
    monkeypatch.setenv("SN_CACHE", str(tmp_path / "file"))
    use(digits.write_text(tmp_path / "a"))
    assert_same(data.load("zipcode"), digits)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda copy: copy.write_bytes(b""),
        lambda copy: copy.write_bytes(copy.read_bytes()[:3000]),
        lambda copy: copy.write_bytes(copy.read_bytes()[:-2] + b"\x07\x07"),
        lambda copy: np.save(copy, np.zeros((20, 257))),
        lambda copy: np.save(copy, np.zeros((20, 3), np.int16)),
        lambda copy: np.save(copy, np.zeros((20, 257), np.int16)),
        lambda copy: copy.write_bytes(b"PK\x03\x04 no archive"),
    ],
)
def test_a_damaged_copy_is_made_again(
    spoil: Callable[[Path], None],
    digits: Digits,
    tmp_path: Path,
    cache: Path,
    use: Callable[..., None],
) -> None:
    use(digits.write_text(tmp_path / "a"))
    data.load("zipcode")
    made = {file: file.read_bytes() for file in (cache / "data/parsed").iterdir()}
    for copy in made:
        spoil(copy)
    assert_same(data.load("zipcode"), digits)
    assert {file: file.read_bytes() for file in (cache / "data/parsed").iterdir()} == made


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_text("old")

    def fail(_: object) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        copies.write_whole(file, fail)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_the_hash_of_a_part_does_not_depend_on_byte_order_or_layout() -> None:
    codes = np.arange(-6, 6, dtype=np.int16).reshape(3, 4)
    labels = np.array([1, 2, 3], np.uint8)
    digest = Split.of(codes, labels).hash
    assert Split.of(codes.astype(">i2"), labels).hash == digest
    assert Split.of(np.asfortranarray(codes), labels).hash == digest
    assert Split.of(codes + np.int16(1), labels).hash != digest


def test_a_training_set_by_name_is_divided_and_the_test_set_stays() -> None:
    whole, _ = NamedData(("mnist-1989",)).load()
    found, note = DividedData(NamedData(("mnist-1989",)), Shares(validation=0.2, seed=1)).load()
    sizes = {name: len(part) for name, part in found.sets.items()}
    assert sizes == {"train": 5833, "validation": 1458, "test": 2007} and list(found.sets)[1] == (
        "validation"
    )
    assert note.endswith(
        "; split: 5,833 of 7,291 for training, 1,458 for validation, 2,007 for test"
    )
    assert np.array_equal(found.test.inputs, whole.test.inputs)
    parts = [found.train.inputs, found.validation.inputs]
    rows = np.concatenate(parts)
    assert sorted(map(bytes, rows)) == sorted(map(bytes, whole.train.inputs))
    shares = np.bincount(found.validation.targets) / np.bincount(whole.train.targets)
    assert np.abs(shares - 0.2).max() < 0.002  # of each class
    again, _ = DividedData(NamedData(("mnist-1989",)), Shares(validation=0.2, seed=1)).load()
    other, _ = DividedData(NamedData(("mnist-1989",)), Shares(validation=0.2, seed=2)).load()
    assert found.hash == again.hash != other.hash and found.name == "mnist-1989 split"
    with pytest.raises(DataError, match="train set has no rows"):
        DividedData(NamedData(("mnist-1989",)), Shares(validation=1)).load()
