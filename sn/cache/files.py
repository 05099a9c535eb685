"""Cache files: machine code kept for the next process, checked before it is trusted.

    load(key) -> payload or None        store(key, net, payload) -> whether it is kept

An entry is one file, named by its key: a line with the SHA-256 of all that follows, a line that
tells what it is, the payload. A payload is unpickled and run, so only files of this user, in a
folder that nobody else may write, are read; a file that is not what it was when it was written
is removed. Nothing that goes wrong here is an error: it costs a compilation.

Read next: sn/kernels.py, which knows what a payload is; commands/cache.py shows and empties this.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import shutil
import stat
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sn.errors import SnError

# raised when entries are written in another way
MAGIC = b"SN kernels 1 "
PREFIX, SUFFIX = "sn_kernel_", ".bin"
LIMIT, DEFAULT_LIMIT = "SN_CACHE_LIMIT", 256.0  # megabytes; chosen here: some 1000 nets
MEGABYTE = 1_000_000
# characters of a net's name that are kept; for people only, equal names do no harm
LONGEST_NAME = 100
# seconds after which a file that was never finished is nobody's
ABANDONED = 3600


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the cache. `net`: the first net that asked for it, None if it does not say;
    `size` in bytes; `made` and `used` in seconds since 1970.
    """

    path: Path
    net: str | None
    size: int
    made: float
    used: float


def cache_folder() -> Path:
    """Where kernels are kept: $SN_CACHE, else the user's cache folder."""
    if os.environ.get("SN_CACHE"):
        return Path(os.environ["SN_CACHE"]) / "kernels"
    from platformdirs import user_cache_path  # only needed here, costs 10 ms at start

    return user_cache_path("sn", appauthor=False) / "kernels"


def entry_path(key: str) -> Path:
    """Return the file that the machine code of `key` is kept in."""
    return cache_folder() / f"{PREFIX}{key}{SUFFIX}"


def limit_bytes() -> float:
    """Return the bytes that the cache may hold: $SN_CACHE_LIMIT megabytes.

    Raises: SnError when the variable is no number of megabytes.
    """
    text = os.environ.get(LIMIT) or str(DEFAULT_LIMIT)
    try:
        megabytes = float(text)
    except ValueError:
        megabytes = math.nan
    if not megabytes >= 0:
        raise SnError(
            f"{LIMIT} must be a number of megabytes, 0 or more, but is '{text}'",
            hint=f"unset it for {DEFAULT_LIMIT:.0f} megabytes, or give 0 to keep no kernels",
        )
    return megabytes * MEGABYTE


def obstacle(folder: Path) -> str | None:
    """Return why the cache is not used although something is there, None when it can be."""
    try:
        about = folder.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        return (error.strerror or str(error)).lower()
    if not stat.S_ISDIR(about.st_mode):
        return "it is not a folder"
    if not _is_mine(about):
        return "it belongs to another user"
    if hasattr(os, "geteuid") and about.st_mode & 0o022:
        return f"other users may write to it; `chmod go-w {folder}` ends that"
    return None


def load(key: str) -> bytes | None:
    """Return the payload kept under `key`, None when there is none that can be trusted."""
    path = entry_path(key)
    if obstacle(path.parent) is not None:
        return None
    try:
        content = _read(path)
    except FileNotFoundError:
        return None
    except OSError:
        content = None
    payload = None if content is None else _checked(content, key)
    with contextlib.suppress(OSError):
        if payload is None:
            _remove(path)
        else:
            os.utime(path)
    return payload


def store(key: str, net: str, payload: bytes) -> bool:
    """Keep `payload` under `key`; return whether that could be done.

    Raises: SnError when $SN_CACHE_LIMIT is no number.
    """
    limit = limit_bytes()
    path = entry_path(key)
    about = json.dumps({"key": key, "net": net[:LONGEST_NAME], "made": time.time()}).encode()
    rest = about + b"\n" + payload
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if obstacle(path.parent) is not None:
            return False
        _replace(path, MAGIC + hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest)
        prune(limit)
    except OSError:
        return False
    return True


def entries() -> list[Entry]:
    """Return what is in the cache, least recently used first."""
    found = []
    # a file may go while this looks: another process prunes
    with contextlib.suppress(OSError):
        for path in cache_folder().glob(f"{PREFIX}*{SUFFIX}"):
            with contextlib.suppress(OSError):
                about, head = path.lstat(), _head(path)
                made = head.get("made", about.st_mtime)
                net, size = head.get("net"), about.st_size
                found.append(Entry(path, net, size, made, about.st_mtime))
    return sorted(found, key=lambda entry: (entry.used, entry.path))


def prune(limit: float, unused_for: float = math.inf) -> list[Entry]:
    """Remove entries until they fit `limit` bytes, and all that were not used for
    `unused_for` seconds; the least recently used go first. Returns those that went.
    """
    if obstacle(cache_folder()) is not None:
        return []
    now, gone = time.time(), []
    there = entries()
    total = sum(entry.size for entry in there)
    for entry in there:
        if total <= limit and now - entry.used < unused_for:
            break
        total -= entry.size
        with contextlib.suppress(OSError):
            _remove(entry.path)
            gone.append(entry)
    for path in cache_folder().glob(f".{PREFIX}*"):
        with contextlib.suppress(OSError):
            if now - path.lstat().st_mtime > ABANDONED:
                _remove(path)
    return gone


def _is_mine(about: os.stat_result) -> bool:
    return not hasattr(os, "geteuid") or about.st_uid == os.geteuid()


def _read(path: Path) -> bytes | None:
    """The content of a plain file of this user; None when it is something else."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with open(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb") as file:
        about = os.fstat(file.fileno())
        return file.read() if stat.S_ISREG(about.st_mode) and _is_mine(about) else None


def _checked(content: bytes, key: str) -> bytes | None:
    """The payload of an entry that is whole and is that of `key`, else None."""
    first, _, rest = content.partition(b"\n")
    if first != MAGIC + hashlib.sha256(rest).hexdigest().encode():
        return None
    about, _, payload = rest.partition(b"\n")
    return payload if _parsed(about).get("key") == key else None


def _head(path: Path) -> dict[str, Any]:
    """What an entry tells about itself, as far as it can be read; nothing is verified."""
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe would wait for who writes into it
        return {}
    with contextlib.suppress(OSError), open(path, "rb") as file:
        first, second = file.readline(200), file.readline(2000)
        if first.startswith(MAGIC):
            return _parsed(second)
    return {}


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        about = json.loads(line)
    except ValueError:
        return {}
    known = {"key": str, "net": str, "made": float}
    return {
        name: value
        for name, value in (about.items() if isinstance(about, dict) else ())
        if isinstance(value, known.get(name, ()))
    }


def _remove(path: Path) -> None:
    """Remove whatever is at `path`; what is gone already is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _replace(path: Path, content: bytes) -> None:
    """Write a file, for its owner alone, that appears whole or not at all."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        if path.is_dir():
            _remove(path)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
