"""Limits: which values a setting may have, said once for Lisp, Python and the command line.

A class whose fields are settings carries the limit of each in the field's metadata (`setting`);
`check_fields` holds an object to them, and the net forms and the options of commands ask the very
same `Limit`.
"""

from __future__ import annotations

import dataclasses
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from sn.errors import SettingError, did_you_mean

WHOLE = 2**63 - 1
LARGEST, SMALLEST = (2 - 2**-23) * 2.0**127, 2.0**-126  # of the normal numbers of float32


@dataclass(frozen=True, slots=True)
class Limit:
    """The numbers that a setting may be: from `least` to `most`, an open end left out.

    None is no bound but what 64 bits of a whole number hold, and 32 of any other, which kernels
    compute with; `is_whole` leaves whole numbers only. NaN and infinity are never among them.
    """

    least: float | None = None
    most: float | None = None
    is_open_below: bool = False
    is_open_above: bool = False
    is_whole: bool = False

    @property
    def words(self) -> str:
        """What a message asks for: `a number of at least 0 and below 1`."""
        noun = "a whole number" if self.is_whole else "a number"
        below = "above" if self.is_open_below else "of at least"
        above = "below" if self.is_open_above else "at most"
        match self.least, self.most:
            case None, None:
                return noun
            case None, most:
                return f"{noun} {above} {most}"
            case least, None:
                return f"{noun} {below} {least}"
            case least, most if not (self.is_open_below or self.is_open_above):
                return f"{noun} from {least} to {most}"
            case least, most:
                return f"{noun} {below} {least} and {above} {most}"
        raise AssertionError("every pair of ends has its words")

    def allows(self, number: float) -> bool:
        """Whether a number is within the limit."""
        # a whole number may be too long for a float
        if not isinstance(number, Integral) and not math.isfinite(number):
            return False
        if self.is_whole and number % 1 != 0:
            return False
        if self.least is not None and number <= self.least:
            return number == self.least and not self.is_open_below
        if self.most is not None and number >= self.most:
            return number == self.most and not self.is_open_above
        return True

    def take(self, name: str, value: Any) -> Any:
        """Return a value as an int or a float; `name` is what the message calls the setting.

        Raises: SettingError for what is no number, or none that the limit allows.
        """
        is_number = isinstance(value, Real) and not isinstance(value, bool)
        if not is_number or not self.allows(value):
            raise SettingError(f"{name} must be {self.words}, found {_shown(value)}")
        bits, most = (64, self.most or WHOLE) if self.is_whole else (32, LARGEST)
        if abs(value) > most:
            raise SettingError(f"{name} must fit {bits} bits, found {_shown(value)}")
        return int(value) if self.is_whole or isinstance(value, Integral) else float(value)

    def given(self, name: str, value: Any) -> Any:
        """Return a value that a person wrote, as `take` does; it stays what it is in 32 bits.

        Raises: SettingError as `take`, and for one that becomes 0 or leaves the limit there.
        """
        taken = self.take(name, value)
        kept = taken if self.is_whole else in_float32(taken)
        if (not kept and taken) or not self.allows(kept):
            raise SettingError(
                f"{name} must be {self.words}, found {exact_text(taken)}, "
                f"which is {kept:g} in the 32 bits of a kernel"
            )
        return taken


def in_float32(number: float) -> float:
    """Return the number that 32 bits keep of one: the nearest, 0 below the smallest normal one."""
    if abs(number) < SMALLEST:
        return 0.0
    kept: float = struct.unpack("f", struct.pack("f", number))[0]
    return kept


def exact_text(number: float) -> str:
    """Return a number with all its digits: 1, 0.1 or 1e-60."""
    return repr(float(number)).removesuffix(".0")


def one_of(name: str, value: Any, words: Sequence[str]) -> str:
    """Return a value that must be one of some words; `name` is what the message calls it.

    Raises: SettingError with the nearest of them, or all.
    """
    if isinstance(value, str) and value in words:
        return value
    near = did_you_mean(value, words) if isinstance(value, str) else None
    raise SettingError(
        f"{name} must be one of {len(words)} words, found {value!r}",
        hint=near or "there are: " + ", ".join(words),
    )


def _shown(value: Any) -> str:
    """Return a value as a message shows it; a number without the type that holds it."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return repr(value)
    return str(int(value)) if isinstance(value, Integral) else f"{float(value):g}"


RATE = Limit(0)
MOMENTUM = Limit(0, 1, is_open_above=True)
DECAY = Limit(0, 1)
DROPOUT = Limit(0, 1, is_open_above=True)
AVERAGE = Limit(0, 1, is_open_below=True)
NOT_NEGATIVE = Limit(0)
POSITIVE = Limit(0, is_open_below=True)
COUNT = Limit(0, is_whole=True)
PASSES = Limit(0, is_whole=True)
SEED = Limit(0, 2**64 - 1, is_whole=True)

# what the compiler makes of a net, from the program to machine code
HEADLESS = ("svg", "png", "none")  # what becomes of the windows of a program
# what presents patterns; "kernels" unless something else is said
ENGINES = ("kernels", "reference", "historical", "jax")
STAGES = ("forms", "table", "plan", "schedule", "source", "llvm", "asm")


def setting(limit: Limit, default: Any = dataclasses.MISSING) -> Any:
    """Return a dataclass field that is held to a limit; see `check_fields`."""
    return dataclasses.field(default=default, metadata={"limit": limit})


def limit_of(field: dataclasses.Field[Any]) -> Limit | None:
    """Return the limit of a field made by `setting`."""
    return field.metadata.get("limit")


def option_name(field: str) -> str:
    """Return what programs call the setting in a field: `learning-rate`."""
    return field.replace("_", "-")


def check_fields(owner: Any) -> None:
    """Hold the fields of a dataclass object to their limits; one that may be None may be left out.

    Raises: SettingError with the name of the option.
    """
    for field in dataclasses.fields(owner):
        limit, value = limit_of(field), getattr(owner, field.name)
        if limit is not None and not (value is None and field.default is None):
            limit.given(option_name(field.name), value)


def engine_named(engine: str | None, reference: bool, historical: bool) -> str | None:
    """Return the engine that is asked for, None where none is.

    Raises: SettingError for two of them, or a word that is none.
    """
    flags = {"reference": reference, "historical": historical}
    named = [name for name, is_set in flags.items() if is_set]
    if engine is not None:
        named.append(one_of("engine", engine, ENGINES))
    if len(set(named)) > 1:
        raise SettingError(f"{' and '.join(named)} are two engines", hint="give one of them")
    return named[0] if named else None
