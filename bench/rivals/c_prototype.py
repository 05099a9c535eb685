"""C with 8 lanes that keeps the kernel structure of SN's prototype: the floor that SN is held to.

The prototype was a program for this one net, written to see what a compiler could reach. Its plan
(maps in the lanes, 12 padded to 16, groups packed, loops layer by layer) is written down in C, so
that the race needs nothing else.
"""

from __future__ import annotations

from bench.native import native, needs_gcc
from bench.rival import Rival

RIVALS = (
    Rival(
        "C, the prototype's structure",
        needs_gcc("avx2", "fma"),
        native("c_prototype.c"),
        cores=1,
    ),
)
