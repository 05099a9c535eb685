"""Weight files: the weights between units by their places, as SN 2.8 kept them before matrices.

    encode(Weights(...)), encode_text(Weights(...)) -> bytes -> decode(raw, name) -> Weights

Binary: three whole numbers of 32 bits, magic, how many units, age; then a record for each
connection, upstream unit, downstream unit, weight. Text: ".WEI", how many units, age; then three
numbers a line. Unit 0 is the bias and is not counted.

Source: SN 2.8 (sn-network, 8).
Read next: ../sn28/weightfiles.py; ../matrixfile.py, the files of weights alone.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

import numpy as np

from sn.display import many, number_text
from sn.errors import DataError
from sn.live.net import Floats32, Ints
from sn.matrixfile import place_of_byte
from sn.memory.files import claim

MAGIC = 0x2D4F1C93
_OLD_MAGIC = 0x2D4F1C91  # its records end with a learning rate, which is not read
TEXT_MAGIC = b".WEI"
_HEADER = struct.Struct("<iii")
_FIELDS = [("pre", "i4"), ("post", "i4"), ("weight", "f4")]
_WORD = re.compile(rb"\S+")
_WHOLE = re.compile(rb"[+-]?[0-9]{1,10}")
_DECIMAL = re.compile(rb"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_TEXT_RECORD = 100  # bytes of a line while it is read; measured


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """What is in a weight file.

    count: how many units it is about, the bias apart; age: of the net, in presentations; pre, post:
    (n,) int32, the units of each connection from 0, the bias, to `count`; weight: (n,) float32.
    """

    count: int
    age: int
    pre: Ints
    post: Ints
    weight: Floats32


def encode(weights: Weights) -> bytes:
    """Return the bytes of a binary file, little-endian."""
    records = np.zeros(len(weights.pre), np.dtype(_FIELDS).newbyteorder("<"))
    records["pre"], records["post"] = weights.pre, weights.post
    records["weight"] = weights.weight
    return _HEADER.pack(MAGIC, weights.count, weights.age) + records.tobytes()


def encode_text(weights: Weights) -> bytes:
    """Return the bytes of a text file; numbers have seven decimals there."""
    columns = (weights.pre.tolist(), weights.post.tolist(), weights.weight.tolist())
    lines = [f".WEI {weights.count} {weights.age}"]
    lines += [f"{pre:4d} {post:4d} {w:10.7f}" for pre, post, w in zip(*columns, strict=True)]
    return ("\n".join(lines) + "\n").encode("ascii")


def decode(raw: bytes, name: str) -> Weights:
    """Return what is in the bytes of a weight file: binary of either byte order, or text.

    Raises: DataError for what is none, is cut off, or names units beyond its count.
    """
    if raw.startswith(TEXT_MAGIC):
        found = _decode_text(raw, name)
    else:
        found = _decode_binary(raw, name)
    for what, units in (("upstream", found.pre), ("downstream", found.post)):
        outside = (units < 0) | (units > found.count)
        if outside.any():
            at = int(np.argmax(outside))
            raise DataError(
                f"{name} has the {what} unit {units[at]} in record {at:,}, "
                f"but it is about {many(found.count, 'unit')}"
            )
    finite = np.isfinite(found.weight)
    if not finite.all():
        at = int(np.argmin(finite))
        raise DataError(f"{name} has the weight {found.weight[at]} in record {at:,}")
    return found


def _decode_binary(raw: bytes, name: str) -> Weights:
    if len(raw) < _HEADER.size:
        raise DataError(f"{name} is too short for a weight file: {many(len(raw), 'byte')}")
    for order in "<>":
        magic, count, age = struct.unpack_from(f"{order}iii", raw)
        if magic in (MAGIC, _OLD_MAGIC):
            break
    else:
        raise DataError(f"{name} is not a weight file", hint="save-net writes such files")
    fields = [*_FIELDS, ("step", "f4")] if magic == _OLD_MAGIC else _FIELDS
    dtype = np.dtype(fields).newbyteorder("<" if order == "<" else ">")
    _check_count(count, name)
    left = len(raw) - _HEADER.size
    if left % dtype.itemsize:
        raise DataError(
            f"{name} is cut off in record {left // dtype.itemsize:,}: "
            f"records have {dtype.itemsize} bytes, {left % dtype.itemsize} are left"
        )
    n = left // dtype.itemsize
    claim(12 * n, many(n, "connection"), name)
    records = np.frombuffer(raw, dtype, n, _HEADER.size)
    return Weights(
        count,
        age,
        records["pre"].astype(np.int32),
        records["post"].astype(np.int32),
        records["weight"].astype(np.float32),
    )


def _check_count(count: int, name: str) -> None:
    if count < 0:
        raise DataError(f"{name} says that it is about {number_text(count)} units")


def _decode_text(raw: bytes, name: str) -> Weights:
    n = raw.count(b"\n")
    claim(_TEXT_RECORD * n, many(n, "connection"), name)
    words = list(_WORD.finditer(raw, len(TEXT_MAGIC)))
    if len(words) < 2:
        raise DataError(f"{name} is cut off in its first line: .WEI, units and age are needed")
    count, age = _whole(words[0], name), _whole(words[1], name)
    _check_count(count, name)
    if (len(words) - 2) % 3:
        raise DataError(
            f"{name} is cut off: each connection has two units and a weight",
            span=place_of_byte(raw, words[-1].start(), name),
        )
    pre = [_whole(word, name) for word in words[2::3]]
    post = [_whole(word, name) for word in words[3::3]]
    weight = [_decimal(word, name) for word in words[4::3]]
    with np.errstate(over="ignore"):
        weights = np.array(weight, np.float64).astype(np.float32)
    return Weights(count, age, np.array(pre, np.int32), np.array(post, np.int32), weights)


def _whole(word: re.Match[bytes], name: str) -> int:
    if _WHOLE.fullmatch(word[0]) and abs(int(word[0])) < 2**31:
        return int(word[0])
    raise _not(word, name, "a whole number")


def _decimal(word: re.Match[bytes], name: str) -> float:
    if _DECIMAL.fullmatch(word[0]):
        return float(word[0])
    raise _not(word, name, "a weight")


def _not(word: re.Match[bytes], name: str, expected: str) -> DataError:
    text = word[0][:41].decode("latin-1")
    shown = repr(text if len(text) <= 40 else text[:40] + "...")
    return DataError(
        f"{name} is not a weight file: expected {expected}, found {shown}",
        span=place_of_byte(word.string, word.start(), name),
    )
