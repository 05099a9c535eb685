"""Straightforward C: plain nested loops, everything else left to gcc."""

from __future__ import annotations

from bench.native import native, needs_gcc
from bench.rival import Rival

RIVALS = (Rival("C, plain loops", needs_gcc(), native("c_loops.c", "-ffast-math"), cores=1),)
