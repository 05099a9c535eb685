"""Where data sets are looked for: from environment and file names to paths.

The order is the folders of SN_DATA, as they are listed there, then the user's cache.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from sn.errors import DataError
from sn.paths import is_file, is_folder

Containers = Sequence[Sequence[str]]


def cache_folder() -> Path:
    """Return the folder for downloads and parsed copies: in $SN_CACHE, or the user's cache."""
    chosen = os.environ.get("SN_CACHE")
    if chosen:
        return Path(chosen).expanduser() / "data"
    import platformdirs  # start-up time: 10 ms, and not needed for the embedded digits

    return Path(platformdirs.user_cache_path("sn", appauthor=False)) / "data"


def make_writable(folder: Path) -> None:
    """Make `folder` when it is not there.

    Raises: DataError when it cannot be made or written to.
    """
    reason = "it is write-protected"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return
    except OSError as error:
        reason = error.strerror or str(error)
    raise DataError(
        f"cannot write to the folder {folder}: {reason}",
        hint="set SN_CACHE to a folder that you may write to",
    )


def listed_folders() -> tuple[Path, ...]:
    """Return the folders that SN_DATA lists, separated as in PATH."""
    parts = os.environ.get("SN_DATA", "").split(os.pathsep)
    return tuple(Path(part).expanduser() for part in parts if part.strip())


def search_folders() -> tuple[Path, ...]:
    """Return every folder to look in, in order."""
    return (*listed_folders(), cache_folder())


def find(containers: Containers, folder: Path) -> tuple[Path, ...] | None:
    """Return the files of the first container that is whole in `folder`, or None.

    A file counts as there when it has its plain name or that name with `.gz`.
    """
    for names in containers:
        files = [_file(folder, name) for name in names]
        whole = tuple(file for file in files if file is not None)
        if len(whole) == len(names):
            return whole
    return None


def search_words(wanted: Iterable[Containers]) -> str:
    """Return a phrase that says where `wanted` was looked for, and what was found of it."""
    lone: list[str] = []
    words: list[str] = []
    sets = [names for containers in wanted for names in containers]
    for folder in search_folders():
        if not is_folder(folder):
            words.append(f"{folder} (no such folder)")
            continue
        words.append(str(folder))
        for names in sets:
            found = [name for name in names if _file(folder, name) is not None]
            if found and len(found) < len(names):
                rest = " and ".join(name for name in names if name not in found)
                lone.append(f"{folder} has {' and '.join(found)} but not {rest}")
    start = "looked in " if listed_folders() else "SN_DATA is not set, and looked in "
    return start + ", ".join(words) + "".join(f"; {phrase}" for phrase in lone)


def _file(folder: Path, name: str) -> Path | None:
    for candidate in (folder / name, folder / f"{name}.gz"):
        if is_file(candidate):
            return candidate
    return None
