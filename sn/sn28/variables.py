"""Variables: what a program of SN 2.8 finds set when it begins, and which kernel it runs on.

Source: SN 2.8 (sn-network, 1, 2.1 and 5.4).
"""

from __future__ import annotations

from sn.describe.world import STARTING, World
from sn.errors import ValueKindError, did_you_mean
from sn.lisp.calls import builtin
from sn.lisp.forms import Symbol
from sn.lisp.machine import Machine
from sn.live.net import LiveNet
from sn.live.variants import VARIANTS
from sn.live.walk import Walk
from sn.sn28.construction import tell_counts
from sn.sn28.nonlinear import standard_functions

# SN's numbers of fields, under the names of the variables that hold them
FIELD_NUMBERS = {
    **{"n-val": 1, "n-sum": 2, "n-grad": 3, "n-backsum": 4, "n-epsilon": 5, "n-ggrad": 8},
    **{"n-sqbacksum": 9, "n-sigma": 10, "n-spare": 11},
    **{"n-spare1": 11, "n-spare2": 12, "n-spare3": 13},
    **{"s-val": 1, "s-delta": 2, "s-acc": 3, "s-epsilon": 4, "s-sigma": 5, "s-hess": 6},
}


def define_variables(it: Machine) -> None:
    """Set the variables of a session."""
    for name, number in STARTING.items():
        it.define(name, number)
    for name, field in FIELD_NUMBERS.items():
        it.define(name, float(field))
    tell_counts(it, LiveNet())
    for name, function in zip(("nlf", "dnlf", "ddnlf"), standard_functions(), strict=True):
        it.define(name, function)


@builtin("sn28-kernel", locked=False)
def sn28_kernel(it: Machine, name: Symbol | None = None) -> Symbol:
    """(sn28-kernel [name])

    Choose one of SN 2.8's four kernels, sn28, sn28ite, sn28new or sn28itenew, and forget the net;
    without a name, tell which it is. It adds up as SN 2.8 did, to the bit, unless (numeric-mode
    'fast) or `sn run --fast` says otherwise.

    (sn28-kernel 'sn28ite)
    => sn28ite
    """
    world: World = it.world
    if name is not None:
        if name.name not in VARIANTS:
            raise ValueKindError(
                f"there is no kernel {name.name}", hint=did_you_mean(name.name, VARIANTS)
            )
        world.is_historical = True if world.chosen_mode is None else world.chosen_mode
        if VARIANTS[name.name] is not world.live.variant:
            world.walk = Walk(LiveNet(world.live.most, VARIANTS[name.name]))
            tell_counts(it, world.live)
    return it.intern(world.live.variant.name)


@builtin("iterative-mode")
def iterative_mode(it: Machine) -> bool:
    """(iterative-mode)

    Tell whether the kernel has weights that connections can share.

    (iterative-mode)
    => t
    """
    world: World = it.world
    return world.live.variant.has_table


@builtin("newton-mode")
def newton_mode(it: Machine) -> bool:
    """(newton-mode)

    Tell whether the kernel has second derivatives.

    (newton-mode)
    => t
    """
    world: World = it.world
    return world.live.variant.has_curvature


@builtin("synepsilon-mode")
def synepsilon_mode(it: Machine) -> bool:
    """(synepsilon-mode)

    Tell whether every connection has a learning rate of its own, instead of every unit.

    (synepsilon-mode)
    => t
    """
    world: World = it.world
    return world.live.variant.has_steps


@builtin("desired-mode")
def desired_mode() -> bool:
    """(desired-mode)

    Return (): no kernel keeps desired values in its units.

    (desired-mode)
    => ()
    """
    return False


@builtin("numeric-mode", locked=False)
def numeric_mode(it: Machine, mode: Symbol | None = None) -> Symbol:
    """(numeric-mode [mode])

    Choose how learn and its like compute: `historical`, in the order of SN 2.8 and to its bits, or
    `fast`, by the kernels that net forms are compiled to. Without a mode, tell which it is: fast
    until a kernel of SN 2.8 is chosen.

    (progn (numeric-mode 'historical) (numeric-mode))
    => historical
    """
    world: World = it.world
    modes = {"fast": False, "historical": True}
    if mode is not None:
        if mode.name not in modes:
            raise ValueKindError(
                f"there is no numeric mode {mode.name}", hint=did_you_mean(mode.name, modes)
            )
        world.choose_mode(modes[mode.name])
    return it.intern("historical" if world.is_historical else "fast")
