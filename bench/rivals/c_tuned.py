"""C written by hand for this one network, with 8 lanes (AVX2) and with 16 (AVX-512)."""

from __future__ import annotations

from bench.native import native, needs_gcc
from bench.rival import Rival

RIVALS = (
    Rival("C, tuned, 8 lanes", needs_gcc("avx2", "fma"), native("c_narrow.c"), cores=1),
    Rival("C, tuned, 16 lanes", needs_gcc("avx512f", "avx512vl"), native("c_wide.c"), cores=1),
)
