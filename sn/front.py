"""Front: where a process that is `sn` begins and ends, which Ctrl-C may reach before and after.

Before the commands are there to take it, and after they have told what became of it, an interrupt
would end in a trace of Python's.
"""

from __future__ import annotations

import signal
import sys

INTERRUPTED = 130


def main() -> int:
    """Run the command line of this process and return its exit code, as `sn.commands.main`."""
    try:
        from sn.commands import main as command  # with click: a tenth of a second of what is to be

        return command()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    finally:
        # all is done and told; what Python tears down now leaves a trace, or the signal ends it
        signal.signal(signal.SIGINT, signal.SIG_IGN)
