"""What may be taken at once: the limit, how a size is written, and the refusal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sn import memory
from sn.errors import MemoryLimitError, SettingError, Span


@pytest.fixture(autouse=True)
def _limit_restored() -> Iterator[None]:
    yield
    memory.set_limit(None)


def test_what_is_within_the_limit_may_be_taken() -> None:
    memory.set_limit(1000)
    memory.need(1000, "a list of 10 numbers")


def test_what_is_above_the_limit_is_refused_with_its_size_and_place() -> None:
    memory.set_limit(1_000_000)
    span = Span("a.sn", 1, 2, 1, 9)
    with pytest.raises(MemoryLimitError) as caught:
        memory.need(24e9, "a list of 1,000,000,000 numbers", span)
    assert caught.value.message == (
        "a list of 1,000,000,000 numbers would take 24 GB, at most 1 MB are allowed"
    )
    assert caught.value.span == span
    assert "--memory" in str(caught.value.hint)


def test_a_limit_holds_for_a_block() -> None:
    memory.set_limit(1000)
    with memory.limited(2000):
        memory.need(2000, "a list of 20 numbers")
    with memory.limited(None):
        assert memory.limit() == 1000
    assert memory.limit() == 1000


def test_the_default_is_half_of_what_is_free() -> None:
    assert 1e6 < memory.limit() < 1e14
    with pytest.raises(MemoryLimitError):
        memory.need(2.5 * memory.limit(), "an array")


@pytest.mark.parametrize(
    ("text", "n_bytes"),
    [("500M", 500_000_000), ("4G", 4_000_000_000), ("1.5gb", 1_500_000_000), ("4096", 4096)],
)
def test_a_size_is_a_number_and_a_unit(text: str, n_bytes: int) -> None:
    assert memory.parse_size(text) == n_bytes


@pytest.mark.parametrize(
    "text", ["", "G", "-1G", "0", "1e9", "4 GG", "4G\nx", "²", "0.5", "9" * 400]
)
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match="a size of memory"):
        memory.parse_size(text)


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [(12, "12 bytes"), (1500, "1.5 kB"), (2.5e9, "2.5 GB"), (1e12, "1 TB"), (8e30, "8e+18 TB")],
)
def test_sizes_are_shown_in_units_of_a_thousand(n_bytes: float, text: str) -> None:
    assert memory.size_text(n_bytes) == text
