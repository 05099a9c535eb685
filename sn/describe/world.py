"""The world of a program: the nets and experiments it has described so far.

Net forms, SN's unit functions and the session share one; it hangs on the interpreter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sn.describe.axes import Axis
from sn.live.adopt import take_over
from sn.live.net import LiveNet
from sn.live.presenter import Presenter
from sn.live.walk import Walk
from sn.net.layer import Network
from sn.train.experiment import ExperimentSpec

# What the variables of SN 2.8's update rules are before a program sets them; by these very objects
# optimizers of net forms tell whether it did.
STARTING = {"theta": 0.0, "alpha": 0.0, "decay": 0.0, "gamma": 0.05, "mu": 0.05, "age": 0.0}


@dataclass(slots=True)
class World:
    """What a program has described: nets and experiments by name, and the net being described."""

    networks: dict[str, Network] = field(default_factory=dict)
    experiments: dict[str, ExperimentSpec] = field(default_factory=dict)
    current: Network | None = None
    sweep: tuple[Axis, ...] = ()  # what `sn sweep` varies, as the program says
    walk: Walk = field(default_factory=lambda: Walk(LiveNet()))  # of the live net
    # units of the live net in the layers of the net being described
    taken: dict[str, list[int]] = field(default_factory=dict)
    # what compiled loops over the live net keep, and how often each loop ran, compiled or, for a
    # reason, in Lisp
    presenters: dict[object, Presenter] = field(default_factory=dict)
    fast: dict[object, Any] = field(default_factory=dict)
    # the live net as one of net forms, and the net and its shape when that was made
    described: tuple[LiveNet, int, Network] | None = None
    # whether drivers add up in SN's order; None where nobody said
    is_historical: bool = False
    chosen_mode: bool | None = None
    told_loops: Counter[tuple[str, str]] = field(default_factory=Counter)
    # trains a trained net for so many passes more; the session knows how
    train_further: Callable[[Any, int | None], Any] | None = None

    def choose_mode(self, is_historical: bool) -> None:
        """Have drivers add up in SN's order or not, whatever kernel the program chooses."""
        self.is_historical = self.chosen_mode = is_historical

    @property
    def live(self) -> LiveNet:
        """The net that is made unit by unit."""
        return self.walk.net


def settle(world: World, net: Network) -> None:
    """Add the connections that units of the live net brought along, once."""
    if world.taken:
        take_over(world.live, net, world.taken)
        world.taken = {}
