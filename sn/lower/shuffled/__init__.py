"""Shuffled: grids of two layers whose units were made in no order, read off their rows.

One door with two ways in: `shared_layout` where windows share weights, `unshared_layouts` where
they share only sites. README.md names the algorithms; the scope is frozen.
"""

from sn.lower.shuffled.shared_sites import Layout, shared_layout
from sn.lower.shuffled.unshared import unshared_layouts

__all__ = ["Layout", "shared_layout", "unshared_layouts"]
