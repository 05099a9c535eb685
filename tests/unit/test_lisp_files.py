"""Files: what programs read is remembered, and can stand in for files that are gone."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from sn.errors import DataError, EvalError
from sn.lisp.files import Files
from sn.lisp.gate import Allow, Gate
from sn.sn28 import new_interpreter
from tests.unit.test_builtins_files import files_below


def test_what_a_program_reads_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "part.sn").write_text('(setq x 3) (setq m (load-matrix "m.mat"))')
    (tmp_path / "words").write_text("(a b)")
    it = new_interpreter(files=files_below(tmp_path))
    other = new_interpreter(files=files_below(tmp_path))
    other.run(f'(save-ascii-matrix [1 2] "{tmp_path}/m.mat")')
    it.run(f'(load "{tmp_path}/part.sn") (reading "{tmp_path}/words" (setq w (read)))')
    names = [str(tmp_path.resolve() / name) for name in ("part.sn", "m.mat", "words")]
    assert list(it.files.seen) == names
    assert it.files.seen[names[2]] == b"(a b)"


def test_contents_stand_in_for_files_that_are_gone(tmp_path: Path) -> None:
    it = new_interpreter(files=files_below(tmp_path))
    part = tmp_path.resolve() / "part.sn"
    with pytest.raises(EvalError, match="no file is called"):
        it.run(f'(load "{tmp_path}/part")')
    it.files.stand_ins = {str(part): b"(setq x 3)"}
    it.run(f'(load "{tmp_path}/part")')
    assert it.run("x") == 3
    part.write_text("(setq x 4)")
    it.run(f'(load "{tmp_path}/part")')
    assert it.run("x") == 3, "what stands in goes before what is there"


def test_relative_names_start_at_the_folder_that_is_current(tmp_path: Path) -> None:
    (tmp_path / "part.sn").write_text("(setq x 5)")
    it = new_interpreter(files=files_below(tmp_path))
    it.files.current = tmp_path
    it.run('(load "part.sn")')
    assert it.run("x") == 5


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    it = new_interpreter(files=files_below(tmp_path))
    with pytest.raises(DataError, match="cannot read"):
        it.files.read(tmp_path)


def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "kept.mat"
    target.write_bytes(b"old")
    target.chmod(0o640)
    files = Files(Gate(allow=Allow(write=(tmp_path,))))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(EvalError, match="No space left"):
        files.write(str(target), b"new")
    monkeypatch.undo()
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["kept.mat"]
    files.write(str(target), b"new")
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o640
