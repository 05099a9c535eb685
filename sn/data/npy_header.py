"""Npy headers: what an array of NumPy says of itself, before its numbers.

    {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }

NumPy evaluates this text as a literal of Python, which a hostile one can drive to any depth, and
which may warn. Here it has one form, and all that is in it is checked.
Source: NumPy, NEP 1, A simple file format for NumPy arrays (2007).
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from sn.errors import DataError

_MAGIC = b"\x93NUMPY"
_LENGTHS = {(1, 0): 2, (2, 0): 4}  # how many bytes say the length of the text, by version
_OF_RECORDS = (3, 0)  # a version that only names of fields need
_LONGEST = 10_000  # letters; Source: NumPy, max_header_size
_MOST_DIMENSIONS = 32  # Source: NumPy 1, NPY_MAXDIMS
_MOST_DIGITS = 40  # of a size; chosen here: they are shown
_STRING = r"'([^'\\]*)'|\"([^\"\\]*)\""
_ENTRY = re.compile(
    rf"\s*(?:{_STRING})\s*:\s*"
    rf"(?:(?P<word>True|False)|(?P<text>{_STRING})|\((?P<sizes>[0-9,\s\-L]*)\))\s*(?:,\s*|$)"
)
_RECORDS = re.compile(rf"{{\s*(?:{_STRING})\s*:\s*\[")
_TYPE = re.compile(r"[<>|=]?[?biufcSU][0-9]{0,9}")
_OBJECT = re.compile(r"[<>|=]?O[0-9]*")


@dataclass(frozen=True, slots=True)
class Form:
    """The shape of an array, its type of numbers, and whether columns stand one behind another."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    is_fortran: bool = False


def read_form(stream: IO[bytes], place: str) -> Form:
    """Read a header and return what it says; the numbers follow in the stream.

    Raises: DataError when it is none, or of an array of anything but numbers and strings.
    """
    start = stream.read(8)
    if len(start) < 8 or not start.startswith(_MAGIC):
        raise _no_npy(place, "it does not start like one")
    version = (start[6], start[7])
    if version == _OF_RECORDS:
        raise _other_values(place, "a record array")
    if version not in _LENGTHS:
        raise _no_npy(place, f"its version is {start[6]}.{start[7]}")
    n_bytes = _LENGTHS[version]
    length = int.from_bytes(raw := stream.read(n_bytes), "little")
    if length > _LONGEST:
        raise _no_npy(place, f"its header has {length:,} letters, at most {_LONGEST:,} are read")
    text = stream.read(length)
    if len(raw) < n_bytes or len(text) < length:
        raise _no_npy(place, "its header is cut off")
    return _form(text.decode("utf-8", "replace"), place)


def _form(text: str, place: str) -> Form:
    if _RECORDS.match(text):
        raise _other_values(place, "a record array")
    said = _entries(text.strip())
    if said is None or said.keys() != {"descr", "fortran_order", "shape"}:
        raise _no_npy(place, "its header is not one of NumPy")
    descr, order, sizes = said["descr"], said["fortran_order"], said["shape"]
    if not isinstance(order, bool) or not isinstance(sizes, tuple) or not isinstance(descr, str):
        raise _no_npy(place, "its header is not one of NumPy")
    dtype = _dtype(descr, place)
    if any(size < 0 for size in sizes):
        raise _other_values(place, f"the size {min(sizes)}")
    if len(sizes) > _MOST_DIMENSIONS:
        raise _other_values(place, f"{len(sizes)} sizes, at most {_MOST_DIMENSIONS} are read")
    return Form(sizes, dtype, order)


def _entries(text: str) -> dict[str, Any] | None:
    """Return what stands between braces, by its names; None where it is something else."""
    if not (text.startswith("{") and text.endswith("}")):
        return None
    found: dict[str, Any] = {}
    at, body = 0, text[1:-1].rstrip()
    while at < len(body):
        match = _ENTRY.match(body, at)
        if match is None:
            return None
        name = match[1] if match[1] is not None else match[2]
        value = _value(match)
        if name in found or value is None:
            return None
        found[name], at = value, match.end()
    return found


def _value(match: re.Match[str]) -> Any:
    if match["word"]:
        return match["word"] == "True"
    if match["text"]:
        return match["text"][1:-1]
    words = [word.strip() for word in match["sizes"].split(",")]
    if words[-1] == "":
        words.pop()
    is_tuple = len(words) != 1 or match["sizes"].rstrip().endswith(",")
    # NumPy for Python 2 wrote 3L
    sizes = [word.removesuffix("L") for word in words]
    if not is_tuple or not all(re.fullmatch(rf"-?[0-9]{{1,{_MOST_DIGITS}}}", one) for one in sizes):
        return None
    return tuple(map(int, sizes))


def _dtype(descr: str, place: str) -> np.dtype[Any]:
    if _OBJECT.fullmatch(descr):
        raise DataError(
            f"{place} holds Python objects, which are pickles: reading them would run code",
            hint="save numbers or strings alone: numpy.save(FILE, array, allow_pickle=False)",
        )
    found = None
    if _TYPE.fullmatch(descr):
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            found = np.dtype(descr)
    if found is None or not found.itemsize:
        raise _other_values(place, repr(descr[:_MOST_DIGITS]))
    return found


def _other_values(place: str, found: str) -> DataError:
    return DataError(f"{place}: expected an array of numbers or strings, found {found}")


def _no_npy(place: str, reason: str) -> DataError:
    return DataError(f"cannot read {place} as an npy file: {reason}", hint="copy or make it again")
