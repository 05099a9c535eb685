"""Damaged kernel caches: the weights are the same to the last bit, and at most a line is said."""

from __future__ import annotations

import hashlib
import os
import pickle
import random
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from scripts.stress.processes import Command, Tally
from sn.cache.files import MAGIC, PREFIX, SUFFIX

WORDS = ["run", "xor", "--passes", "3", "--json"]
Damage = Callable[[Path, random.Random], None]


def _cut(path: Path, moments: random.Random) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: moments.randrange(1, len(content))])


def _flipped(path: Path, moments: random.Random) -> None:
    content = bytearray(path.read_bytes())
    # half of the places in its first lines, which say what it is
    place = moments.randrange(300 if moments.random() < 0.5 else len(content))
    content[place] ^= 1 << moments.randrange(8)
    path.write_bytes(content)


def _empty(path: Path, moments: random.Random) -> None:
    path.write_bytes(b"")


def _garbage(path: Path, moments: random.Random) -> None:
    path.write_bytes(moments.randbytes(moments.randrange(1, 100_000)))


def _signed(path: Path, payload: bytes) -> None:
    """Write another payload under the heading of a file, with the checksum that it needs."""
    about = path.read_bytes().split(b"\n", 2)[1]
    rest = about + b"\n" + payload
    path.write_bytes(MAGIC + hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest)


def _signed_garbage(path: Path, moments: random.Random) -> None:
    _signed(path, moments.randbytes(moments.randrange(1, 1000)))


def _signed_others(path: Path, moments: random.Random) -> None:
    others = ({}, [], None, {"train": b""}, {"train": b"x", "evaluate": pickle.dumps(1)}, {"a": 1})
    _signed(path, pickle.dumps(moments.choice(others)))


def _signed_cut(path: Path, moments: random.Random) -> None:
    payload = path.read_bytes().split(b"\n", 2)[2]
    _signed(path, payload[: moments.randrange(len(payload))])


def _link(path: Path, moments: random.Random) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(moments.choice(("elsewhere", "nowhere", path.name)))


def _folder(path: Path, moments: random.Random) -> None:
    path.unlink()
    (path / "below").mkdir(parents=True)


def _pipe(path: Path, moments: random.Random) -> None:
    path.unlink()
    os.mkfifo(path)


def _mode(path: Path, moments: random.Random) -> None:
    path.chmod(moments.choice((0, 0o200, 0o666, 0o777, stat.S_ISUID | 0o755)))


def _folder_mode(path: Path, moments: random.Random) -> None:
    path.parent.chmod(moments.choice((0o770, 0o702, 0o777, 0o1777, 0o500, 0)))


def _owner(path: Path, moments: random.Random) -> None:
    os.chown(path, 65534, 65534)


def _folder_owner(path: Path, moments: random.Random) -> None:
    os.chown(path.parent, 65534, 65534)


KINDS: dict[str, Damage] = {
    "cut": _cut,
    "a bit flipped": _flipped,
    "empty": _empty,
    "garbage": _garbage,
    "garbage with its checksum": _signed_garbage,
    "another pickle, signed": _signed_others,
    "cut and signed": _signed_cut,
    "a link": _link,
    "a folder": _folder,
    "a pipe": _pipe,
    "mode of the file": _mode,
    "mode of the folder": _folder_mode,
}
if hasattr(os, "geteuid") and os.geteuid() == 0:  # who alone can give a file away
    KINDS |= {"owner of the file": _owner, "owner of the folder": _folder_owner}


def caches(kind: str, count: int, seed: int = 0) -> Tally:
    """Damage the cache of a run so often, and run with it."""
    tally, moments = Tally(f"cache, {kind}"), random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="sn-stress-") as base:
        sound = Path(base, "sound")
        expected, usual = _weights(Path(base), sound, "whole")
        (entry,) = (sound / "kernels").glob(f"{PREFIX}*{SUFFIX}")
        content = entry.read_bytes()
        for number in range(count):
            cache = Path(base, f"cache{number}")
            (cache / "kernels").mkdir(parents=True, mode=0o700)
            path = cache / "kernels" / entry.name
            path.write_bytes(content)
            path.chmod(0o600)
            KINDS[kind](path, moments)
            found, said = _weights(Path(base), cache, f"run{number}")
            outcome = "the same bits" if found == expected else "other bits"
            tally.counts[outcome] += 1
            if found != expected:
                tally.faults.append(f"{kind} {number}: other weights, or none: {said[-600:]!r}")
            elif len(said.splitlines()) > len(usual.splitlines()) + 1 or "Traceback" in said:
                tally.faults.append(f"{kind} {number}: more than a line: {said[-600:]!r}")
            (cache / "kernels").chmod(0o700)
    return tally


def _weights(base: Path, cache: Path, name: str) -> tuple[str, str]:
    """Run; return the hash of the weights, none when it failed, and what stderr got."""
    ended = Command([*WORDS, "--out", name], base, {"SN_CACHE": str(cache)}).ended()
    if ended.code:
        return "", ended.err
    return hashlib.sha256((base / name / "weights.safetensors").read_bytes()).hexdigest(), ended.err
