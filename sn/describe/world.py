"""The world of a program: the nets and experiments it has described so far.

Net forms, SN's unit functions and the session share one; it hangs on the interpreter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sn.net.layer import Network
from sn.net.raw import RawNet, take_over
from sn.train.experiment import ExperimentSpec


@dataclass(slots=True)
class World:
    """What a program has described: nets and experiments by name, and the net being described."""

    networks: dict[str, Network] = field(default_factory=dict)
    experiments: dict[str, ExperimentSpec] = field(default_factory=dict)
    current: Network | None = None
    raw: RawNet = field(default_factory=RawNet)
    # raw units of the layers of the net being described
    taken: dict[str, list[int]] = field(default_factory=dict)
    # trains a trained net for so many passes more; the session knows how
    train_further: Callable[[Any, int | None], Any] | None = None


def settle(world: World, net: Network) -> None:
    """Add the connections that raw units brought along, once."""
    if world.taken:
        take_over(world.raw, net, world.taken)
        world.taken = {}
