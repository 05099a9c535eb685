"""Every example in the documentation of a builtin or special form gives what it says."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sn.builtins import new_interpreter
from sn.calls import builtins, special_forms
from sn.errors import SnError
from sn.registry import Entry

new_interpreter()  # fills the registries
ENTRIES: list[Entry[Any]] = [*special_forms.describe(), *builtins.describe()]


def examples(doc: str) -> Iterator[tuple[str, str]]:
    """Yield each program in a docstring with the result that stands behind its =>."""
    program: list[str] = []
    for line in doc.splitlines():
        if line.startswith("=> "):
            yield "\n".join(program), line.removeprefix("=> ")
            program = []
        elif not line.strip():
            program = []
        else:
            program.append(line)


def result_of(program: str) -> str:
    it = new_interpreter(out=io.StringIO())
    try:
        return it.show(it.run(program, "example"))
    except SnError as error:
        return f"error: {error.message}"


def each_entry(*without: str) -> pytest.MarkDecorator:
    entries = [entry for entry in ENTRIES if Path(entry.file).name not in without]
    return pytest.mark.parametrize("entry", entries, ids=lambda entry: entry.name)


@each_entry()
def test_documented_examples_give_what_they_say(entry: Entry[Any]) -> None:
    for program, expected in examples(entry.doc):
        assert result_of(program) == expected, program


# the forms that describe networks and experiments have their examples in nets/
@each_entry("network.py", "experiment.py")
def test_each_function_has_an_example(entry: Entry[Any]) -> None:
    assert list(examples(entry.doc)), f"{entry.name} needs a program and a line => value"


@each_entry()
def test_documentation_opens_with_the_call_form(entry: Entry[Any]) -> None:
    assert re.match(r"\(\S+.*\)", entry.doc), entry.doc
