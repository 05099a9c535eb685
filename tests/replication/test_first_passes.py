"""The first passes of the 1989 net, frozen: a change of any number has to be explained."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import sn
from sn.shipped import nets_folder

pytestmark = pytest.mark.kernels


@pytest.mark.parametrize(
    ("net", "optimizer"), [("zipcode", "newton"), ("zipcode", "sgd"), ("ladder/0-1989", "sgd")]
)
def test_the_first_two_passes_are_frozen(
    net: str,
    optimizer: str,
    golden: Callable[[str, str], None],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On the embedded digits, seed 0. The outputs are the same bits everywhere; NumPy adds their
    squares up in an order of the CPU's own, which the last digits left out here would show.
    """
    monkeypatch.setenv("SN_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.delenv("SN_DATA", raising=False)
    record = sn.load(nets_folder() / f"{net}.sn").experiment().train(passes=2, optimizer=optimizer)
    assert record.data.name == "mnist-1989"
    assert record.passes[1].train.error < record.passes[0].train.error < 0.12
    lines = [
        f"pass {one.number}  train {one.train.half_squares:.12e} {one.train.misses}  "
        f"test {one.test.half_squares:.12e} {one.test.misses}"
        for one in record.passes
    ]
    golden(f"curves/{net}-{optimizer}.txt", "\n".join(lines) + "\n")
