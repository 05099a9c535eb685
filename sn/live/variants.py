"""Variants: the four kernels of SN 2.8, which differ in where weights and learning rates live.

Source: SN 2.8 (sn-network, 1).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variant:
    """One kernel. `has_table`: weights are records that connections may share (ITERATIVE);
    `has_curvature`: second derivatives (NEWTON); `has_steps`: a learning rate for each connection
    instead of each unit (SYNEPSILON).
    """

    name: str
    has_table: bool
    has_curvature: bool
    has_steps: bool


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant("sn28", has_table=False, has_curvature=False, has_steps=False),
        Variant("sn28ite", has_table=True, has_curvature=False, has_steps=False),
        Variant("sn28new", has_table=False, has_curvature=True, has_steps=True),
        Variant("sn28itenew", has_table=True, has_curvature=True, has_steps=True),
    )
}
ALL = VARIANTS["sn28itenew"]  # which knows every word
