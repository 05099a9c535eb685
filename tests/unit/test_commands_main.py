"""The front end: exit codes, words for every kind of error, and what reaches a closed pipe."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

import sn
from sn.commands import cli, main
from sn.errors import DataError, SnInternalError, Span

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch):
    """Make `sn fail` a command that raises what it is given."""

    def prepare(error: BaseException) -> None:
        @click.command("fail")
        def fail() -> None:
            raise error

        monkeypatch.setattr(type(cli), "get_command", lambda *_: fail)

    return prepare


def test_an_error_of_the_user_shows_its_place_and_hint(failing, capsys, tmp_path: Path) -> None:
    program = tmp_path / "x.sn"
    program.write_text("(first-available)\n")
    span = Span(str(program), 1, 2, 1, 16)
    failing(DataError("no data set is here", span=span, hint="`sn data get zipcode`"))
    assert main(["fail"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        f"{program}:1:2: error[SN0400]: no data set is here\n"
        "   1 | (first-available)\n"
        "     |  ^^^^^^^^^^^^^^^\n"
        "  hint: `sn data get zipcode`\n"
    )


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("division by zero"), SnInternalError("a plan that does not expand")]
)
def test_a_fault_of_ours_names_a_file_for_the_report(failing, capsys, error: Exception) -> None:
    failing(error)
    assert main(["fail"]) == 3
    err = capsys.readouterr().err
    assert "internal error[SN0900]: " in err
    assert "not in your program" in err
    assert "Traceback" not in err
    found = re.search(r"file (.*)$", err, re.MULTILINE)
    assert found is not None
    dump = Path(found[1])
    try:
        text = dump.read_text()
        assert "Traceback" in text
        assert str(error) in text
        assert "sn fail" in text
    finally:
        dump.unlink()


def test_a_dump_that_the_error_names_is_kept(failing, capsys) -> None:
    failing(SnInternalError("numba refused a kernel", dump="sn_kernel_x.py"))
    assert main(["fail"]) == 3
    assert "please report it with the file sn_kernel_x.py" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--traceback", "fail"], ["fail", "--traceback"]])
def test_traceback_shows_where_an_error_arose(failing, capsys, words: list[str]) -> None:
    failing(DataError("no data set is here"))
    assert main(words) == 1
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert err.endswith("error[SN0400]: no data set is here\n")


def test_an_interrupted_command_gives_130(failing, capsys) -> None:
    failing(KeyboardInterrupt())
    assert main(["fail"]) == 130
    assert capsys.readouterr().err.strip() == "interrupted"


def test_a_full_disk_is_no_fault_of_ours(failing, capsys) -> None:
    failing(OSError(28, "No space left on device", "runs/x/run.json"))
    assert main(["fail"]) == 1
    assert "no space is left on the disk for 'runs/x/run.json'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["rnu"], "there is no command 'rnu'; did you mean 'run'?"),
        (["nets/zipcode.sn"], "did you mean `sn run nets/zipcode.sn`?"),
        (["zzz"], "`sn --help` lists the commands"),
        (["run"], "Missing argument 'FILE'"),
        (["run", "zipcode", "--passes", "-1"], "a whole number of at least 0, found -1"),
        (["run", "zipcode", "--passes", "1.5"], "a whole number of at least 0, found 1.5"),
        (["run", "zipcode", "--passes", "many"], "a whole number of at least 0, found 'many'"),
        (["run", "zipcode", "--seed", str(2**64)], f"found {2**64}"),
        (["compare", "zipcode", "--reach", "nan"], "a number above 0, found nan"),
        (["run", "zipcode", "--set", "mu"], "'mu' is not of the form name=value"),
        (["run", "zipcode", "--out", "x", "--no-folder"], "give one of them"),
        (["dump", "zipcode", "--stage", "wasm"], "'wasm' is not one of"),
    ],
)
def test_slips_of_usage_give_2_and_say_what_is_wrong(
    capsys, words: list[str], message: str
) -> None:
    assert main(words) == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_version(capsys) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"sn, version {sn.__version__}\n"


def test_no_command_shows_the_help_and_is_a_usage_error(capsys) -> None:
    assert main([]) == 2
    assert "Commands:" in "".join(capsys.readouterr())


def test_the_front_door_of_a_checkout_works() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), "--version"], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, f"sn, version {sn.__version__}\n")


def test_a_reader_who_leaves_early_gets_no_complaint() -> None:
    program = (
        "import sys, click, sn.commands as c\n"
        "@click.command('x')\n"
        "def x():\n"
        "    for number in range(100_000): print(number)\n"
        "type(c.cli).get_command = lambda *_: x\n"
        "sys.exit(c.main(['x']))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None and writer.stderr is not None
        writer.stdout.readline()
        writer.stdout.close()
        assert writer.stderr.read() == b""
        assert writer.wait(10) == 1


@pytest.mark.skipif(os.name != "posix", reason="sh closes the streams")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_fault_of_ours(closed: str, tmp_path: Path) -> None:
    program = tmp_path / "p.sn"
    program.write_text('(print 1) (reading "$stdin" (read-string))')
    done = subprocess.run(
        ["sh", "-c", f'"$0" "$1" run "$2" {closed}', sys.executable, ROOT / "cli.py", program],
        input="x",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ("" if ">&-" in closed.replace("2>", "") else "1\n")
