"""Worker: runs cases one after the other, and says on stdout of each that it starts and ends.

    python -m scripts.fuzz.worker TARGET SEED FIRST LAST

A line is `start N`, then `end N SECONDS BYTES`, with the time of the processor, which other work on
the machine leaves alone, and the peak memory of the process so far; or before it `fault N WORDS`,
for an error that is not the user's.
"""

from __future__ import annotations

import faulthandler
import os
import resource
import sys
import time
import warnings
from typing import TextIO

from scripts.fuzz.targets import TARGETS, Target
from sn import memory
from sn.errors import SnError

MOST = 300_000_000  # bytes that a case may take at once


def main(name: str, seed: int, first: int, last: int) -> None:
    """Run the cases from `first` to `last`, without it."""
    faulthandler.enable()
    warnings.simplefilter("error")  # a warning of NumPy would be on the user's screen
    memory.set_limit(MOST)
    with os.fdopen(os.dup(1), "w", buffering=1) as out:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        _run(TARGETS[name], seed, range(first, last), out)


def _run(target: Target, seed: int, numbers: range, out: TextIO) -> None:
    for number in numbers:
        print(f"start {number}", file=out)
        began = time.process_time()
        try:
            target.run(number, seed)
        except SnError:
            pass
        except BaseException as error:
            words = f"{type(error).__name__}: {error}".replace("\n", " ")[:300]
            print(f"fault {number} {words}", file=out)
            if isinstance(error, SystemExit):
                raise
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(f"end {number} {time.process_time() - began:.3f} {peak}", file=out)


if __name__ == "__main__":
    main(sys.argv[1], *(int(word) for word in sys.argv[2:5]))
