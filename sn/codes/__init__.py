"""Codes: the kinds of errors and warnings, each with a number that stays, and what explains it.

    error[SN0303]: input has maps 0 to 11, not 12

The number names a kind, not a sentence: sentences get better, a kind stays what it is. The first
two digits are the stage that tells it. `explanation` is what `sn explain SN0303` prints, from
`explanations.md`, where each kind has a section; tests run the programs in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Code(StrEnum):
    """The kinds; a number that was given once is never given to another kind."""

    # reading
    TEXT = "SN0100"
    BRACKET = "SN0101"
    STRING = "SN0102"
    CHARACTER = "SN0103"
    PREFIX = "SN0104"
    # evaluation
    EVALUATION = "SN0200"
    UNKNOWN = "SN0201"
    COUNT = "SN0202"
    KIND = "SN0203"
    LIMIT = "SN0204"
    TWICE = "SN0205"
    OUTSIDE = "SN0206"
    DEPTH = "SN0207"
    # nets
    NET = "SN0300"
    UNCONNECTED = "SN0301"
    WINDOW = "SN0302"
    TABLE = "SN0303"
    EXPECT = "SN0304"
    BACKWARDS = "SN0305"
    FORMULA = "SN0306"
    INPUT = "SN0307"
    LAYER_TWICE = "SN0308"
    COMPILER = "SN0309"
    # data
    DATA = "SN0400"
    ABSENT = "SN0401"
    MISFIT = "SN0402"
    FIELD = "SN0403"
    # training
    TRAINING = "SN0500"
    DIVERGED = "SN0501"
    NO_EXPERIMENT = "SN0502"
    ANOTHER_RUN = "SN0503"
    # files, memory and what is allowed
    FILE = "SN0600"
    NOT_ALLOWED = "SN0601"
    MEMORY = "SN0602"
    STOPPED = "SN0603"
    # warnings
    WARNING = "SN0700"
    LOOSE_END = "SN0701"
    RATE = "SN0702"
    ORDER = "SN0703"
    NOTHING_LEARNED = "SN0704"
    OTHER_DATA = "SN0705"
    # SN itself
    INTERNAL = "SN0900"


STAGES = {
    "SN01": "reading",
    "SN02": "evaluation",
    "SN03": "nets",
    "SN04": "data",
    "SN05": "training",
    "SN06": "files and limits",
    "SN07": "warnings",
    "SN09": "SN itself",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a kind of error is: a title, and a text with an example of wrong and right."""

    code: Code
    title: str
    text: str

    @property
    def programs(self) -> dict[str, str]:
        """The programs of the text, by the word before each: `wrong`, `right`."""
        found = re.findall(r"^(Wrong|Right)[^\n]*:\n\n((?:    [^\n]*\n|\n)+)", self.text, re.M)
        return {
            word.lower(): re.sub(r"^    ", "", code, flags=re.M).strip("\n") for word, code in found
        }


def explanations() -> dict[Code, Explanation]:
    """Return what explains each kind, in the order of their numbers."""
    text = Path(__file__).with_name("explanations.md").read_text(encoding="utf-8")
    found = {}
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        title, _, body = section.partition("\n")
        number, _, name = title.partition(": ")
        code = Code(number)
        found[code] = Explanation(code, name, body.strip("\n") + "\n")
    return found
