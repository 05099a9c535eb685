"""Make editors/vscode/syntaxes/sn.tmLanguage.json: the colours of SN Lisp, with the words it has.

    python scripts/make_vscode_grammar.py

A grammar for VS Code knows no forms, so what a word is depends on nothing but its place behind a
bracket. Where a word of nets is a function of Lisp too, it is shown as the former. A test keeps the
file as this script makes it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sn.editors.outline import DEFINING  # noqa: E402 - from this checkout, installed or not
from sn.editors.words import CONSTANTS, words  # noqa: E402

GRAMMAR = ROOT / "editors" / "vscode" / "syntaxes" / "sn.tmLanguage.json"
# what ends a word, as in sn/lisp/grammar.lark, but for control characters
ENDS = r"\s()\[\]\"|;#^'`,~:"
WORD = f"[^{ENDS}]+"
ALONE = f"(?<![^{ENDS}])"
BEHIND, AHEAD = r"(?<=[(])\s*", f"(?=[{ENDS}]|$)"


def grammar() -> dict[str, Any]:
    """Return the grammar as the value of its JSON."""
    known = words()
    functions = [name for name in known.functions if name not in known.net_words]
    net_words = [name for name in known.net_words if name not in known.special_forms]
    forms = [name for name in known.net_forms if name not in DEFINING]
    return {
        "name": "SN Lisp",
        "scopeName": "source.sn",
        "fileTypes": ["sn"],
        "patterns": [{"include": f"#{part}"} for part in PARTS] + [
            defining(DEFINING),
            head(forms, "keyword.declaration.sn"),
            head(known.special_forms, "keyword.control.sn"),
            head(net_words, "entity.other.attribute-name.sn"),
            head(functions, "support.function.sn"),
            {"match": f"{BEHIND}({WORD})", "captures": {"1": {"name": "entity.name.function.sn"}}},
            {"match": f"{ALONE}({any_of(CONSTANTS)}){AHEAD}", "name": "constant.language.sn"},
            {"match": WORD, "name": "variable.other.sn"},
        ],
        "repository": PARTS,
    }  # fmt: skip


PARTS: dict[str, Any] = {
    "comment": {
        "patterns": [
            {"name": "comment.line.semicolon.sn", "match": ";.*$"},
            {"name": "comment.line.documentation.sn", "match": r"#\?.*$"},
            {"name": "comment.line.shebang.sn", "match": r"\A#!(?!.*!#).*$"},
            {"name": "comment.block.sn", "begin": "#!", "end": "!#"},
        ]
    },
    "string": {
        "name": "string.quoted.double.sn",
        "begin": '"',
        "end": r'"|(?<![\\\n])$',
        "patterns": [
            {
                "name": "constant.character.escape.sn",
                "match": r"\\(?:[0-7]{1,3}|x\h{1,2}|[\^+].|.|$)",
            }
        ],
    },
    "exact-name": {"name": "variable.other.quoted.sn", "match": r"\|[^|\n]*\|"},
    "command": {"name": "meta.preprocessor.sn", "match": r"\^[Ll!][^)\n]*"},
    "quoted": {
        "match": f"(['`])({WORD})",
        "captures": {
            "1": {"name": "keyword.operator.quote.sn"},
            "2": {"name": "constant.other.symbol.sn"},
        },
    },
    "prefix": {"name": "keyword.operator.sn", "match": r",@|[',`~:]|\^[Pp]"},
    "number": {
        "name": "constant.numeric.sn",
        "match": rf"{ALONE}[+-]?(?:0[xX]\h+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?){AHEAD}",
    },
}


def any_of(names: Iterable[str]) -> str:
    """Return the pattern of one of some words, the longest first."""
    return "|".join(re.escape(name) for name in sorted(names, key=lambda name: (-len(name), name)))


def head(names: Iterable[str], kind: str) -> dict[str, Any]:
    """Return the rule for one of some words behind a bracket."""
    return {"match": f"{BEHIND}({any_of(names)}){AHEAD}", "captures": {"1": {"name": kind}}}


def defining(names: Iterable[str]) -> dict[str, Any]:
    """Return the rule for a form that gives something a name, and that name."""
    return {
        "match": rf"{BEHIND}({any_of(names)})(?:\s+({WORD}|\|[^|\n]*\|))?{AHEAD}",
        "captures": {
            "1": {"name": "keyword.declaration.sn"},
            "2": {"name": "entity.name.type.sn"},
        },
    }


def text() -> str:
    """Return the file."""
    return json.dumps(grammar(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    GRAMMAR.write_text(text(), encoding="utf-8")
    print(f"{GRAMMAR}: {len(text()):,} characters")
