"""Mutations: a valid file becomes one that somebody damaged, or made to do harm.

What a file is packed in, or what it is summed up by, is often put right again behind a change: a
damaged sum would hide what the reader does with the rest.
"""

from __future__ import annotations

import contextlib
import copy
import gzip
import io
import json
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from sn.results.arrays import content_hash

NUMBERS = re.compile(rb"-?[0-9]+(?:\.[0-9]+)?")
ODD_NUMBERS = (
    b"0", b"-1", b"1e999", b"-1e999", b"nan", b"inf", b"0x10", b"1_000", b"2147483648", b"1e308",
    b"999999999", b"18446744073709551616", b"1" + b"0" * 30, b"9" * 5000, b"", b"1e-400",
    "٣".encode(), b"3.5", b"65536", b"(", b"1,",
)  # fmt: skip
ODD_INTEGERS = (0, 1, -1, 255, 256, 2**15, 2**16, 2**24, 2**31 - 1, -(2**31), 2**31 - 8)
ODD_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 2**53, 2**63, 10**40, 1.5, -1e308, 1e308, "", "x", "\0", "\n", "é" * 300,
    "../..", "/dev/zero", [], {}, [[]], [0], {"a": 1}, [None], "nan", [1e308] * 3, ["a"] * 40,
    {"": {}},
)  # fmt: skip
INSERTED = (
    b'"', b"\xff\xfe", b"\r", b"[", b"[" * 2000, b"(" * 3000, b",", b"\xef\xbb\xbf", "٣²é".encode(),
    b"\x1b[2J",
)  # fmt: skip
CHUNK = 40  # bytes; chosen here

Change = Callable[[random.Random, bytes], bytes]


def mutated(rng: random.Random, raw: bytes, kind: str) -> bytes:
    """Return a file of a kind, changed in one to four places."""
    inside = _INSIDE.get(kind)
    if inside is not None and rng.random() < 0.6:
        try:
            return inside(rng, raw)
        except (ValueError, KeyError, IndexError, struct.error, zipfile.BadZipFile):
            pass  # it was a change too many for what puts it together again
    return flat(rng, raw)


def flat(rng: random.Random, raw: bytes) -> bytes:
    """Return bytes changed without regard to what they are."""
    for _ in range(rng.choice((1, 1, 1, 2, 2, 4))):
        raw = rng.choice(_FLAT)(rng, raw)
    return raw


# --- bytes ---


def _flip(rng: random.Random, raw: bytes) -> bytes:
    if not raw:
        return raw
    at = rng.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ 1 << rng.randrange(8)]) + raw[at + 1 :]


def _truncate(rng: random.Random, raw: bytes) -> bytes:
    return raw[: rng.randrange(len(raw) + 1)]


def _insert(rng: random.Random, raw: bytes) -> bytes:
    at = rng.randrange(len(raw) + 1)
    any_bytes = (rng.randbytes(rng.randrange(1, 9)), b"\0" * rng.randrange(1, 2000))
    new = rng.choice((*any_bytes, *INSERTED))
    return raw[:at] + new + raw[at:]


def _delete(rng: random.Random, raw: bytes) -> bytes:
    at = rng.randrange(len(raw) + 1)
    return raw[:at] + raw[at + rng.randrange(1, CHUNK) :]


def _swap(rng: random.Random, raw: bytes) -> bytes:
    first, second = sorted(rng.randrange(len(raw) + 1) for _ in range(2))
    size = rng.randrange(1, CHUNK)
    a, b = raw[first : first + size], raw[second : second + size]
    return raw[:first] + b + raw[first + size : second] + a + raw[second + size :]


def _repeat(rng: random.Random, raw: bytes) -> bytes:
    at = rng.randrange(len(raw) + 1)
    return raw[:at] + raw[at : at + CHUNK] * rng.choice((2, 3, 200)) + raw[at:]


def _number(rng: random.Random, raw: bytes) -> bytes:
    found = list(NUMBERS.finditer(raw))
    if not found:
        return _integer(rng, raw)
    one = rng.choice(found)
    return raw[: one.start()] + rng.choice(ODD_NUMBERS) + raw[one.end() :]


def _integer(rng: random.Random, raw: bytes) -> bytes:
    """Put an odd number of four bytes somewhere, most likely into the header."""
    at = rng.randrange(min(len(raw), rng.choice((16, 64, 10**6))) + 1)
    new = struct.pack(rng.choice("<>") + "i", rng.choice(ODD_INTEGERS))
    return raw[:at] + new + raw[at + 4 :]


_FLAT: tuple[Change, ...] = (
    _flip, _flip, _truncate, _insert, _delete, _swap, _repeat, _number, _number, _integer,
)  # fmt: skip


# --- what is inside ---


def changed_json(rng: random.Random, raw: bytes) -> bytes:
    """Return JSON with another value somewhere, or without a key, or nested deep."""
    tree = json.loads(raw)
    for _ in range(rng.choice((1, 1, 2))):
        places: list[tuple[Any, Any]] = []
        _walk(tree, places)
        if not places:
            break
        parent, key = rng.choice(places)
        if rng.random() < 0.2:
            del parent[key]
        elif rng.random() < 0.2:
            other, name = rng.choice(places)
            parent[key] = json.loads(json.dumps(other[name] if name in range(0) else None))
        else:
            parent[key] = copy.deepcopy(rng.choice(ODD_VALUES))  # another change may be in it
    text = json.dumps(tree, ensure_ascii=rng.random() < 0.5)
    if rng.random() < 0.05:
        text = text.replace("null", "[" * 5000 + "]" * 5000, 1).replace("1", "1e999", 1)
    return text.encode("utf-8", "surrogatepass")


def _in_lines(rng: random.Random, raw: bytes) -> bytes:
    """Change lines of JSON, or leave one out, or put one where another was."""
    lines = raw.splitlines()
    for _ in range(rng.choice((1, 1, 2, 4))):
        at, way = rng.randrange(len(lines)), rng.random()
        if way < 0.15:
            del lines[at]
        elif way < 0.3:
            lines.insert(at, rng.choice(lines))
        else:
            with contextlib.suppress(RecursionError):  # one that was nested deep already
                lines[at] = changed_json(rng, lines[at])
    return b"\n".join(lines) + b"\n"


def _walk(tree: Any, places: list[tuple[Any, Any]]) -> None:
    keys = tree if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    for key in keys:
        places.append((tree, key))
        _walk(tree[key], places)


def _in_gzip(rng: random.Random, raw: bytes) -> bytes:
    return gzip.compress(flat(rng, gzip.decompress(raw)), 1, mtime=0)


def _in_zip(rng: random.Random, raw: bytes) -> bytes:
    """Change a member, or the name or method of one; sums are right."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w") as new:
        names = old.namelist()
        chosen = rng.choice(names)
        for name in names:
            content = old.read(name)
            if name == chosen:
                content = flat(rng, content)
                name = rng.choice((name, name, name, "../" + name, "x" * 3000, "a\nb.npy", "."))
            method = rng.choice((0, 8, 8, 12, 14))
            new.writestr(zipfile.ZipInfo(name), content, method)
    return out.getvalue()


def _in_wheel(rng: random.Random, raw: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name), _in_gzip(rng, old.read(name)))
    return out.getvalue()


def _in_png(rng: random.Random, raw: bytes) -> bytes:
    """Change a chunk, and put its sum right."""
    chunks, at = [], 8
    while at < len(raw):
        (length,) = struct.unpack_from(">I", raw, at)
        chunks.append((raw[at + 4 : at + 8], raw[at + 8 : at + 8 + length]))
        at += 12 + length
    chosen = rng.randrange(len(chunks))
    kind, body = chunks[chosen]
    chunks[chosen] = (kind, flat(rng, body))
    if kind == b"IDAT" and rng.random() < 0.5:
        chunks[chosen] = (kind, zlib.compress(flat(rng, zlib.decompress(body))))
    parts = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    return raw[:8] + b"".join(parts)


def _in_tensors(rng: random.Random, raw: bytes) -> bytes:
    """Change the header, what a word of it says in JSON, or numbers, whose sum is put right."""
    start = 8 + int.from_bytes(raw[:8], "little")
    head, body = json.loads(raw[8:start]), bytearray(raw[start:])
    words = head.get("__metadata__", {})
    way = rng.random()
    if way < 0.4 and "sn" in words:
        words["sn"] = changed_json(rng, words["sn"].encode()).decode("utf-8", "surrogatepass")
    elif way < 0.6 and words:
        words[rng.choice(list(words))] = rng.choice(ODD_NUMBERS).decode()
    elif way < 0.8 and body:
        for _ in range(rng.choice((1, 4))):
            at = rng.randrange(len(body))
            body[at : at + 4] = struct.pack("<i", rng.choice(ODD_INTEGERS))[: len(body) - at]
        if rng.random() < 0.5:
            at = rng.randrange(len(body))
            body[at : at + 4] = struct.pack("<f", rng.choice((float("nan"), 1e38)))[
                : len(body) - at
            ]
    else:
        text = changed_json(rng, json.dumps(head).encode())
        try:
            head = json.loads(text)
        except RecursionError:  # nested as deep as no reader goes
            return len(text).to_bytes(8, "little") + text + bytes(body)
    return joined(head, bytes(body))


def joined(head: Any, body: bytes) -> bytes:
    """Return a file of safetensors; the sum of a checkpoint is put right where it can be."""
    words = head.get("__metadata__") if isinstance(head, dict) else None
    if isinstance(words, dict) and isinstance(words.get("sha256"), str):
        with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
            words["sha256"] = content_hash(_arrays(head, body))
    text = json.dumps(head).encode()
    return len(text).to_bytes(8, "little") + text + body


def _arrays(head: Any, body: bytes) -> dict[str, Any]:
    """Return the arrays that a header finds in what follows it."""
    kinds = {"F32": "<f4", "F64": "<f8", "I32": "<i4", "U8": "u1"}
    found = {}
    for name, one in head.items():
        if name != "__metadata__":
            raw = body[slice(*one["data_offsets"])]
            found[name] = np.frombuffer(raw, kinds[one["dtype"]]).reshape(one["shape"])
    return found


_INSIDE: dict[str, Change] = {
    "gz": _in_gzip, "idx.gz": _in_gzip, "npz": _in_zip, "wheel": _in_wheel, "png": _in_png,
    "run.json": changed_json, "lines": _in_lines, "tensors": _in_tensors,
}  # fmt: skip
