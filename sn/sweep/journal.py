"""Journal: the trials of a sweep as lines of a file, as Optuna writes and reads them.

A line is brought to the disk when its trial has ended, with all lines before it. What is asked for
and what is told of passes goes there with them: a machine that loses its power before loses runs
that were under way, and those are done again anyway.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock

# operations that need not be on the disk at once: to make a trial, a parameter of it, a figure
_UNDER_WAY = (4, 5, 7)


class Journal(JournalFileBackend):
    """The journal in a file, where Optuna's dashboard may write too."""

    def __init__(self, path: Path) -> None:
        """Open the file without what a kill, or a loss of power, left at its end."""
        with contextlib.suppress(FileNotFoundError):  # the folder is ours: nobody else writes there
            os.unlink(f"{path}.lock")
        if path.is_file():
            _mend(path)
        self._path, self._held = path, JournalFileSymlinkLock(str(path))
        super().__init__(str(path), self._held)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write lines; those that end a trial are on the disk then."""
        lines = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
        self._held.acquire()
        try:
            with self._path.open("ab") as file:
                file.write(lines.encode("utf-8"))
                file.flush()
                if any(log["op_code"] not in _UNDER_WAY for log in logs):
                    os.fsync(file.fileno())
        finally:
            self._held.release()


def _mend(path: Path) -> None:
    """Cut lines at the end of a journal that are not whole."""
    content = path.read_bytes()
    end = len(content)
    while end and not _is_whole(content[content.rfind(b"\n", 0, end - 1) + 1 : end]):
        end = content.rfind(b"\n", 0, end - 1) + 1
    if end != len(content):
        with path.open("r+b") as file:
            file.truncate(end)


def _is_whole(line: bytes) -> bool:
    try:
        return line.endswith(b"\n") and isinstance(json.loads(line), dict)
    except ValueError:
        return False
