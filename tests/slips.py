"""Slips of newcomers: a program, and what its message must say; and the net that most are in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from sn.errors import SnError, render
from sn.session import Session

NET = """(defnet n
  (layer input (16 16) (border -1))
  (layer h1 (4 8 8))
  (layer h2 (2 4 4))
  (layer output (10))
  (connect input h1 (conv (kernel 5 5) (stride 2 2)))
  (connect h1 h2 (conv (kernel 2 2) (stride 2 2) (maps '((0 1) (1 2 3)))))
  (connect h2 output (full)))
"""


EXPERIMENT = f"""{NET}(setq rate 0.003)
(experiment n
  (data (first-available "zipcode" "mnist-1989"))
  (optimizer sgd (sgd (learning-rate rate)))
  (passes 5))
"""


@dataclass(frozen=True)
class Slip:
    """A program, the place of its fault, and pieces of the message and of the hint."""

    program: str
    place: str
    message: str
    hint: str


def slip(program: str, place: str, message: str, hint: str) -> Slip:
    """A slip in a program of its own."""
    return Slip(program, place, message, hint)


def net(old: str, new: str, place: str, message: str, hint: str, base: str = NET) -> Slip:
    """A slip that is one change to the net."""
    assert old in base, f"the net no longer has {old}"
    return Slip(base.replace(old, new, 1), place, message, hint)


def experiment(old: str, new: str, place: str, message: str, hint: str) -> Slip:
    """A slip that is one change to the experiment."""
    return net(old, new, place, message, hint, EXPERIMENT)


def named(**kinds: Mapping[str, Slip]) -> dict[str, Slip]:
    """Return the slips of several kinds, by kind and name."""
    return {f"{kind}-{name}": one for kind, table in kinds.items() for name, one in table.items()}


def check(found: Slip) -> None:
    """Hold the message of a program to place, words and hint, and to a length."""
    with pytest.raises(SnError) as caught:
        Session().evaluate(found.program, "n.sn")
    error = caught.value
    shown = render(error, lambda file: found.program)
    assert str(error.span) == f"n.sn:{found.place}", shown
    assert found.message in error.message, shown
    assert found.hint in (error.hint or ""), shown
    assert len(shown) < 2000
