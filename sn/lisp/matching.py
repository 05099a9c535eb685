"""Matching: regular expressions in a time that the sizes of pattern and text bound.

A backtracking engine, as Python's, tries (a*)*b on a row of a's in more ways than there are atoms.
Here all ways through a pattern go on side by side, a character at a time, and at each step only
that one is kept which backtracking would try first: a match takes text x pattern steps and is the
same as Python's, its groups included. Source: R. Cox, "Regular Expression Matching: the Virtual
Machine Approach" (2009), on R. Pike's method. Where no repeat is inside another one, backtracking
over a short text is harmless, and Python's engine does it, which is quicker.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from sn.lisp.patterns import Do, Reading
from sn.memory import need

_HARMLESS: Final = 10_000_000  # steps that backtracking may take at most; chosen here: 0.1 s
_KEPT: Final = 256  # patterns
_EXACT: Final = 8  # loops in one another up to which groups are always Python's; chosen here
_FEW: Final = 20  # groups and choices: Python's compiler of patterns recurses

# plain numbers: a member of an enumeration takes as long to look up as a step
_SET, _GO, _SPLIT = int(Do.SET), int(Do.GO), int(Do.SPLIT)
_FORGET, _ROUND, _MATCH, _START = int(Do.FORGET), int(Do.ROUND), int(Do.MATCH), int(Do.START)

_Way: TypeAlias = tuple[int, tuple[int, ...]]  # the next step, and what was noted on the way


@dataclass(frozen=True, slots=True)
class Match:
    """A match in a text: the places where it starts and ends, then those of each group."""

    text: str
    places: tuple[int, ...]

    @property
    def start(self) -> int:
        """The place of its first character, from 0."""
        return self.places[0]

    @property
    def end(self) -> int:
        """The place behind its last character."""
        return self.places[1]

    def __getitem__(self, group: int) -> str:
        """Return what a group matched last, "" if nothing; group 0 is the whole match."""
        start, end = self.places[2 * group : 2 * group + 2]
        return self.text[start:end] if end >= 0 else ""


class Pattern:
    """A regular expression. `n_groups` counts its pairs of parentheses.

    Raises: EvalError for one that cannot be read, MemoryLimitError for one that is too large.
    """

    def __init__(self, text: str) -> None:
        reading = Reading(text)
        self.n_groups = reading.n_groups
        self._steps = [
            (int(step.do), step.x, step.y, step.chars, step.loops) for step in reading.steps
        ]
        n_slots = 2 * reading.n_groups + 2 + reading.n_loops
        need(8 * len(self._steps) * n_slots, "the groups of this regular expression")
        self._nothing_noted = (-1,) * n_slots
        self._n_repeats, self._n_choices = reading.n_repeats, reading.n_choices
        self._quick: re.Pattern[str] | None = None
        if not reading.is_nested and reading.n_choices + reading.n_groups < _FEW:
            self._quick = re.compile(reading.python, re.DOTALL)

    def match(self, text: str) -> Match | None:
        """Return the match of the whole text, None if it does not match."""
        if self._quick is not None and self._is_harmless(len(text), self._n_repeats):
            return _found(text, self._quick.fullmatch(text))
        return self._run(text, 0, is_whole=True)

    def search(self, text: str, start: int = 0) -> Match | None:
        """Return the first match that starts at or behind `start`."""
        if self._quick is not None and self._is_harmless(len(text), self._n_repeats + 1):
            return _found(text, self._quick.search(text, start))
        return self._run(text, start)

    def matches(self, text: str) -> Iterator[Match]:
        """Yield the matches that follow one another; an empty one may touch the one before it."""
        if self._quick is not None and self._is_harmless(len(text), self._n_repeats + 1):
            for quick in self._quick.finditer(text):
                yield Match(text, _places(quick))
            return
        found = self._run(text, 0)
        while found is not None:
            yield found
            barred = found.end if found.end == found.start else -1
            found = self._run(text, found.end, barred=barred)

    def _is_harmless(self, length: int, power: int) -> bool:
        """Tell whether backtracking over so many characters takes few steps, whatever they are."""
        n_ways: int = (length + 1) ** power * 2**self._n_choices
        return n_ways * len(self._steps) <= _HARMLESS

    def _run(
        self, text: str, start: int, *, is_whole: bool = False, barred: int = -1
    ) -> Match | None:
        """Return the match from `start` on that a backtracking engine finds first.

        It is not an empty one at the place `barred`.
        """
        steps = self._steps
        found: tuple[int, ...] | None = None
        ways: list[_Way] = []
        for place in range(start, len(text) + 1):
            if found is None and (place == start or not is_whole):
                ways.append((0, (place, *self._nothing_noted[1:])))
            elif not ways:
                break
            waiting, matched = self._advance(ways, text, place, is_whole, barred)
            found = matched or found
            if place == len(text):
                break
            char = text[place]
            ways = []
            for number, noted in waiting:
                chars = steps[number][3]
                if not chars or char in chars:  # the step for any character lists none
                    ways.append((number + 1, noted))
        return Match(text, found[: 2 * self.n_groups + 2]) if found is not None else None

    def _advance(
        self, ways: list[_Way], text: str, place: int, is_whole: bool, barred: int
    ) -> tuple[list[_Way], tuple[int, ...] | None]:
        """Follow all ways to steps that take a character; what is behind a match comes too late."""
        steps = self._steps
        waiting: list[_Way] = []
        seen: set[int | tuple[int, ...]] = set()
        todo = ways[::-1]
        while todo:
            number, noted = todo.pop()
            do, x, y, _, loops = steps[number]
            # whether a round of a loop has taken a character yet decides how it goes on
            key: int | tuple[int, ...] = number
            if loops:
                fresh = [noted[slot] == place for slot in loops]
                # of each loop; of more than that there would be 2 to their number ways
                key = (number, *fresh) if len(loops) <= _EXACT else (number, sum(fresh))
            if key in seen:
                continue
            seen.add(key)
            if do <= _SET:
                waiting.append((number, noted))
            elif do == _SPLIT:
                todo += ((number + y, noted), (number + x, noted))
            elif do == _GO:
                todo.append((number + x, noted))
            elif do <= _FORGET:
                what = -1 if do == _FORGET else place
                todo.append((number + 1, (*noted[:x], what, *noted[x + 1 :])))
            elif do == _ROUND:
                todo.append((number + (y if noted[x] == place else 1), noted))
            elif do == _MATCH:
                is_barred = noted[0] == place == barred
                if not is_barred and not (is_whole and place < len(text)):
                    return waiting, (noted[0], place, *noted[2:])
            elif place == 0 if do == _START else text[place : place + 2] in ("", "\n"):
                todo.append((number + 1, noted))
        return waiting, None


@functools.lru_cache(maxsize=_KEPT)
def pattern(text: str) -> Pattern:
    """Return a regular expression, made once; errors as in `Pattern`."""
    return Pattern(text)


def _found(text: str, quick: re.Match[str] | None) -> Match | None:
    return None if quick is None else Match(text, _places(quick))


def _places(quick: re.Match[str]) -> tuple[int, ...]:
    return tuple(place for ends in quick.regs for place in ends)
