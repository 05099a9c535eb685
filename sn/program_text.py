"""Program text: what is in the file of a program, whatever wrote its line ends."""

from __future__ import annotations

import re
from pathlib import Path

from sn.errors import SnError, source_text
from sn.memory import size_text

_END_OF_FILE = re.compile(r"\x1a[\x1a\0\s]*\Z")  # ^Z, behind which DOS wrote what was in the buffer
LONGEST_PROGRAM = 100_000_000  # bytes; chosen here: a device has no end


def program_text(file: Path) -> str:
    """Return the text of a program; a pipe will do.

    Raises: SnError when it cannot be read, or is no text that somebody wrote.
    """
    try:
        with file.open("rb") as stream:
            raw = stream.read(LONGEST_PROGRAM + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SnError(f"cannot read '{file}': {reason}") from error
    if len(raw) > LONGEST_PROGRAM:
        raise SnError(
            f"'{file}' is no program: it has more than {size_text(LONGEST_PROGRAM)}",
            hint="numbers belong into a file of data: (data (npz ...)), (load-matrix ...)",
        )
    text = source_text(raw).replace("\r\n", "\n").replace("\r", "\n")
    return _END_OF_FILE.sub("", text)
