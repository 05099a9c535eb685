"""Worker: a process that evaluates one text after the other, and may be ended at any time.

    python -m sn.lsp.worker

Jobs come as lines of JSON, results go as lines of JSON. Whatever a program prints goes nowhere, and
it reads nothing: the pipes are moved away before anything else happens.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import BinaryIO

import msgspec

from sn.lsp.findings import Job, Result

# what is imported late otherwise, and what is made once, before the first job comes
_FIRST = "(defnet n (layer a (4 4)) (layer b (2 2)) (connect a b (conv (kernel 3 3))))"
READY = 0  # the number of the result that says so


def main() -> None:
    """Answer jobs until no more come."""
    jobs, results = _own_pipes()
    from sn.lsp.check import check  # brings NumPy; a program must not find the pipes by then
    from sn.memory import collect_less_often  # as above

    collect_less_often()
    for _ in check(Job(READY, "first.sn", _FIRST, 60)):
        pass
    _send(results, Result(READY, is_last=True))
    decoder = msgspec.json.Decoder(Job)
    for line in jobs:
        for result in check(decoder.decode(line)):
            _send(results, result)
        gc.collect()


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Return the pipes that this process was given, and lead what it is given instead nowhere."""
    jobs, results = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return jobs, results


def _send(results: BinaryIO, result: Result) -> None:
    results.write(msgspec.json.encode(result) + b"\n")
    results.flush()


if __name__ == "__main__":
    try:
        main()
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(1)
