"""The manual page: current, with every command and option, and without faults for man."""

from __future__ import annotations

import re
import shutil
import subprocess

import click
import pytest

from scripts.make_man_page import PAGE, commands, guarded, page, plain, prose
from sn.commands import cli


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python scripts/make_man_page.py`"


def test_every_command_and_option_is_in_it() -> None:
    text = page().replace("\\-", "-")
    for context in commands(click.Context(cli, info_name="sn")):
        assert f".SS \\fB{context.command_path}\\fR" in text
        for parameter in context.command.params:
            for name in parameter.opts if isinstance(parameter, click.Option) else ():
                assert name in text, f"{context.command_path} {name}"


def test_what_roff_would_obey_is_text() -> None:
    assert plain(r"a\b - c") == r"a\eb \- c"
    assert guarded(".SH x") == r"\&.SH x" and guarded("'a") == r"\&'a"
    assert list(prose("one\ntwo `sn run` --x\n\n.three")) == [
        r"one two \fBsn run\fR \-\-x",
        ".PP",
        r"\&.three",
    ]
    known = {"TH", "SH", "SS", "PP", "TP", '\\"'}
    assert {match[1] for match in re.finditer(r"(?m)^\.(\S+)", page())} == known


@pytest.mark.skipif(shutil.which("man") is None, reason="there is no man")
def test_man_shows_it_without_a_warning() -> None:
    done = subprocess.run(
        ["man", "--warnings", "-l", str(PAGE)],
        capture_output=True, text=True, check=False,
        env={"PATH": "/usr/bin:/bin", "MANWIDTH": "80"},
    )  # fmt: skip
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert "sn run [OPTIONS] [FILE]" in done.stdout
