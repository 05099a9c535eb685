"""Ports: where a program's output goes, with the column that `tab` needs."""

from __future__ import annotations

from typing import TextIO

from sn.display import unobeyed
from sn.errors import EvalError
from sn.lisp.forms import Shown


class OutputPort(Shown):
    """A text file being written, or the standard output.

    A port that is its file's owner closes it when nothing refers to the port any more, as SN does.
    A terminal is sent no control characters: it would obey them.
    """

    noun = "output file"

    def __init__(self, file: TextIO, name: str, *, is_owner: bool = False) -> None:
        self.is_owner = is_owner
        self.file = file
        self.name = name
        self.column = 0
        self._is_terminal = not is_owner and _is_terminal(file)

    def write(self, text: str) -> None:
        """Write `text` and keep track of the column, counted from 0.

        Raises: EvalError when the file was closed.
        """
        self._refuse_closed()
        self.file.write(unobeyed(text) if self._is_terminal else text)
        end = text.rfind("\n")
        self.column = self.column + len(text) if end < 0 else len(text) - end - 1

    def flush(self) -> None:
        """Hand over what is buffered."""
        self._refuse_closed()
        self.file.flush()

    def close(self) -> None:
        """Close the file; writing to it afterwards is an error."""
        self.file.close()

    def _refuse_closed(self) -> None:
        if self.is_owner and self.file.closed:
            raise EvalError(
                f"the file '{self.name}' is closed",
                hint="(delete file) closes it; open it again with open-append",
            )

    def __del__(self) -> None:
        if self.is_owner:
            self.file.close()

    def show(self, numbers: object) -> str:
        """Return the printed name."""
        return f"::FILE-WRITE:{self.name}"


def _is_terminal(file: TextIO) -> bool:
    try:
        return file.isatty()
    except (AttributeError, ValueError):  # replaced by something that is no file, or closed
        return False
