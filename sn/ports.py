"""Ports: where a program's output goes, with the column that `tab` needs."""

from __future__ import annotations

from typing import TextIO


class OutputPort:
    """A text file being written, or the standard output."""

    noun = "output file"

    def __init__(self, file: TextIO, name: str) -> None:
        self.file = file
        self.name = name
        self.column = 0

    def write(self, text: str) -> None:
        """Write `text` and keep track of the column, counted from 0."""
        self.file.write(text)
        end = text.rfind("\n")
        self.column = self.column + len(text) if end < 0 else len(text) - end - 1

    def flush(self) -> None:
        """Hand over what is buffered."""
        self.file.flush()

    def close(self) -> None:
        """Close the file; writing to it afterwards is an error."""
        self.file.close()

    def show(self, numbers: object) -> str:
        """Return the printed name."""
        return f"::FILE-WRITE:{self.name}"
