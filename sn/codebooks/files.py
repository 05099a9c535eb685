"""Codebook files: text or binary, with the suffix .cb.

Text has the number of items and their dimension, then for each item its values and its label.
Binary has the same as int32, float32 and int32 numbers. Source: SN 2.8.
"""

from __future__ import annotations

import math
import re
import struct
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from sn.codebooks.nearest import Labels
from sn.errors import DataError, Span
from sn.matrixfile import place_of_byte
from sn.memory.files import claim

_HEADER = 8  # bytes: the number of items and the dimension
_WORD = re.compile(rb"\S+")
_COUNT = re.compile(rb"[0-9]{1,10}")
_LABEL = re.compile(rb"[+-]?[0-9]{1,10}(?:\.0*)?")
_LARGEST = float(np.finfo(np.float32).max)
_LONGEST = 40  # letters of a word in a message; chosen here

Content = tuple[NDArray[np.float32], Labels]


def encode(words: NDArray[np.float32], labels: Labels) -> bytes:
    """Return the bytes of a binary file, little-endian."""
    n, d = words.shape
    items = np.empty(n, _record(d, "<"))
    items["word"], items["label"] = words, labels
    return struct.pack("<ii", n, d) + items.tobytes()


def encode_text(words: NDArray[np.float32], labels: Labels) -> bytes:
    """Return the bytes of a text file, with as many digits as it takes to read the same back."""
    lines = ["{} {}".format(*words.shape)]
    for word, label in zip(words, labels.tolist(), strict=True):
        lines += (" ".join(map(str, word)), str(label))
    return ("\n".join(lines) + "\n").encode("ascii")


def decode(raw: bytes, name: str) -> Content:
    """Return the words (n, d) and labels (n,) in the bytes of a binary file of either byte order.

    Raises: DataError when it is none, or too short.
    """
    for fits in (_is_whole, _is_enough):
        for order in "<>":
            if len(raw) >= _HEADER and fits(raw, order):
                return _decoded(raw, order, name)
    if len(raw) < _HEADER:
        raise DataError(f"{name} is too short for a codebook file: {len(raw)} bytes")
    hint = "save-codebook writes such files"
    if _COUNT.fullmatch(raw.split(maxsplit=1)[0][:11] if raw.split(maxsplit=1) else b""):
        hint = "load-ascii-codebook reads those that are text"
    n, d = struct.unpack_from("<ii", raw)
    text = f"{name} is not a codebook file: it claims {n:,} items of {d:,} values"
    raise DataError(f"{text}, and has {len(raw):,} bytes", hint=hint)


def _record(d: int, order: str) -> np.dtype[np.void]:
    return np.dtype([("word", f"{order}f4", (d,)), ("label", f"{order}i4")])


def _expected(raw: bytes, order: str) -> int:
    """Return the bytes that the file claims to have, 0 for numbers that cannot be."""
    n, d = struct.unpack_from(f"{order}ii", raw)
    return _HEADER + n * (4 * d + 4) if n >= 1 and d >= 1 else 0


def _is_whole(raw: bytes, order: str) -> bool:
    return len(raw) == _expected(raw, order)


def _is_enough(raw: bytes, order: str) -> bool:
    return len(raw) >= _expected(raw, order) > 0


def _decoded(raw: bytes, order: str, name: str) -> Content:
    n, d = struct.unpack_from(f"{order}ii", raw)
    claim(n * (4 * d + 4), f"a codebook of {n:,} items of {d:,} values", name)
    items = np.frombuffer(raw, _record(d, order), n, _HEADER)
    words = items["word"].astype(np.float32).reshape(n, d)
    words[np.isnan(words)] = np.nan  # one that signals would warn at every cast
    return words, items["label"].astype(np.int32)


def decode_text(raw: bytes, name: str) -> Content:
    """Return the words (n, d) and labels (n,) in the bytes of a text file.

    Raises: DataError at the word that does not fit, or when it is too short.
    """
    found = _WORD.finditer(raw)
    n, d = (_count(next(found, None), raw, name) for _ in range(2))
    expected = n * (d + 1)
    if expected > len(raw):
        raise _short(name, n, d)
    claim(8 * expected, f"a codebook of {n:,} items of {d:,} values", name)
    words, labels = np.empty((n, d), np.float32), np.empty(n, np.int32)
    for i in range(n):
        values = [_value(word, name) for word in islice(found, d)]
        label = next(found, None)
        if len(values) < d or label is None:
            raise _short(name, n, d)
        words[i], labels[i] = values, _label(label, name)
    return words, labels


def _short(name: str, n: int, d: int) -> DataError:
    return DataError(f"{name} is too short: {n:,} items of {d:,} values and a label are expected")


def _count(word: re.Match[bytes] | None, raw: bytes, name: str) -> int:
    if word is None:
        raise DataError(f"{name} is too short for a codebook file: {len(raw)} bytes")
    if not _COUNT.fullmatch(word[0]) or int(word[0]) < 1:
        what = "the number of items, then of values of one"
        raise _wrong(word, name, what)
    return int(word[0])


def _value(word: re.Match[bytes], name: str) -> float:
    try:
        if b"_" not in word[0]:  # Python's literals may have it
            value = float(word[0])
            if not math.isfinite(value) or abs(value) <= _LARGEST:
                return value
    except ValueError:
        pass
    raise _wrong(word, name, "a value")


def _label(word: re.Match[bytes], name: str) -> int:
    if _LABEL.fullmatch(word[0]):
        label = int(word[0].split(b".")[0])
        if -(2**31) <= label < 2**31:
            return label
    raise _wrong(word, name, "a label, a whole number,")


def _wrong(word: re.Match[bytes], name: str, what: str) -> DataError:
    text = word[0][:_LONGEST].decode("latin-1")
    span: Span = place_of_byte(word.string, word.start(), name)
    return DataError(f"{name} is not a codebook file: expected {what}, found '{text}'", span=span)
