"""Builtins on the bits of whole numbers, which have 32 with their sign, as in SN."""

from __future__ import annotations

from sn.display import number_text
from sn.errors import EvalError
from sn.lisp.calls import builtin

_BITS = 32
_ALL = 1 << _BITS
_SIGN = 1 << (_BITS - 1)


def _bits(name: str, number: int) -> int:
    if not -_SIGN <= number < _SIGN:
        raise EvalError(f"{name} takes numbers of {_BITS} bits, found {number_text(number)}")
    return number


@builtin("bitand")
def bitand(a: int, b: int) -> int:
    """(bitand a b)

    Return the bits that two whole numbers share.

    (bitand 12 10)
    => 8
    """
    return _bits("bitand", a) & _bits("bitand", b)


@builtin("bitor")
def bitor(a: int, b: int) -> int:
    """(bitor a b)

    Return the bits that one of two whole numbers has.

    (bitor 12 10)
    => 14
    """
    return _bits("bitor", a) | _bits("bitor", b)


@builtin("bitxor")
def bitxor(a: int, b: int) -> int:
    """(bitxor a b)

    Return the bits in which two whole numbers differ.

    (bitxor 12 10)
    => 6
    """
    return _bits("bitxor", a) ^ _bits("bitxor", b)


@builtin("bitshl")
def bitshl(number: int, n: int) -> int:
    """(bitshl number n)

    Return the bits of a whole number shifted to the left by n places, to the right for a negative
    n; what leaves the 32 bits is lost.

    (bitshl 3 4)
    => 48
    """
    _bits("bitshl", number)
    if n <= 0:
        return number >> min(-n, _BITS)
    if n >= _BITS:
        return 0
    kept = (number << n) % _ALL
    return kept - _ALL if kept >= _SIGN else kept
