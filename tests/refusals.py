"""Refusals: programs that are to be refused at once, at a place."""

from __future__ import annotations

import time

import pytest

from sn.errors import SnError
from sn.session import Session


def refused(program: str) -> SnError:
    """Return the error of a program, which comes at once and has a place."""
    started = time.monotonic()
    with pytest.raises(SnError) as caught:
        Session().evaluate(program, "test.sn")
    assert time.monotonic() - started < 10
    assert caught.value.span is not None
    return caught.value
