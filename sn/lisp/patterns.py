r"""Patterns: regular expressions in SN's notation, read into the steps of a small program.

    . [a-z] [^a-z] * + ? | ( )     \ quotes the next character; ^ and $ are the ends of the text

A `*`, `+` or `?` with nothing before it is itself. Parts are joined from the inside out, with
distances in place of addresses, so nothing here recurses. Read next: `matching.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from sn.errors import EvalError

LONGEST: Final = 10_000  # characters of a pattern; chosen here
DEEPEST: Final = 50  # repeats of what may be empty, inside one another; chosen here


class Do(IntEnum):
    """What a step does; the first three take a character."""

    CHAR = 0  # the character `chars`
    ANY = 1
    SET = 2  # a character of `chars`
    GO = 3  # on to the step x away
    SPLIT = 4  # to the step x away, or else to that y away
    NOTE = 5  # the place, in slot x
    ENTER = 6  # note the place in slot x: a round of a loop starts
    FORGET = 7  # what slot x holds
    ROUND = 8  # a round that started here is the last: on to the step y away, else to the next
    START = 9  # only at the start of the text
    END = 10  # only at its end, or before a line end there
    MATCH = 11


@dataclass(frozen=True, slots=True)
class Chars:
    """The characters of [ ]: single ones and ranges, or all others."""

    negated: bool
    singles: frozenset[str]
    ranges: tuple[tuple[str, str], ...]

    def __contains__(self, char: str) -> bool:
        found = char in self.singles or any(low <= char <= high for low, high in self.ranges)
        return found != self.negated

    def python(self) -> str:
        """Return them in Python's notation."""
        ranges = (f"{re.escape(low)}-{re.escape(high)}" for low, high in self.ranges)
        singles = map(re.escape, sorted(self.singles))
        return f"[{'^' if self.negated else ''}{''.join(ranges)}{''.join(singles)}]"


@dataclass(slots=True)
class Step:
    """One step; `loops` are the slots of the loops around it that may match the empty text."""

    do: Do
    x: int = 0
    y: int = 0
    chars: str | Chars = ""
    loops: tuple[int, ...] = ()


_NO_STEP = Step(Do.MATCH)


@dataclass(slots=True)
class _Part:
    """The steps of a part, whether it may match the empty text, and if it has more ways than one.

    `python` is the same in Python's notation.
    """

    steps: list[Step] = field(default_factory=list)
    is_empty: bool = True
    has_ways: bool = False
    python: str = ""

    def add(self, other: _Part) -> None:
        """Put another part behind this one."""
        self.steps += other.steps
        self.is_empty = self.is_empty and other.is_empty
        self.has_ways = self.has_ways or other.has_ways
        self.python += other.python

    def repeated(self, char: str, loop: int | None) -> _Part:
        """Return the part followed by `*`, `+` or `?`; `loop` notes where its rounds start.

        As in Python's engine, a round that takes no character is the last one.
        """
        n = len(self.steps)
        if loop is not None:
            for step in self.steps:
                step.loops = (loop, *step.loops)
        if char == "?":
            steps = [Step(Do.SPLIT, 1, n + 1), *self.steps]
        elif loop is None and char == "*":
            steps = [Step(Do.SPLIT, 1, n + 2), *self.steps, Step(Do.GO, -n - 1)]
        elif loop is None:
            steps = [*self.steps, Step(Do.SPLIT, -n, 1)]
        else:
            ended = Step(Do.ROUND, loop, 2, loops=(loop,))
            rounds = [Step(Do.ENTER, loop), *self.steps, ended, Step(Do.GO, -n - 3)]
            steps = [Step(Do.SPLIT, 1, n + 4), *rounds]
            if char == "+":
                # the first round comes without being asked for, so none has started here
                steps = [Step(Do.FORGET, loop), Step(Do.GO, 3), *steps]
        is_empty = self.is_empty or char != "+"
        return _Part(steps, is_empty, True, f"{self.python}{char}")


def _alternatives(parts: list[_Part]) -> _Part:
    """Return a part that is one of some others, the first that leads to a match."""
    whole = parts[-1]
    for part in reversed(parts[:-1]):
        n, m = len(part.steps), len(whole.steps)
        steps = [Step(Do.SPLIT, 1, n + 2), *part.steps, Step(Do.GO, m + 1), *whole.steps]
        python = f"{part.python}|{whole.python}"
        whole = _Part(steps, part.is_empty or whole.is_empty, True, python)
    return whole


@dataclass(slots=True)
class _Open:
    """An open parenthesis: its group, the alternatives so far, and the parts of the last one."""

    group: int
    before: list[_Part] = field(default_factory=list)
    parts: list[_Part] = field(default_factory=list)

    def next_alternative(self) -> None:
        """End an alternative."""
        whole = _Part()
        for part in self.parts:
            whole.add(part)
        self.before.append(whole)
        self.parts = []


class Reading:
    """What became of a pattern: `steps`, of which those that note places have slots of their own.

    `python` is the pattern for Python's engine. Its ways through a text grow with the length of it
    to the power of `n_repeats` and by the factor 2 to the power of `n_choices`; without measure if
    it `is_nested`: a repeat or choice is inside a repeat.
    Raises: EvalError for a pattern that is none.
    """

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise EvalError(
                f"a regular expression has at most {LONGEST:,} characters, found {len(text):,}"
            )
        self.n_groups = self.n_loops = self.n_repeats = self.n_choices = 0
        self._text, self._place = text, 0
        self.is_nested = False
        self._open = [_Open(0)]
        while self._place < len(text):
            self._read()
        if len(self._open) > 1:
            raise self._error("a ')' is missing")
        whole = self._closed()
        self.steps = [*whole.steps, Step(Do.MATCH)]
        self.python = whole.python
        behind = 2 * self.n_groups + 2  # the slots of loops are behind those of groups
        for step in self.steps:
            step.loops = tuple(behind + loop for loop in step.loops)
            if step.do in (Do.ENTER, Do.FORGET, Do.ROUND):
                step.x += behind

    def _error(self, reason: str) -> EvalError:
        shown = self._text if len(self._text) <= 60 else self._text[:57] + "..."
        return EvalError(f'the regular expression "{shown}" does not work: {reason}')

    def _read(self) -> None:
        """Read the next piece."""
        char = self._text[self._place]
        self._place += 1
        parts = self._open[-1].parts
        if char == "(":
            self.n_groups += 1
            self._open.append(_Open(self.n_groups))
        elif char == ")":
            if len(self._open) == 1:
                raise self._error("a ')' closes nothing")
            group = self._open[-1].group
            part = self._closed()
            part.steps = [Step(Do.NOTE, 2 * group), *part.steps, Step(Do.NOTE, 2 * group + 1)]
            part.python = f"({part.python})"
            self._open[-1].parts.append(part)
        elif char == "|":
            self._open[-1].next_alternative()
            self.n_choices += 1
        elif char in "*+?" and parts:
            self._repeat(char, parts)
        else:
            parts.append(self._single(char))

    def _closed(self) -> _Part:
        """End the innermost parenthesis and return what it holds."""
        ended = self._open.pop()
        ended.next_alternative()
        return _alternatives(ended.before)

    def _repeat(self, char: str, parts: list[_Part]) -> None:
        part = parts[-1]
        if part.python[-1:] in ("*", "+", "?") and part.has_ways:
            raise self._error(f"'{char}' behind another repeat; write ( ) around what it repeats")
        if part.python in ("^", "$"):
            raise self._error(f"'{part.python}' is a place and cannot be repeated")
        if char == "?":
            self.n_choices += 1
        else:
            self.n_repeats += 1
            self.is_nested = self.is_nested or part.has_ways
        loop = None
        if part.is_empty and char != "?":
            loop = self.n_loops
            self.n_loops += 1
            if max(len(step.loops) for step in (*part.steps, _NO_STEP)) >= DEEPEST:
                raise self._error(f"more than {DEEPEST} repeats are inside one another")
        parts[-1] = part.repeated(char, loop)

    def _single(self, char: str) -> _Part:
        """Return the part that one character starts, which may be a set."""
        if char == "[":
            chars = self._set()
            return _Part([Step(Do.SET, chars=chars)], False, python=chars.python())
        if char in ".^$":
            step = Step({".": Do.ANY, "^": Do.START, "$": Do.END}[char])
            return _Part([step], char != ".", python=char)
        if char == "\\" and self._place < len(self._text):
            char = self._text[self._place]
            self._place += 1
        return _Part([Step(Do.CHAR, chars=char)], False, python=re.escape(char))

    def _set(self) -> Chars:
        """Read what follows a '['."""
        text = self._text
        negated = text.startswith("^", self._place)
        self._place += negated
        items: list[str] = []
        dashes: set[int] = set()  # which of them are not quoted
        while True:
            if self._place >= len(text):
                raise self._error("a ']' is missing")
            char = text[self._place]
            self._place += 1
            if char == "]" and items:
                break
            if char == "\\" and self._place < len(text):
                char = text[self._place]
                self._place += 1
            elif char == "-":
                dashes.add(len(items))
            items.append(char)
        singles, ranges, i = set(), [], 0
        while i < len(items):
            if i + 1 in dashes and i + 2 < len(items):
                if items[i] > items[i + 2]:
                    raise self._error(f"the range {items[i]}-{items[i + 2]} is empty")
                ranges.append((items[i], items[i + 2]))
                i += 3
            else:
                singles.add(items[i])
                i += 1
        return Chars(negated, frozenset(singles), tuple(ranges))
