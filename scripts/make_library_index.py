"""Make sn/lib/index.json: which file of the library defines which names.

    python scripts/make_library_index.py

A test keeps the index as this script makes it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sn.lisp.forms import Pair, Symbol, Value, elements  # noqa: E402 - from this checkout
from sn.parser import Host, read  # noqa: E402

FOLDER = ROOT / "sn" / "lib"
INDEX = FOLDER / "index.json"
_DEFINE = {"de", "df", "dm", "dmd"}
_SET = {"setq", "defvar"}


def index_text() -> str:
    """Return the text of the index."""
    files = sorted(FOLDER.rglob("*.sn"))
    parts = {file.relative_to(FOLDER).with_suffix("").as_posix(): file for file in files}
    return json.dumps({name: names_of(file) for name, file in parts.items()}, indent=1) + "\n"


def names_of(file: Path) -> dict[str, Any]:
    """Return the functions and the variables that the forms of a file define at its top level.

    A name that is set to a function of the file is a function. Those that do not evaluate their
    arguments, made by df, dm and dmd, are told once more, as special. `others` counts the forms
    that are no definitions.
    """
    functions: list[str] = []
    special: list[str] = []
    others = 0
    variables: list[str] = []
    host = Host(make_matrix=lambda *parts: None)
    for form in read(file.read_text("utf-8"), str(file), host):
        head = form.car.name if type(form) is Pair and type(form.car) is Symbol else ""
        if head in _DEFINE:
            functions.append(form.cdr.car.name)
            if head != "de":
                special.append(form.cdr.car.name)
            continue
        others += 1
        if head in _SET:
            words: list[Value] = elements(form.cdr)
            for symbol, value in zip(words[::2], words[1::2], strict=False):
                is_function = type(value) is Symbol and value.name in functions
                (functions if is_function else variables).append(symbol.name)
    return {
        "functions": list(dict.fromkeys(functions)),
        "special": list(dict.fromkeys(special)),
        "variables": list(dict.fromkeys(variables)),
        "others": others,
    }


if __name__ == "__main__":
    INDEX.write_text(index_text(), "utf-8")
