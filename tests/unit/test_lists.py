"""What words on lists take: as many steps as they need, however long the list is."""

from __future__ import annotations

import time
from collections.abc import Callable

from sn.builtins.lists import nfirst, nth, nthcdr
from sn.lisp.forms import List, to_list


def seconds(work: Callable[[], object]) -> float:
    """Return the least time of five turns, which other processes disturb least."""
    found = []
    for _ in range(5):
        begun = time.perf_counter()
        work()
        found.append(time.perf_counter() - begun)
    return min(found)


def test_an_element_is_found_without_a_walk_to_the_end() -> None:
    def some(numbers: List) -> Callable[[], object]:
        return lambda: (nth(3000.0, numbers), nthcdr(3000, numbers), nfirst(3000, numbers))

    short, long = to_list(map(float, range(3100))), to_list(map(float, range(310_000)))
    assert seconds(some(long)) < 5 * seconds(some(short))
    assert nth(3000.0, long) == 3000.0
