"""Every example in the documentation of SN 2.8's kernel words gives what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from sn.errors import SnError
from sn.lisp.calls import builtins
from sn.registry import Entry
from sn.session import Session
from tests.unit.test_builtins_examples import examples

Session()  # fills the registries
ENTRIES: list[Entry[Any]] = [
    entry for entry in builtins.describe() if Path(entry.file).parent.name == "sn28"
]


def result_of(program: str) -> str:
    session = Session()
    try:
        return session.interpreter.show(session.evaluate(program))
    except SnError as error:
        return f"error: {error.message}"


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_documented_examples_give_what_they_say(entry: Entry[Any]) -> None:
    assert re.match(r"\(\S+.*\)\n\n", entry.doc), "documentation opens with the call form"
    found = list(examples(entry.doc))
    assert found, f"{entry.name} needs an example: a program and a line => value"
    for program, expected in found:
        assert result_of(program) == expected, program


def test_there_are_many_words() -> None:
    assert len(ENTRIES) > 100
