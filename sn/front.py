"""Front: where a process that is `sn` begins and ends, which Ctrl-C may reach before and after.

Before the commands are there to take it, and after they have told what became of it, an interrupt
would end in a trace of Python's.
"""

from __future__ import annotations

import gc
import os
import signal
import sys

INTERRUPTED = 130


def main() -> int:
    """Run the command line of this process and return its exit code, as `sn.commands.main`."""
    try:
        _open_streams()
        from sn.memory import collect_less_often  # an interrupt may come meanwhile

        collect_less_often()
        from sn.commands import main as command  # with click: a tenth of a second of what is to be

        return command()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    finally:
        # all is done and told; what Python tears down now leaves a trace, or the signal ends it
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        gc.freeze()  # nor need the collector go through millions of cells for the last time


def _open_streams() -> None:
    """Let streams that were closed by who started this lead nowhere, as in `sn run FILE >&-`.

    Else the next file that is opened takes the place of one of them, and what is printed.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - it stays
