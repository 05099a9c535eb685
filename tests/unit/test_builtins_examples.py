"""Every example in the documentation of a builtin or special form gives what it says."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sn.describe import new_interpreter
from sn.errors import SnError
from sn.lisp.calls import builtins, special_forms
from sn.registry import Entry

new_interpreter()  # fills the registries
# The language's own files. What describes networks needs a session and is tested with it.
TOPICS = {
    "arrays",
    "axes",
    "binding",
    "classes",
    "codebook",
    "codebookfiles",
    "comparison",
    "control",
    "curves",
    "dates",
    "definitions",
    "files",
    "functions",
    "hinton",
    "listchanges",
    "lists",
    "mapping",
    "matrixfiles",
    "matrixmath",
    "matrixstats",
    "neighbours",
    "numbers",
    "objects",
    "opening",
    "output",
    "pointing",
    "predicates",
    "randoms",
    "rectangles",
    "regex",
    "relief",
    "shaping",
    "stats",
    "strings",
}
ENTRIES: list[Entry[Any]] = [
    entry
    for entry in (*special_forms.describe(), *builtins.describe())
    if Path(entry.file).stem in TOPICS
]


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


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_documented_examples_give_what_they_say(entry: Entry[Any]) -> None:
    assert re.match(r"\(\S+.*\)\n\n", entry.doc), "documentation opens with the call form"
    found = list(examples(entry.doc))
    assert found, f"{entry.name} needs an example: a program and a line => value"
    for program, expected in found:
        assert result_of(program) == expected, program


def test_all_topics_are_there() -> None:
    assert {Path(entry.file).stem for entry in ENTRIES} == TOPICS
