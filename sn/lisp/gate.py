"""Gate: which files a program may touch. Nothing else decides that, and links are followed first.

A program is a stranger's text: it reads below its own folder and those that everybody shares, and
writes below the folder of its run. Who starts it opens more, folder by folder (`Allow`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sn.errors import EvalError, NotAllowedError, SettingError


@dataclass(frozen=True)
class Allow:
    """What a program may do beyond what a net file needs.

    `read` and `write` are folders, or single files, that it may read, or read and write, with all
    that is below them; `shell` lets `(sys "COMMAND")` run commands, which may do anything.
    Raises: SettingError for what is no name of a folder.
    """

    read: tuple[str | Path, ...] = ()
    write: tuple[str | Path, ...] = ()
    shell: bool = False

    def __post_init__(self) -> None:
        for name in ("read", "write"):
            given = getattr(self, name)
            several = isinstance(given, Iterable) and not isinstance(given, str | bytes)
            places = tuple(given) if several else (given,)
            for place in places:
                # an empty name would be the current folder: $DIR where there is no DIR
                if not isinstance(place, str | Path) or place == "" or "\0" in str(place):
                    raise SettingError(
                        f"allow {name}: expected the name of a folder, found {place!r}",
                        hint="'.' is the current folder",
                    )
            object.__setattr__(self, name, places)

    @property
    def options(self) -> tuple[str, ...]:
        """The words of a command line that say the same."""
        words = [f"--allow-read={place}" for place in self.read]
        words += [f"--allow-write={place}" for place in self.write]
        return (*words, "--allow-shell") if self.shell else tuple(words)


@dataclass(frozen=True)
class Gate:
    """What one program may touch.

    own: the folder of the program, None for one that has none; shared: what everybody may read,
    the folders of data sets and what comes with SN; allow: what was opened for it besides; closed:
    folders that no program may write to, whatever was opened
    """

    own: Path | None = None
    shared: tuple[Path, ...] = ()
    allow: Allow = Allow()
    closed: tuple[Path, ...] = ()

    def reads(self, path: Path, more: Iterable[Path] = ()) -> bool:
        """Whether the file at `path`, or below `more`, may be read; links are followed."""
        own = () if self.own is None else (self.own,)
        return _is_below(
            real(path), (*own, *self.shared, *self.allow.read, *self.allow.write, *more)
        )

    def writes(self, path: Path, more: Iterable[Path] = ()) -> bool:
        """Whether the file at `path`, or below `more`, may be written; links are followed."""
        place = real(path)
        return _is_below(place, (*self.allow.write, *more)) and not self.is_closed(place)

    def is_closed(self, place: Path) -> bool:
        """Whether a place, to which links were followed, is below a folder that is closed."""
        above = (place, *place.parents)
        return any(_is_same(one, folder) for folder in self.closed for one in above)

    def check_read(self, path: Path, more: Iterable[Path] = ()) -> None:
        """Refuse a file that may not be read.

        Raises: NotAllowedError.
        """
        if not self.reads(path, more):
            raise not_read(path)


def not_read(path: Path) -> NotAllowedError:
    """Return the refusal to read a file."""
    where = path.parent if path.parent != Path() else Path.cwd()
    return NotAllowedError(
        f"this program may not read '{path}'",
        hint="it reads below its own folder, the folders of data and what comes with SN; "
        f"--allow-read '{where}' opens more (Python: allow=sn.Allow(read=...))",
    )


def not_written(path: Path, is_closed: bool = False) -> NotAllowedError:
    """Return the refusal to write, or to remove, a file."""
    if is_closed:
        return NotAllowedError(
            f"no program may write '{path}'",
            hint="the cache of kernels holds machine code: nothing opens it to programs",
        )
    where = path.parent if path.parent != Path() else Path.cwd()
    return NotAllowedError(
        f"this program may not write '{path}'",
        hint="it writes below the folder of its run, where names without a folder go; "
        f"--allow-write '{where}' opens more (Python: allow=sn.Allow(write=...))",
    )


def no_shell() -> NotAllowedError:
    """Return the refusal to run a command."""
    return NotAllowedError(
        "this program may not run commands",
        hint="--allow-shell lets it, and then it can do all that you can "
        "(Python: allow=sn.Allow(shell=True))",
    )


def no_environment() -> NotAllowedError:
    """Return the refusal to read a variable of the environment."""
    return NotAllowedError(
        "this program may not read the environment",
        hint="it may hold secrets; --allow-shell opens it with all else "
        "(Python: allow=sn.Allow(shell=True))",
    )


def real(path: str | Path) -> Path:
    """Return the place that a path leads to, whether there is a file or not; links are followed.

    Raises: EvalError for a name that no file can have.
    """
    try:
        return Path(os.path.realpath(path))
    except (ValueError, OSError) as problem:  # NUL, a lone surrogate, a ring of links
        raise EvalError(f"no file can be called {_told(path)}: {problem}") from None


def _is_below(path: Path, roots: Iterable[str | Path]) -> bool:
    return any(path.is_relative_to(real(root)) for root in roots)


def _is_same(one: Path, other: Path) -> bool:
    """Whether two paths are of one place, which a file system may know by several names."""
    if one == real(other):
        return True
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def _told(path: str | Path) -> str:
    text = str(path)
    return f"'{text}'" if len(text) <= 80 else f"'{text[:80]}...'"
