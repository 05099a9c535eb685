"""What a program may touch, and where what it writes goes; the ways out are in integration."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

import sn
from sn.builtins import new_interpreter
from sn.commands import main
from sn.errors import EvalError, NotAllowedError, SettingError
from sn.lisp.files import Files
from sn.lisp.gate import Allow, Gate
from sn.lisp.ports import OutputPort


def files_with(folder: Path) -> Files:
    """Files of a program that has a folder to write to."""
    files = Files(Gate(Path()))
    files.make_folder = lambda: folder
    return files


def test_what_is_written_in_memory_is_read_back_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    it = new_interpreter()
    it.run('(writing "a/notes" (print 1)) (writing (open-append "a/notes") (print 2))')
    assert it.show(it.run('(reading "a/notes" (list (read) (read)))')) == "(1 2)"
    it.run('(save-matrix [1 2 3] "m")')
    assert it.show(it.run('(load-matrix "m")')) == "[ 1.00  2.00  3.00 ]"
    assert it.show(it.run('(list (unlink "a/notes") (unlink "a/notes") (unlink "none"))')) == (
        "(t () ())"
    )
    with pytest.raises(EvalError, match="no file is called 'a/notes'"):
        it.run('(reading "a/notes")')
    assert it.run('(open-read "a/notes")') is None
    assert list(tmp_path.iterdir()) == []


def test_what_is_written_goes_to_the_folder_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notes").write_text("before")
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "run"
    folder.mkdir()
    it = new_interpreter(files=files_with(folder))
    assert it.show(it.run('(reading "notes" (read))')) == "before"
    it.run('(writing "notes" (print 1)) (writing (open-append "sub/more") (print 2))')
    assert it.show(it.run('(reading "notes" (read))')) == "1", "its own comes first"
    assert (tmp_path / "notes").read_text() == "before"
    assert (folder / "sub" / "more").read_text() == "2\n"
    assert it.show(it.run('(list (unlink "notes") (unlink "notes"))')) == "(t ())"
    assert it.show(it.run('(reading "notes" (read))')) == "before"


def test_the_folder_is_made_when_it_is_needed(tmp_path: Path) -> None:
    made = []
    files = Files(Gate(tmp_path))
    files.make_folder = lambda: made.append(1) or tmp_path  # type: ignore[func-returns-value]
    it = new_interpreter(files=files)
    with pytest.raises(EvalError):
        it.run('(open-read "notes")')
    assert not made
    it.run('(writing "a" (print 1)) (writing "b" (print 1))')
    assert made == [1]


def test_an_open_folder_is_where_names_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files = Files(Gate(Path(), allow=Allow(write=".")))
    new_interpreter(files=files).run('(writing "notes" (print 1))')
    assert (tmp_path / "notes").read_text() == "1\n"


def test_a_link_is_removed_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "far").write_text("kept")
    inside = tmp_path / "in"
    inside.mkdir()
    (inside / "link").symlink_to(tmp_path / "far")
    monkeypatch.chdir(inside)
    it = new_interpreter(files=Files(Gate(Path(), allow=Allow(write="."))))
    with pytest.raises(NotAllowedError):
        it.run('(writing "link" (print 1))')
    assert it.show(it.run('(unlink "link")')) == "t"
    assert (tmp_path / "far").read_text() == "kept"


def test_a_refusal_says_what_opens_it(tmp_path: Path) -> None:
    it = new_interpreter()
    with pytest.raises(NotAllowedError) as caught:
        it.run('(open-read "/etc/hosts")', "a.sn")
    assert caught.value.message == "this program may not read '/etc/hosts'"
    assert "--allow-read '/etc'" in str(caught.value.hint)
    assert str(caught.value.span) == "a.sn:1:1"
    with pytest.raises(NotAllowedError) as caught:
        it.run('(writing "/etc/hosts" (print 1))')
    assert "--allow-write '/etc'" in str(caught.value.hint)
    with pytest.raises(NotAllowedError) as caught:
        it.run('(sys "true")')
    assert "--allow-shell" in str(caught.value.hint)


def test_nothing_is_told_of_what_may_not_be_read(tmp_path: Path) -> None:
    """Whether a file is there is a secret of its folder, too."""
    (tmp_path / "there").write_text("1")
    it = new_interpreter()
    told = set()
    for name in ("there", "not-there", "there/below"):
        with pytest.raises(NotAllowedError) as caught:
            it.run(f'(open-read "{tmp_path}/{name}")')
        told.add(caught.value.message.replace(f"{tmp_path}/{name}", "NAME"))
    assert len(told) == 1


def test_a_pipe_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)
    it = new_interpreter()
    for form in ('(load "pipe")', '(reading "pipe")', '(load-matrix "pipe")'):
        with pytest.raises(EvalError):
            it.run(form)
    assert it.run('(open-read "pipe")') is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_that_nobody_reads_is_not_written(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    it = new_interpreter(files=files_with(tmp_path))
    for form in ('(writing "pipe" (print 1))', '(save-matrix [1] "pipe.mat")'):
        os.replace(tmp_path / "pipe", tmp_path / form.split('"')[1])
        with pytest.raises(EvalError, match=r"cannot write 'pipe\S*': nobody reads from this pipe"):
            it.run(form)
        os.replace(tmp_path / form.split('"')[1], tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    it.run('(writing "pipe" (print 12))')
    assert os.read(reader, 10) == b"12\n"
    os.close(reader)


def test_a_name_that_no_file_can_have_is_told(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    it = new_interpreter(files=files_with(tmp_path))
    with pytest.raises(EvalError, match="'plain/x': a file is where a folder shall be"):
        it.run('(writing "plain/x" (print 1))')
    for long in ("a" * 300, "a" * 300 + "/b", "a/" * 3000 + "b"):
        for form in ('(writing "%s" (print 1))', '(save-matrix [1] "%s")'):
            with pytest.raises(EvalError, match="cannot write 'a.*': File name too long"):
                it.run(form % long)
        for form in ('(reading "%s" (read))', '(load "%s")', '(load-matrix "%s")'):
            with pytest.raises(EvalError, match="no file is called 'a"):
                it.run(form % long)


def test_the_shell_is_there_for_who_asks(tmp_path: Path) -> None:
    out = io.StringIO()
    it = new_interpreter(out=out, files=Files(Gate(Path(), allow=Allow(shell=True))))
    assert it.run('(sys "echo hello; exit 3")') == 3
    assert out.getvalue() == "hello\n"


def test_python_says_what_a_program_may_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nets, out = tmp_path / "nets", tmp_path / "out"
    nets.mkdir()
    out.mkdir()
    program = nets / "a.sn"
    program.write_text(f'(writing "{out}/new" (print 1))')
    with pytest.raises(NotAllowedError):
        sn.load(program)
    sn.load(program, allow=sn.Allow(write=[out]))
    assert (out / "new").read_text() == "1\n"
    assert sn.Allow(read=["a"], write="b", shell=True).options == (
        "--allow-read=a",
        "--allow-write=b",
        "--allow-shell",
    )


def test_the_cache_of_kernels_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in it is run, so that no program writes there, whoever opened what."""
    monkeypatch.setenv("SN_CACHE", str(tmp_path / "cache"))
    kernels = tmp_path / "cache" / "kernels"
    kernels.mkdir(parents=True)
    (kernels / "one").write_text("code")
    (tmp_path / "way").symlink_to(kernels)
    session = sn.session.Session(allow=Allow(write=[tmp_path, kernels]))
    session.evaluate(f'(writing "{tmp_path}/cache/other" (print 1))')
    for name in ("cache/kernels/two", "way/one", "cache/../cache/kernels/one"):
        for form in ('(writing "%s" (print 1))', '(unlink "%s")', '(save-matrix [1] "%s.mat")'):
            with pytest.raises(NotAllowedError, match="no program may write"):
                session.evaluate(form % f"{tmp_path}/{name}")
    assert [path.name for path in kernels.iterdir()] == ["one"]
    assert (kernels / "one").read_text() == "code"


@pytest.mark.parametrize("place", ["", b"x", 3, None, "a\0", [""], [3]])
def test_what_is_no_folder_is_not_opened(place: object) -> None:
    for name in ("read", "write"):
        with pytest.raises(SettingError, match=f"allow {name}: expected the name of a folder"):
            Allow(**{name: place})  # type: ignore[arg-type]
    assert Allow(read=iter(["a", Path("b")])).read == ("a", Path("b"))  # type: ignore[arg-type]


def test_an_empty_name_on_the_command_line_opens_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["run", "xor", "--allow-read", ""]) == 2
    assert "expected the name of a folder, found ''" in capsys.readouterr().err


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_terminal_is_sent_nothing_that_it_obeys(is_terminal: bool) -> None:
    out = io.StringIO()
    out.isatty = lambda: is_terminal  # type: ignore[method-assign]
    new_interpreter(out=out).run('(printf "a\\n\\tb\\^[[2J\\^[]0;title\\^G\\0220")')
    assert ("\x1b" in out.getvalue()) is not is_terminal
    assert out.getvalue().startswith("a\n\tb")
    if is_terminal:
        assert "\\x1b[2J" in out.getvalue()


def test_a_closed_file_is_not_written() -> None:
    it = new_interpreter()
    for form in ("(writing f (prin 1))", "(writing f (prin 1) (delete f) (prin 2))"):
        with pytest.raises(EvalError, match="the file 'a' is closed"):
            it.run(f'(setq f (open-write "a")) (delete f) {form}')


def test_files_are_written_as_they_are(tmp_path: Path) -> None:
    file = (tmp_path / "a").open("w+")
    OutputPort(file, "a", is_owner=True).write("\x1b[2J")
    assert (tmp_path / "a").read_text() == "\x1b[2J"


def test_run_says_where_a_program_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.sn").write_text('(writing "notes" (print 1))')
    assert main(["run", "a.sn"]) == 0
    (run,) = Path("runs").iterdir()
    assert (run / "files" / "notes").read_text() == "1\n"
    assert str(run / "files") in capsys.readouterr().out
    assert main(["check", "a.sn"]) == 1  # it describes no net
    assert main(["run", "a.sn", "--no-folder"]) == 0
    assert list(Path("runs").iterdir()) == [run]
    for form in ('(writing "/x" (print 1))', '(writing "../x" (print 1))', "(sys 1)"):
        Path("b.sn").write_text(form)
        assert main(["run", "b.sn"]) == 1
        assert list(Path("runs").iterdir()) == [run], "nothing was written"
    assert not Path("notes").exists()
