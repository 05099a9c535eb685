"""Files: what programs read and write, all of it through the gate.

What was read is remembered with its content: who wants to run a program again as it was gives the
contents back, and they stand in for files that changed since, or are gone. Read next: `gate.py`.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import secrets
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal, TextIO

from sn.errors import EvalError, NoFileError, source_text
from sn.lisp.gate import Gate, not_read, not_written, real
from sn.lisp.library import library_file, meant_file
from sn.memory.files import read_file
from sn.paths import is_file

Mode = Literal["w", "a"]
_WRITTEN = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class Files:
    """Files by full name: `seen` is what was read so far, `stand_ins` are read instead.

    `current` is the folder that relative names to read start at. `make_folder` gives the folder
    that they start at to be written, made when it is first needed; without one, what a program
    writes is kept in memory, to be read back, and gone with the session.
    """

    def __init__(self, gate: Gate | None = None) -> None:
        self.gate = gate or Gate(own=Path())
        self.current = Path()
        self.seen: dict[str, bytes] = {}
        self.stand_ins: Mapping[str, bytes] = {}
        self.make_folder: Callable[[], Path] | None = None
        self.folder: Path | None = None  # what it gave, once it was needed
        self._in_memory = Path(os.path.abspath(os.sep), secrets.token_hex(16))  # there is none such
        self._kept: dict[str, bytes | None] = {}  # what was written there; None was removed
        self._written: set[str] = set()  # on disk

    # --- reading ---

    def find(self, name: str, folders: Iterable[Path], suffixes: Sequence[str] = ()) -> Path:
        """Return the first file called `name`, with one of `suffixes` added if need be.

        What the program wrote comes first, a file of the library last. Of places that it may not
        read nothing is told.
        Raises: NoFileError when there is none, NotAllowedError where all places are closed.
        """
        places = dict.fromkeys((*self._own_folders(), *folders))
        for folder in places:
            for suffix in ("", *suffixes):
                file = folder / (name + suffix)
                if self._is_here(file):
                    return file
        if (shipped := library_file(name)) is not None:
            return shipped
        searched = [place for place in places if self._may_read(place / name)]
        shown = [str(place) for place in searched if place != self._in_memory]
        closed = [str(place) for place in places if place not in searched]
        if not shown:
            raise not_read(Path(name))
        hint = f"searched in: {', '.join(shown)}"
        if closed:
            hint += f"; not in {', '.join(closed)}, which --allow-read DIR opens"
        meant = meant_file(name) if ".sn" in suffixes else None
        raise NoFileError(f"no file is called '{name}'", hint=f"{hint}; {meant}" if meant else hint)

    def is_readable(self, file: Path) -> bool:
        """Whether there is a file at this place that may be read."""
        return any(self._is_here(folder / file) for folder in (*self._own_folders(), Path()))

    def read(self, file: Path) -> bytes:
        """Return the content of a file.

        Raises: DataError when it cannot be read, NotAllowedError when it may not be.
        """
        name = str(real(file))
        kept = self._kept.get(name)
        if kept is not None:
            return kept
        is_own = name in self._written
        content = None if is_own else self.stand_ins.get(name)
        if content is None:
            if not self._may_read(file):
                raise not_read(file)
            content = read_file(file)
        if not is_own:
            self.seen[name] = content
        return content

    def text(self, file: Path) -> str:
        """Return the content of a file as text.

        Raises: as `read` does.
        """
        return source_text(self.read(file)).removeprefix("\ufeff").replace("\r\n", "\n")

    def _may_read(self, file: Path) -> bool:
        return self.gate.reads(file, self._own_folders())

    def _is_here(self, file: Path) -> bool:
        place = real(file)
        name = str(place)
        if name in self._kept:
            return self._kept[name] is not None
        return name in self.stand_ins or (self._may_read(file) and is_file(place))

    # --- writing ---

    def open(self, name: str, mode: Mode) -> TextIO:
        """Open a file to write text, from its start ("w") or behind what it holds ("a").

        Raises: EvalError when it cannot be written, NotAllowedError when it may not be.
        """
        file = self._to_write(name)
        if self._is_kept(file):
            return _Kept(self._kept, str(file), self._kept.get(str(file)) if mode == "a" else None)
        try:
            handle = _opened(file, os.O_APPEND if mode == "a" else os.O_TRUNC)
            return os.fdopen(handle, mode, encoding="utf-8", errors="surrogatepass", newline="\n")
        except OSError as problem:
            raise _failed("write", name, problem) from problem

    def write(self, name: str, content: bytes) -> None:
        """Write a whole file: who reads it finds the old content or the new one, never less.

        Raises: as `open` does.
        """
        file = self._to_write(name)
        if self._is_kept(file):
            self._kept[str(file)] = content
            return
        try:
            if self._may_write(file.parent) and _is_replaceable(file):
                _replace(file, content)
                return
            with os.fdopen(_opened(file, os.O_TRUNC), "wb") as stream:
                stream.write(content)
        except OSError as problem:
            raise _failed("write", name, problem) from problem

    def write_own(self, name: str, content: bytes) -> Path:
        """Write a whole file below the folder of the run, wherever the program works; return it.

        Raises: as `open` does; EvalError where there is no such folder.
        """
        if self.make_folder is None:
            raise EvalError(f"cannot write '{name}': there is no folder of a run")
        if self.folder is None:
            self.folder = self.make_folder()
        place = self.folder / name
        self.write(os.path.abspath(place), content)
        return place

    def remove(self, name: str) -> bool:
        """Remove a file, of a link the link; tell whether there was one.

        Raises: as `open` does.
        """
        path = self._place(name)
        file = real(path.parent) / path.name  # a link goes itself, not what it leads to
        if path.name in ("", "..") or not self._may_write(file.parent):
            raise not_written(Path(name), self.gate.is_closed(file))
        if self._is_kept(file):
            was_here = self._is_here(file)
            self._kept[str(file)] = None
            return was_here
        try:
            file.unlink()
        except FileNotFoundError:
            return False
        except OSError as problem:
            raise _failed("remove", name, problem) from problem
        return True

    def _to_write(self, name: str) -> Path:
        """Return the place that a name to write means."""
        file = real(self._place(name))
        if not self._may_write(file):
            raise not_written(Path(name), self.gate.is_closed(file))
        if not self._is_kept(file):
            self._written.add(str(file))
            if self.folder is not None and file.is_relative_to(real(self.folder)):
                try:
                    file.parent.mkdir(parents=True, exist_ok=True)
                except OSError as problem:
                    raise _failed("write", name, problem) from problem
        return file

    def _place(self, name: str) -> Path:
        """Return the path that a name to write means; only a relative one needs the folder."""
        path = Path(name)
        return path if path.is_absolute() else self._start() / path

    def _start(self) -> Path:
        """Return where relative names to write start."""
        if self.gate.writes(self.current):
            return self.current
        if self.make_folder is None:
            return self._in_memory
        if self.folder is None:
            self.folder = self.make_folder()
        return self.folder

    def _may_write(self, file: Path) -> bool:
        return self.gate.writes(file, self._own_folders())

    def _is_kept(self, file: Path) -> bool:
        return file.is_relative_to(real(self._in_memory))

    def _own_folders(self) -> tuple[Path, ...]:
        """Return the folder of the run where it has one, or the one in memory."""
        if self.make_folder is None:
            return (self._in_memory,)
        return () if self.folder is None else (self.folder,)


class _Kept(io.StringIO):
    """A text file that is kept in memory when it is handed over or closed."""

    def __init__(self, kept: dict[str, bytes | None], name: str, before: bytes | None) -> None:
        super().__init__()
        self._kept, self._name, self._before = kept, name, before or b""
        self.flush()

    def flush(self) -> None:
        """Keep what was written so far."""
        text = self.getvalue().encode("utf-8", "surrogatepass")
        self._kept[self._name] = self._before + text

    def close(self) -> None:
        """Keep what was written."""
        if not self.closed:
            self.flush()
        super().close()


def _opened(file: Path, flags: int) -> int:
    """Open a file for writing; its links were followed, so that it is none itself any more.

    A pipe that nobody reads is refused: one would wait for that, maybe for ever.
    """
    handle = os.open(file, _WRITTEN | flags, 0o666)
    if hasattr(os, "O_NONBLOCK"):
        os.set_blocking(handle, True)
    return handle


def _is_replaceable(file: Path) -> bool:
    """Whether another file may take the place of one: a pipe or a device stays what it is."""
    try:
        found = os.lstat(file)
    except FileNotFoundError:
        return True
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and os.access(file, os.W_OK)


def _replace(file: Path, content: bytes) -> None:
    """Write a file beside another, with its rights, and move it into its place."""
    beside = file.with_name(f".{secrets.token_hex(8)}.part")
    handle = os.open(beside, _WRITTEN | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        with contextlib.suppress(FileNotFoundError):
            os.chmod(beside, stat.S_IMODE(os.stat(file).st_mode))
        os.replace(beside, file)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise


def _failed(what: str, name: str, problem: OSError) -> EvalError:
    reasons = {
        errno.ENXIO: "nobody reads from this pipe",
        errno.EEXIST: "a file is where a folder shall be",
    }
    reason = reasons.get(problem.errno or 0, problem.strerror)
    return EvalError(f"cannot {what} '{name}': {reason}")
