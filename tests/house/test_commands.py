"""Every file of sn/commands is a command that explains itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from sn.commands import cli

GROUP = cli
assert isinstance(GROUP, click.Group)
NAMES = GROUP.list_commands(click.Context(GROUP))


def helps() -> list[tuple[str, ...]]:
    """Return the words before --help for each command and each command of a group."""
    found: list[tuple[str, ...]] = [()]
    for name in NAMES:
        command = GROUP.get_command(click.Context(GROUP), name)
        assert isinstance(command, click.Command)
        found.append((name,))
        if isinstance(command, click.Group):
            found += [(name, below) for below in command.list_commands(click.Context(command))]
    return found


@pytest.mark.parametrize("words", helps(), ids=lambda words: " ".join(["sn", *words]))
def test_help_is_the_frozen_one(words: tuple[str, ...], golden: Callable[[str, str], None]) -> None:
    result = CliRunner().invoke(cli, [*words, "--help"], prog_name="sn", terminal_width=80)
    assert result.exit_code == 0, result.output
    golden(f"help/{'-'.join(['sn', *words])}.txt", result.output)


@pytest.mark.parametrize("width", [20, 40, 60])
def test_summaries_of_commands_are_whole(width: int) -> None:
    """click cuts them where they do not fit; ours are folded."""
    for words in helps():
        command = CliRunner().invoke(cli, [*words, "--help"], prog_name="sn", terminal_width=width)
        assert command.exit_code == 0, command.output
        assert "..." not in command.output.partition("Commands:")[2], command.output


ASKED_ALONE_FIRST = """
import importlib
from click.testing import CliRunner
from sn.commands import cli
for name in ("cache", "data", "nets"):
    command = importlib.import_module(f"sn.commands.{name}").command
    alone = CliRunner().invoke(command, ["--help"], prog_name=f"sn {name}").output
    assert "-h, --help" in alone, alone
    assert CliRunner().invoke(cli, [name, "--help"], prog_name="sn").output == alone, name
"""


def test_help_does_not_depend_on_what_asked_first() -> None:
    """Click keeps the help option that the first context of a command made."""
    subprocess.run([sys.executable, "-c", ASKED_ALONE_FIRST], check=True)


@pytest.mark.parametrize("name", NAMES)
def test_a_command_is_called_like_its_file(name: str) -> None:
    command = GROUP.get_command(click.Context(GROUP), name)
    assert command is not None
    assert command.name == name
    assert command.help, f"sn {name} has no help text"


def test_no_golden_help_is_left_of_a_command_that_is_gone() -> None:
    folder = Path(__file__).resolve().parents[1] / "golden" / "help"
    known = {f"{'-'.join(['sn', *words])}.txt" for words in helps()}
    assert {path.name for path in folder.glob("*.txt")} == known
