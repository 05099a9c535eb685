"""Windows that do not fit: each change that the hint offers makes the same net fit."""

from __future__ import annotations

import itertools
import re

import pytest

from sn.errors import NetError
from sn.session import Session

CASES = [
    (n, n_src, kernel, step, gap)
    for n, n_src, kernel, step, gap in itertools.product(
        (1, 3, 5), (7, 8, 16), (1, 3, 4), (1, 2, 3), (1, 2)
    )
]


def build(scheme: str, n: int, n_src: int, kernel: int, step: int, gap: int) -> None:
    """Connect a line of `n_src` units to one of `n` by windows."""
    dilation = f" (dilation {gap})" if gap > 1 else ""
    window = f"({scheme} (kernel {kernel}) (stride {step}){dilation})"
    Session().evaluate(
        f"(defnet n (layer i ({n_src})) (layer o ({n})) (connect i o {window}))", "n.sn"
    )


def offers(hint: str | None) -> dict[str, int]:
    """Return the changes that a hint offers, by what changes."""
    found = re.findall(r"(\d+) units in (\w)|a (kernel|stride) of (\d+)", hint or "")
    return {layer or what: int(size or number) for size, layer, what, number in found}


@pytest.mark.parametrize("scheme", ["conv", "subsample"])
def test_what_the_hint_offers_fits(scheme: str) -> None:
    refused = tried = 0
    for n, n_src, kernel, step, gap in CASES:
        if scheme == "subsample" and gap > 1:
            continue
        try:
            build(scheme, n, n_src, kernel, step, gap)
        except NetError as error:
            refused += 1
            found = offers(error.hint)
            assert found or "at most" in (error.hint or ""), error.hint
            sizes = {"o": n, "i": n_src, "kernel": kernel, "stride": step}
            for what, number in found.items():
                changed = {**sizes, what: number}
                build(scheme, changed["o"], changed["i"], changed["kernel"], changed["stride"], gap)
                tried += 1
    assert refused > 20 and tried > 50
