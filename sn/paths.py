"""Paths: names of files from outside, which may be any text, held to what a system can have.

A name that is too long, has a NUL or bytes that are no UTF-8 is asked about, shown and written
down like any other.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from sn.display import printable
from sn.errors import SnError

LONGEST = 100  # letters of a name that is made; chosen here: file systems take 255 bytes
# Source: Microsoft, "Naming Files, Paths, and Namespaces"; an ending changes nothing.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def possible(path: str | Path) -> Path:
    """Return a path that a system may have.

    Raises: SnError for one with a NUL, which none can, and for none.
    """
    if path == "":
        raise SnError("the name of a file or folder was expected, found none", hint="'.' is here")
    if "\0" in str(path):
        raise SnError(
            f"'{printable(str(path)[:40])}' cannot be the name of a file: it has a NUL",
            hint="leave the character out",
        )
    return Path(path)


def is_there(path: Path) -> bool:
    """Whether there is something of this name; a name that is too long has nothing."""
    with suppress(OSError, ValueError):
        return path.exists()
    return False


def is_folder(path: Path) -> bool:
    """Whether there is a folder of this name."""
    with suppress(OSError, ValueError):
        return path.is_dir()
    return False


def is_file(path: Path) -> bool:
    """Whether there is a regular file of this name."""
    with suppress(OSError, ValueError):
        return path.is_file()
    return False


def legal_name(text: str, otherwise: str) -> str:
    """Return the name of a file or folder after a text, for any system, and in no other folder.

    What no name may have becomes `_`; where nothing is left, it is `otherwise`.
    """
    name = re.sub(r"[^\w.-]", "_", text, flags=re.ASCII)[:LONGEST].lstrip(".-").rstrip(".")
    return f"_{name}" if _DEVICES.match(name) else name or otherwise


def encodable(text: str) -> str:
    r"""Return a text that UTF-8 can hold: lone surrogates are spelled out, as `\udc80`.

    Python gives them for the bytes of a file's name that are no UTF-8.
    """
    return text.encode("utf-8", "backslashreplace").decode()
