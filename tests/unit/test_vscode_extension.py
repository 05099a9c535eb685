"""The VS Code extension: its files are JSON, its grammar is current and its patterns match."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from scripts.make_vscode_grammar import GRAMMAR, grammar, text
from sn.editors.outline import DEFINING
from sn.editors.words import words

FOLDER = GRAMMAR.parents[1]


def test_the_grammar_is_current() -> None:
    assert GRAMMAR.read_text(encoding="utf-8") == text(), (
        "run python scripts/make_vscode_grammar.py"
    )


def test_the_manifest_names_files_that_are_there() -> None:
    manifest = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
    (language,) = manifest["contributes"]["languages"]
    (colours,) = manifest["contributes"]["grammars"]
    for name in (manifest["main"], language["configuration"], colours["path"]):
        assert (FOLDER / name).is_file()
    assert colours["language"] == language["id"] == "sn"
    assert colours["scopeName"] == grammar()["scopeName"]
    assert set(manifest["dependencies"]) == {"vscode-languageclient"}
    json.loads((FOLDER / language["configuration"]).read_text(encoding="utf-8"))


def rules(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from rules(inner)


def compiled(pattern: str) -> re.Pattern[str]:
    r"""Return a pattern of Oniguruma as one of Python's: for what is used here only \h differs."""
    return re.compile(pattern.replace(r"\h", "[0-9a-fA-F]"))


PATTERNS = [
    (rule, compiled(rule[key]))
    for rule in rules(grammar())
    for key in ("match", "begin", "end")
    if isinstance(rule.get(key), str)
]


def kind_of_head(text: str) -> str:
    """Return the kind of the first word behind a bracket, by the first rule that matches there."""
    for rule, pattern in PATTERNS:
        match = pattern.match(text, 1)
        if match and "captures" in rule:
            return str(rule["captures"]["1"]["name"])
    raise AssertionError(text)


def test_every_word_has_its_colour_and_no_other_has() -> None:
    known = words()
    for name in known.functions:
        if name not in (*known.net_words, *known.net_forms):
            assert kind_of_head(f"({name} x") == "support.function.sn", name
    for name in (*DEFINING, *known.net_forms):
        assert kind_of_head(f"({name} x") == "keyword.declaration.sn", name
    for name in known.special_forms:
        if name not in DEFINING:
            assert kind_of_head(f"({name} x") == "keyword.control.sn", name
    assert kind_of_head("(kernel 5 5)") == "entity.other.attribute-name.sn"
    assert kind_of_head("(carpet 5 5)") == "entity.name.function.sn"


@pytest.mark.parametrize("number", ["0", "-1", "2.5e-3", ".5", "0x1F", "+1."])
def test_a_number_is_one(number: str) -> None:
    pattern = compiled(grammar()["repository"]["number"]["match"])
    assert pattern.fullmatch(number)
    assert not pattern.match(f"{number}+")
