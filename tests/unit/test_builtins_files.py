"""Reading from the terminal and from files; failures of the disk are errors of the program."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from sn.builtins import new_interpreter
from sn.errors import SnError
from sn.lisp.files import Files
from sn.lisp.gate import Allow, Gate


def files_below(folder: Path) -> Files:
    """What a program may touch that may do all in a folder."""
    return Files(Gate(allow=Allow(write=(folder,))))


def test_read_takes_forms_from_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("(a\nb) 12 rest\nmore"))
    it = new_interpreter()
    forms = it.read('(list (read) (read) (read-string) (skip-char) (read-string "a-z"))')
    assert it.show(it.evaluate(forms[0])) == '((a b) 12 " rest" "m" "more")'


def test_reading_the_terminal_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("x"))
    it = new_interpreter()
    (form,) = it.read('(reading "$stdin" (list (read) (skip-char)))')
    assert it.show(it.evaluate(form)) == '(x "\\e")'


def test_output_goes_where_it_is_sent(tmp_path: Path) -> None:
    out, err = io.StringIO(), io.StringIO()
    it = new_interpreter(out=out, err=err)
    it.run('(print 1) (writing "$stderr" (print 2)) (prin 3) (writing "$stdout" (prin 4))')
    assert (out.getvalue(), err.getvalue()) == ("1\n34", "2\n")


def test_suffixes_are_added_to_bare_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    new_interpreter(files=files_below(tmp_path)).run(
        '(mapc (lambda (n) (writing (open-write n "SNWT@wei") (prin n))) \'("a" "b.txt"))'
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.wei", "b.txt"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('(open-write "none/x")', "cannot write 'none/x': No such file or directory"),
        ('(writing "none/x" 1)', "cannot write 'none/x': No such file or directory"),
        ('(save-matrix [1] "none/x")', "cannot write 'none/x.mat'"),
        ('(unlink "folder")', "cannot remove 'folder'"),
        ('(load "folder")', "no file is called 'folder'"),
        ('(reading "none" (read))', "no file is called 'none'"),
    ],
)
def test_what_the_disk_refuses_is_told(
    text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(SnError) as caught:
        new_interpreter(files=files_below(tmp_path)).run(text)
    assert message in caught.value.message


def test_a_program_finds_its_parts_beside_it_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "main.sn").write_text('(load "part")')
    (tmp_path / "nets" / "part.sn").write_text("(setq from 'beside)")
    (tmp_path / "part.sn").write_text("(setq from 'current)")
    monkeypatch.chdir(tmp_path)
    it = new_interpreter()
    it.load("nets/main")
    assert it.show(it.get_global("from")) == "beside"


def test_an_error_in_a_loaded_file_stands_in_that_file(tmp_path: Path) -> None:
    (tmp_path / "bad.sn").write_text("1\n(car 5)\n")
    it = new_interpreter(files=files_below(tmp_path))
    with pytest.raises(SnError) as caught:
        it.run(f'(load "{tmp_path / "bad"}")', "t.sn")
    assert str(caught.value.span) == f"{tmp_path / 'bad.sn'}:2:6"
