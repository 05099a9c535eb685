"""What `--explain` tells: how the loops of SN 2.8's library ran, and why not otherwise."""

from __future__ import annotations

from collections.abc import Mapping

from sn.commands._texts import print_text
from sn.display import many


def tell_loops(loops: Mapping[tuple[str, str], int]) -> None:
    """Say on stderr how often each loop ran in compiled code, or for which reason in Lisp.

    `loops`: by (name, reason), the reason "" where it ran compiled; "fast" counts, of those, the
    loops on the compiler's kernels.
    """
    if not loops:
        print_text("explain: no loop of SN 2.8's library ran", err=True)
        return
    for (name, reason), count in sorted(loops.items(), key=lambda one: (one[0][0] == "fast", one)):
        times = many(count, "time")
        if name == "fast":
            kept = f"not by the compiler's kernels: {reason}" if reason else ""
            text = f"{count} of these {kept or 'by the kernels of the compiler'}"
        else:
            text = f"{name}, {times} " + (f"in Lisp: {reason}" if reason else "in compiled code")
        print_text(f"explain: {text}", err=True)
