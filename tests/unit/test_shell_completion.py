"""Completion: what shells are offered, by the protocol in which click's scripts ask."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import BashComplete

from sn.commands import _completion as completion
from sn.commands import cli
from sn.data import dataset
from sn.results import about, contests
from sn.shipped import nets_folder, shipped_nets
from sn.trained import header

ROOT = Path(__file__).resolve().parents[2]
NETS = [net.name for net in shipped_nets()]


def offered(*words: str) -> list[str]:
    """Return what is offered for the last of the words behind `sn`."""
    *before, incomplete = words
    found = BashComplete(cli, {}, "sn", "_SN_COMPLETE").get_completions(before, incomplete)
    return [item.value if item.type == "plain" else f"<{item.type}>" for item in found]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def asked(shell: str, *words: str, here: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Ask a process, as the script of a shell does."""
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "_SN_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": " ".join(["sn", *words]),
        "COMP_CWORD": words[-1] if shell == "fish" else str(len(words)),
    }
    return subprocess.run(
        [sys.executable, "-m", "sn"],
        capture_output=True, text=True, check=False, env=env, cwd=here,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("shell", "lines"),
    [
        ("bash", ["plain,xor"]),
        ("zsh", ["plain", "xor"]),
        ("fish", ["plain,xor\t"]),
    ],
)
def test_each_shell_is_answered_in_its_way(shell: str, lines: list[str]) -> None:
    done = asked(shell, "run", "xo")
    assert done.returncode == 0 and done.stderr == ""
    for line, expected in zip(done.stdout.splitlines(), lines, strict=False):
        assert line.startswith(expected)


def test_commands_are_offered_with_what_they_do() -> None:
    assert offered("pre") == ["predict"]
    assert offered("") == cli.list_commands(click.Context(cli))
    assert "--version" in offered("--")
    assert offered("data", "") == ["get", "info", "list"]


def test_a_word_that_is_no_command_is_no_error_at_the_prompt() -> None:
    done = asked("bash", "bogus", "x")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "words", [("run",), ("check",), ("dump",), ("compare",), ("compare", "xor")]
)
def test_programs_are_nets_by_name_and_files(words: tuple[str, ...], here: Path) -> None:
    (here / "zebra.sn").touch()
    (here / "zebra.txt").touch()
    assert offered(*words, "z") == [*(name for name in NETS if name.startswith("z")), "zebra.sn"]


def test_a_folder_is_gone_into_where_it_is_the_only_answer(here: Path) -> None:
    """The shell puts a blank behind one answer, behind which nothing can be written."""
    (here / "quite" / "deep").mkdir(parents=True)
    (here / "quite" / "deep" / "a.sn").touch()
    assert offered("run", "qu") == ["quite/deep/a.sn"]
    (here / "quite" / "b.sn").touch()
    assert offered("run", "qu") == ["quite/b.sn", "quite/deep/"]
    assert offered("run", "quite/d") == ["quite/deep/a.sn"]
    assert offered("run", "no/such/folder/") == []
    (here / "quite" / "deep" / "again").symlink_to(here / "quite")  # a ring of folders ends
    (here / "quite" / "deep" / "a.sn").unlink()
    assert offered("run", "quite/d")


def test_a_home_is_looked_into_and_stays_as_it_was_written(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(here))
    (here / "mine.sn").touch()
    assert offered("run", "~/mi") == ["~/mine.sn"]
    assert offered("run", "~nobody-of-this-name/") == []


@pytest.mark.parametrize(
    "name", ["a b.sn", "a;rm -rf x.sn", "a$(id).sn", "a\nb.sn", "a*.sn", "-a.sn"]
)
def test_a_name_that_a_shell_would_obey_is_not_offered(name: str, here: Path) -> None:
    (here / name).touch()
    (here / "apple.sn").touch()
    assert offered("run", "a") == ["apple.sn"]
    assert not [word for word in offered("run", "") if word.startswith("-")]


@pytest.mark.parametrize("file", ["zipcode", str(nets_folder() / "zipcode.sn")])
def test_optimizers_are_those_of_the_program(file: str) -> None:
    assert offered("run", file, "--optimizer", "") == ["newton", "sgd"]
    assert offered("run", file, "--seed", "3", "--optimizer", "n") == ["newton"]
    assert offered("run", "--optimizer", "s") == []
    assert offered("compare", file, "--optimizers", "") == ["newton", "sgd"]
    assert offered("compare", file, "--optimizers", "newton,") == ["newton,sgd"]


@pytest.mark.parametrize("text", [None, "((((", "(experiment x (optimizer |a b| (sgd)))", "\x00"])
def test_a_program_without_optimizers_offers_none(text: str | None, here: Path) -> None:
    if text is not None:
        (here / "x.sn").write_text(text, encoding="utf-8")
    assert offered("run", "x.sn", "--optimizer", "") == []


def test_an_endless_program_is_only_looked_at(here: Path) -> None:
    program = "(while t)\n(experiment x (optimizer mine (sgd)))"
    (here / "x.sn").write_text(program, encoding="utf-8")
    assert offered("run", "x.sn", "--optimizer", "") == ["mine"]


def test_data_sets_are_those_that_register() -> None:
    assert offered("data", "info", "") == offered("data", "get", "") == sorted(dataset)


def test_data_may_be_a_file(here: Path) -> None:
    (here / "mine.csv").touch()
    known = [name for name in sorted(dataset) if name.startswith("m")]
    assert offered("run", "xor", "--data", "m") == [*known, "mine.csv"]
    assert offered("test", "runs/x", "--data", "mi") == ["mine.csv"]


def test_marks_of_folders_are_those_that_are_written() -> None:
    assert completion.RUN == about.RUN
    assert completion.CONTEST == contests.CONTEST
    assert completion.TRAINED == header.SUFFIX


@pytest.mark.parametrize(
    "words",
    [("show",), ("test",), ("predict",)]
    + [("run", option) for option in ("--from", "--resume", "--again")],
    ids=" ".join,
)
def test_runs_are_offered_the_newest_first(words: tuple[str, ...], here: Path) -> None:
    for age, name in enumerate(("xor-1", "xor-3", "xor-2")):
        folder = here / "runs" / name
        folder.mkdir(parents=True)
        (folder / completion.RUN).touch()
        os.utime(folder, (1000 - age, 1000 - age))
    (here / "runs" / "compare-1").mkdir()
    (here / "runs" / "compare-1" / completion.CONTEST).touch()
    os.utime(here / "runs" / "compare-1", (1, 1))
    (here / "mine.sn.safetensors").touch()
    runs = ["runs/xor-1", "runs/xor-3", "runs/xor-2"]
    assert offered(*words, "") == [*runs, "runs/compare-1/"]
    assert offered(*words, "runs/x") == runs
    assert offered(*words, "m") == ["mine.sn.safetensors"]
    assert offered("compare", "--resume", "runs/c") == ["runs/compare-1"]


def test_other_files_and_folders_are_left_to_the_shell() -> None:
    assert offered("run", "xor", "--out", "x") == ["<dir>"]
    assert offered("run", "xor", "--allow-read", "x") == ["<dir>"]
    assert offered("dump", "xor", "-o", "x") == ["<file>"]
    assert offered("predict", "runs/x", "x") == ["<file>"]
    assert offered("nets", "copy", "xo") == ["xor"]
    assert offered("explain", "sn020")[:2] == ["SN0200", "SN0201"]
    assert offered("dump", "xor", "--stage", "ll") == ["llvm"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with `sn` on its path."""
    script = tmp_path / "bin" / "sn"
    script.parent.mkdir()
    python = shlex.quote(sys.executable)
    script.write_text(f'#!/bin/sh\nexec {python} -m sn "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return tmp_path


def in_bash(home: Path, text: str, **env: str) -> str:
    path = f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", text],
        capture_output=True, text=True, check=False, cwd=ROOT,
        env={"PATH": path, "HOME": str(home), "PYTHONPATH": str(ROOT), **env},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_printed_line_makes_bash_complete(home: Path) -> None:
    in_bash(home, "sn completion bash | bash", SHELL="/bin/zsh")
    asks = "COMP_WORDS=(sn run zipcode-f); COMP_CWORD=2; _sn_completion sn; echo ${COMPREPLY[@]}"
    assert in_bash(home, f"source ~/.bashrc; complete -p sn; {asks}").splitlines() == [
        "complete -o nosort -F _sn_completion sn",
        "zipcode-full",
    ]


@pytest.mark.parametrize(
    ("shell", "word"), [("/bin/zsh", "zshrc"), ("/usr/bin/fish", "sn.fish"), ("/bin/sh", "bashrc")]
)
def test_the_line_is_for_the_shell_that_one_has(home: Path, shell: str, word: str) -> None:
    assert word in in_bash(home, "sn completion", SHELL=shell)
