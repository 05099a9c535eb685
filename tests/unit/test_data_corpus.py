"""Bad files of data and of runs that were found or thought of: each is told, by every way in."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from scripts.fuzz.data import case, check, known, run
from scripts.fuzz.data_kinds import answers
from sn.errors import DataError, render

CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "data"
FILES = sorted(path for path in CORPUS.rglob("*") if path.is_file())


def test_each_file_is_of_a_kind_that_is_fuzzed() -> None:
    assert len(FILES) > 100
    assert {path.parent.name for path in FILES} <= {Path(kind.file).stem for kind in known()} | {
        kind.file for kind in known()
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_bad_file_is_told(path: Path, tmp_path: Path) -> None:
    name = path.parent.name
    kind = next(one for one in known() if name in (one.file, Path(one.file).stem))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = answers(kind, path.read_bytes(), tmp_path / "case")
    for error in found:
        check(error, kind)
    if name == "copy":  # a copy that cannot be read is made again
        assert not found
        return
    told = [error for error in found if isinstance(error, DataError)]
    assert any(kind.file in render(error) for error in told)


def test_the_first_cases_of_the_fuzzer_hold(tmp_path: Path) -> None:
    for number in range(2 * len(known())):
        run(number, 7)


def test_a_case_is_what_seed_and_number_make_it() -> None:
    assert case(17, 1) == case(17, 1)
    assert case(17, 1)[1] != case(17, 2)[1]
