"""History: what was typed at prompts, kept between sessions in the user's folder of states.

A text is a line of the file, as a string of JSON. A file that cannot be read or written is no
error: what was typed is then known until the session ends.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sn.errors import SnError
from sn.memory.files import read_file

MOST = 2000  # texts that are kept; chosen here
_LONGEST = 2_000_000  # bytes of the file before it is cut; chosen here


def history_file() -> Path:
    """Return the file that the history is kept in, which need not be there."""
    from platformdirs import user_state_path  # only a prompt needs it

    return user_state_path("sn", appauthor=False) / "repl-history.jsonl"


def load(path: Path) -> list[str]:
    """Return the texts that are kept, the last one last; lines that hold none are left out."""
    try:
        lines = read_file(path).decode("utf-8", "replace").splitlines()
    except (OSError, SnError):
        return []
    texts = []
    for line in lines[-MOST:]:
        with suppress(ValueError, RecursionError):
            text = json.loads(line)
            if isinstance(text, str):
                texts.append(text)
    return texts


def keep(path: Path, text: str) -> bool:
    """Write a text behind those that are kept; say whether that went well."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # a link would lead elsewhere, and what was typed is nobody else's to read
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        handle = os.open(path, flags, 0o600)
        try:
            os.write(handle, json.dumps(text).encode() + b"\n")
        finally:
            os.close(handle)
    except OSError:
        return False
    return True


def cut(path: Path, texts: Sequence[str]) -> None:
    """Let a file that has become too long hold these texts alone."""
    with suppress(OSError):
        if path.stat().st_size > _LONGEST:
            new = path.with_name(f".{path.name}.{os.getpid()}")
            for text in texts:
                keep(new, text)
            os.replace(new, path)
