"""Pickles of arrays: from a foreign pickle to NumPy arrays, without running anything of it.

A pickle is a program for a small machine, which may call any function. This reader is a machine
of its own that calls none: it knows the instructions that arrays are written with, and the names
that NumPy writes for an array stand for themselves until all that belongs to it has come.
Source: Python, pickletools, for the instructions; NumPy, ndarray.__reduce__, for arrays.
"""

from __future__ import annotations

import gzip
import math
import pickletools
import re
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from sn.errors import DataError
from sn.memory.files import read_whole

_RECONSTRUCT, _NDARRAY, _DTYPE = "_reconstruct", "ndarray", "dtype"
_NAMES = {
    "numpy ndarray": _NDARRAY,
    "numpy dtype": _DTYPE,
    # the module was renamed in NumPy 2
    "numpy.core.multiarray _reconstruct": _RECONSTRUCT,
    "numpy._core.multiarray _reconstruct": _RECONSTRUCT,
}
_MOST_STEPS = 10_000  # chosen here: three pairs of arrays take 200
_MOST_PARTS = 500  # arrays and lists; chosen here: three pairs are ten
_NUMBERS = re.compile(r"[biuf][1248]")
_ORDERS = ("<", ">", "|", "=")
_SHOWN = 60  # letters of a name in a message


@dataclass(slots=True, eq=False)
class _Name:
    """A name of NumPy."""

    word: str


@dataclass(slots=True, eq=False)
class _Made:
    """What a name of NumPy was called with, and told afterwards: an array or its type."""

    word: str
    arguments: tuple[Any, ...]
    state: Any = None


class _Mark:
    """Where the items of a tuple or a list begin."""


def read_arrays(file: IO[bytes] | gzip.GzipFile, place: object = "the file") -> Any:
    """Return the arrays in a pickle, in the tuples or lists that hold them.

    Raises: DataError when the pickle is damaged, holds anything but arrays, or is too large.
    """
    content = read_whole(file, place)
    try:
        return _plain(_run(content, place))
    except (ValueError, IndexError, KeyError, TypeError, RecursionError) as error:
        reason = str(error)[:200] or type(error).__name__
        raise DataError(f"{place}: the pickle is damaged: {reason}") from error


def _run(content: bytes, place: object) -> Any:
    """Return what the program leaves."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    argument: Any
    for step, (instruction, argument, _) in enumerate(pickletools.genops(content)):
        if step > _MOST_STEPS:
            raise ValueError(f"it has more than {_MOST_STEPS:,} instructions")
        match instruction.name:
            case "PROTO" | "FRAME":
                pass
            case "STOP":
                (found,) = stack
                return found
            case "GLOBAL":
                stack.append(_name(argument, place))
            case "STACK_GLOBAL":
                name, module = stack.pop(), stack.pop()
                stack.append(_name(f"{module} {name}", place))
            case "PUT" | "BINPUT" | "LONG_BINPUT":
                memo[argument] = stack[-1]
            case "MEMOIZE":
                memo[len(memo)] = stack[-1]
            case "GET" | "BINGET" | "LONG_BINGET":
                stack.append(memo[argument])
            case "MARK":
                stack.append(_Mark)
            case "TUPLE" | "LIST":
                items = _since_mark(stack)
                stack.append(tuple(items) if instruction.name == "TUPLE" else items)
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                count = int(instruction.name[-1])
                stack[-count:] = [tuple(stack[-count:])]
            case "EMPTY_TUPLE":
                stack.append(())
            case "EMPTY_LIST":
                stack.append([])
            case "APPEND":
                item = stack.pop()
                stack[-1].append(item)
            case "APPENDS":
                items = _since_mark(stack)
                stack[-1].extend(items)
            case "NONE":
                stack.append(None)
            case "NEWTRUE" | "NEWFALSE":
                stack.append(instruction.name == "NEWTRUE")
            case "REDUCE":
                arguments, called = stack.pop(), stack.pop()
                stack.append(_called(called, arguments))
            case "BUILD":
                state = stack.pop()
                if not isinstance(stack[-1], _Made):
                    raise ValueError("something is told that is no array")
                stack[-1].state = state
            case _ if isinstance(argument, int | float | str | bytes):
                stack.append(argument)
            case other:
                raise ValueError(f"the instruction {other} is of no array")
    raise ValueError("it has no end")


def _since_mark(stack: list[Any]) -> list[Any]:
    at = len(stack) - 1 - stack[::-1].index(_Mark)
    items = stack[at + 1 :]
    del stack[at:]
    return items


def _name(name: Any, place: object) -> _Name:
    known = _NAMES.get(str(name))
    if known is None:
        asked = str(name).replace(" ", ".")[:_SHOWN]
        raise DataError(f"{place}: the pickle asks for {asked}; only NumPy arrays are accepted")
    return _Name(known)


def _called(called: Any, arguments: Any) -> _Made:
    if not isinstance(called, _Name) or not isinstance(arguments, tuple):
        raise ValueError("something is called that is no array")
    if called.word == _NDARRAY:
        raise ValueError("an array is made without its numbers")
    return _Made(called.word, arguments)


def _plain(found: Any) -> Any:
    """Return tuples and lists with arrays for what stands for them.

    One list may be in another many times, or in itself.
    """
    left = _MOST_PARTS

    def plain(part: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise ValueError(f"it has more than {_MOST_PARTS:,} parts")
        if isinstance(part, tuple | list):
            return type(part)([plain(one) for one in part])
        return _array(part) if isinstance(part, _Made) else part

    return plain(found)


def _array(made: _Made) -> NDArray[Any]:
    """Return the array that was told its version, shape, type, order and bytes."""
    if made.word != _RECONSTRUCT or not isinstance(made.state, tuple):
        raise ValueError("an array is not told its numbers")
    _, shape, kind, is_fortran, raw = made.state
    dtype = _dtype(kind)
    if isinstance(raw, str):
        raw = raw.encode("latin-1")  # the text of Python 2, which keeps every byte
    if not isinstance(shape, tuple) or len(shape) > 8 or not isinstance(raw, bytes):
        raise ValueError("an array is told other things than its numbers")
    if not all(type(size) is int and 0 <= size < 2**31 for size in shape):
        raise ValueError("the shape of an array is whole numbers")
    if math.prod(shape) * dtype.itemsize != len(raw):
        raise ValueError("an array does not have the bytes that its shape needs")
    return np.frombuffer(raw, dtype).reshape(shape, order="F" if is_fortran else "C")


def _dtype(kind: Any) -> np.dtype[Any]:
    """Return the type of numbers of an array."""
    if not isinstance(kind, _Made) or kind.word != _DTYPE or not isinstance(kind.state, tuple):
        raise ValueError("an array has no type of numbers")
    code, order = kind.arguments[0], kind.state[1]
    if (
        not isinstance(code, str)
        or not _NUMBERS.fullmatch(code)
        or order not in ("<", ">", "|", "=")
    ):
        raise ValueError("an array is not of numbers")
    return np.dtype(f"{order}{code}")
