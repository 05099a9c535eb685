"""Classes: their names, and the order in which they are numbered.

Names that are all numbers are numbers: 7, 7.0 and 07 are one class, and 10 comes behind 9. Other
names are text and come in the order of their characters.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from sn.display import NAME, NAMES, clipped, listed
from sn.errors import did_you_mean

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # names are shown on terminals


def class_names(texts: Iterable[str]) -> list[str]:
    """Return the names that texts stand for: as they are, or all as plain numbers."""
    found = [_CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.strip()) for text in texts]
    numbers = [_number(text) for text in found]
    if any(number is None for number in numbers):
        return found
    return [_plain(number, text) for number, text in zip(numbers, found, strict=True)]


def class_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return names in the order of their class numbers."""
    texts = list(names)
    numbers = {text: _number(text) for text in texts}
    if any(number is None for number in numbers.values()):
        return tuple(sorted(texts))
    return tuple(sorted(texts, key=lambda text: (numbers[text], text)))


def strange_class(name: str, known: Sequence[str], where: str = "") -> tuple[str, str]:
    """Return message and hint for a class that is not one of `known`."""
    text = f"expected one of the classes {listed(known)}, found {clipped(name)!r}{where}"
    near = did_you_mean(name, known)
    some = [*known[:NAMES], name]
    if near or len(known) > NAMES or any(len(one) > NAME for one in some):
        return text, near or "(classes ...) says which there may be"
    return text, f"(classes {' '.join(map(repr_lisp, some))}) would allow it"


def repr_lisp(name: str) -> str:
    """Return a name as a program writes it, in double quotes."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _number(text: str) -> float | int | None:
    """Return the number that a text is, exactly if it is whole."""
    if "_" in text or not text.isascii():  # Python's literals may have both
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _plain(number: float | int | None, text: str) -> str:
    """Return a number as its shortest text, without the point of a whole one."""
    if isinstance(number, float) and number == int(number) and abs(number) < 2**53:
        return str(int(number))
    return repr(number) if number is not None else text
