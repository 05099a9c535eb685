"""Library: where the functions that come with SN and are written in SN Lisp are found.

They stand in the files of `sn/lib/`, one idea each; an index beside them has the names that each
defines, made by `scripts/make_library_index.py`. Read next: `waiting.py`.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sn.errors import Label, SnError, Span, did_you_mean
from sn.lisp.forms import Pair, Symbol

FOLDER = Path(__file__).resolve().parent.parent / "lib"
_INSIDE = f"{FOLDER}{os.sep}"
_ENDINGS = (".sn", ".lsh", ".tl")
_SPEAKING = ("error", "sn-compiled-loop")  # words whose place in the library tells nobody more
_TOOLS = ("nettool", "bptool", "matrixtool", "imagetool", "ogre")
_MANUAL = re.compile(r"^#\? (\(([^\s()]+).*\))\n((?:; .*\n)+)", re.MULTILINE)


@cache
def index() -> dict[str, dict[str, Any]]:
    """Return the names that each part defines: its `functions` and its `variables`, which of its
    functions are `special`, that is do not evaluate their arguments, and how many `others` of its
    forms there are, which are no definitions.

    A part is the name of a file without its ending, such as `netenv/online`.
    """
    found: dict[str, dict[str, Any]] = json.loads((FOLDER / "index.json").read_text("utf-8"))
    return found


@dataclass(frozen=True, slots=True)
class Manual:
    """What the file of a function says of it: its call form, and what it does."""

    name: str
    call: str
    text: str


@cache
def manuals() -> dict[str, tuple[Manual, ...]]:
    """Return the manuals of the functions that each part documents, in the order of the file.

    They stand behind `#?`, with lines of comment below.
    """
    found = {}
    for part in index():
        blocks = _MANUAL.finditer((FOLDER / f"{part}.sn").read_text("utf-8"))
        found[part] = tuple(
            Manual(block[2], block[1], block[3].replace("; ", "").strip()) for block in blocks
        )
    return found


@cache
def call_forms() -> dict[str, str]:
    """Return the call form of each function of the library that has a manual, by its name."""
    return {one.name: one.call for part in manuals().values() for one in part}


@cache
def homes() -> dict[str, str]:
    """Return the part that each function of the library is in, by its name."""
    return {name: part for part, defines in index().items() for name in defines["functions"]}


def is_of_library(span: Span | None) -> bool:
    """Whether a place is in a file of the library."""
    return span is not None and span.file.startswith(_INSIDE)


def tell_outside(error: SnError, call: Span | None) -> None:
    """Point at `call`, the place of a call in the program, where an error is in the library: the
    program is what can be changed. Where it arose is its first note, unless the library refuses
    what it was given in words of its own.
    """
    if error.span is None or call is None or not is_of_library(error.span) or is_of_library(call):
        return
    form = error.form
    if not (type(form) is Pair and type(form.car) is Symbol and form.car.name in _SPEAKING):
        error.labels = (Label(error.span, "it arose here, in the library"), *error.labels)
    error.span = call


def library_file(name: str) -> Path | None:
    """Return the file of the library that a name to load means, or None.

    Names of the same files in SN 2.8 and in Lush, sn28/lib/netenv.lsh, mean them too.
    """
    stem, ending = os.path.splitext(name)
    part = (stem if ending in _ENDINGS else name).removeprefix("sn28/lib/")
    return FOLDER / f"{part}.sn" if part in index() else None


def meant_file(name: str) -> str | None:
    """Return a hint for a file to load that is not there: a part of the library of a name like it,
    or where tools are that do not come with SN.
    """
    stem, ending = os.path.splitext(name)
    stem = stem if ending in _ENDINGS else name
    if os.path.basename(stem).lower() in _TOOLS:
        return "tools with menus do not come with SN: (addpath FOLDER) adds a folder that has them"
    return did_you_mean(stem.lower(), index())


def part_of(file: Path) -> str | None:
    """Return the part that a file is, or None if it is none of the library."""
    if not file.is_relative_to(FOLDER):
        return None
    part = file.relative_to(FOLDER).with_suffix("").as_posix()
    return part if part in index() else None
