"""Programs that were made to break `sn`: each ends with 0 or 1 and says what it must."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from tests.corpus_runner import Crew, Outcome, Program, programs

PROGRAMS = list(programs())
FILES = {name: list(group) for name, group in groupby(PROGRAMS, lambda p: p.name.split(":")[0])}
# those that are nested deeply take seconds each
DEEP = ("lisp/deep", "nests")


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    crew = Crew()
    yield crew
    crew.stop()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in DEEP)) for name in FILES]
)
def test_no_program_breaks_sn(name: str, crew: Crew) -> None:
    faults = [
        f"{program.name}: {fault}"
        for program in FILES[name]
        if (fault := crew.run(program).fault(program))
    ]
    assert not faults, "\n".join(faults)


def test_names_are_not_used_twice() -> None:
    names = [program.name for program in PROGRAMS]
    assert len(names) == len(set(names))


def test_a_file_of_several_programs_is_taken_apart(tmp_path: Path) -> None:
    text = "; a line\n; --- one\n; expect: 1\n(print 1)\n; --- two\n; command: run --passes 1\n2"
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "file.sn").write_text(text)
    (tmp_path / "whole.sn").write_text("; expect: 3\n(print 3)")
    found = {program.name: program for program in programs(tmp_path)}
    assert found["some/file: one"].expect == "1"
    assert found["some/file: two"].words == ("run", "--passes", "1")
    assert found["whole"].text == "; expect: 3\n(print 3)"


def test_faults_are_seen() -> None:
    program = Program("x", "", expect="wanted")
    assert Outcome(1, "wanted", 0, holds=True).fault(program) == ""
    assert "expected 'wanted'" in Outcome(0, "other", 0).fault(program)
    assert "signal 11" in Outcome(-11, "", 0).fault(program)
    assert "more than" in Outcome(None, "", 0).fault(program)
    assert "exit code 3" in Outcome(3, "wanted", 0, holds=True).fault(program)
    assert "Traceback" in Outcome(1, "wanted Traceback (most", 0, holds=True).fault(program)


def test_a_program_that_dies_is_blamed_and_the_next_ones_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    endless = Program("endless", "(while t ())")
    fine = Program("fine", "(print 'fine)", expect="fine")
    crew = Crew()
    found = [crew.run(fine)]
    with monkeypatch.context() as patched:
        patched.setattr("tests.corpus_runner.LIMIT_S", 1)
        found.append(crew.run(endless))
    found.append(crew.run(fine))
    crew.stop()
    assert [outcome.code for outcome in found] == [1, None, 1]
    assert [outcome.fault(fine) for outcome in found[::2]] == ["", ""]
