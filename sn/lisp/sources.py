"""Sources: the files that programs read, found in folders, and remembered with their content.

Who wants to run a program again as it was gives the contents back: they stand in for files that
changed since, or are gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sn.errors import EvalError


class Sources:
    """Files by full name: `seen` is what was read so far, `stand_ins` are read instead.

    `current` is the folder that relative names start at.
    """

    def __init__(self) -> None:
        self.seen: dict[str, bytes] = {}
        self.stand_ins: Mapping[str, bytes] = {}
        self.current = Path()

    def find(self, name: str, folders: Iterable[Path], suffixes: Sequence[str]) -> Path:
        """Return the first file called `name`, with one of `suffixes` added if need be.

        Raises: EvalError when there is none.
        """
        folders = tuple(folders)
        for folder in folders:
            for suffix in ("", *suffixes):
                file = folder / (name + suffix)
                if str(file.resolve()) in self.stand_ins or file.is_file():
                    return file
        searched = ", ".join(str(folder) for folder in folders)
        raise EvalError(f"no file is called '{name}'", hint=f"searched in: {searched}")

    def read(self, file: Path) -> bytes:
        """Return the content of a file.

        Raises: EvalError when it cannot be read.
        """
        name = str(file.resolve())
        content = self.stand_ins.get(name)
        if content is None:
            try:
                content = file.read_bytes()
            except OSError as problem:
                raise EvalError(f"cannot read '{file}': {problem.strerror}") from problem
        self.seen[name] = content
        return content

    def text(self, file: Path) -> str:
        """Return the content of a file as text.

        Raises: EvalError when it cannot be read.
        """
        raw = self.read(file)
        try:
            return raw.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError:
            # programs of the nineties have accents in Latin-1
            return raw.decode("latin-1").replace("\r\n", "\n")
