"""Net words: trained nets as values of Lisp, opened from a run, which predict.

    (setq net (open-net "runs/zipcode"))
    (net-predict net patterns)

Each word is one method of `TrainedNet`; matrices come and go as matrices. Read next:
trained/net.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sn.builtins.matrix import Matrix, from_numbers
from sn.data.readers.arrays import Arrays
from sn.describe.world import World
from sn.errors import EvalError, ValueKindError, did_you_mean
from sn.lisp.calls import builtin
from sn.lisp.forms import Pair, Shown, Value, elements, to_list
from sn.lisp.machine import Machine
from sn.live.net import WEIGHT
from sn.trained.net import TrainedNet, open_trained
from sn.trained.places import trained_file

Patterns = Matrix | Pair


class LispNet(Shown):
    """A trained net as a value of Lisp."""

    noun = "trained net"
    __slots__ = ("net",)

    def __init__(self, net: TrainedNet) -> None:
        self.net = net

    def show(self, numbers: object) -> str:
        """Return the printed name."""
        return f"::NET:{self.net.name}"


@builtin("open-net", locked=False)
def open_net(it: Machine, run: str) -> LispNet:
    """(open-net "RUN")

    Open the trained net of a run: its folder, or its file NAME.sn.safetensors. Nothing of the
    program that described it is evaluated.
    """
    return LispNet(open_trained(_path(it, run)))


@builtin("net-predict", locked=False)
def predict(net: LispNet, patterns: Patterns) -> Value:
    """(net-predict net patterns)

    Return what a trained net says of each row of a matrix, or of a list of lists: the class, as
    a number or a string; of values, or several labels, a matrix with a row for each pattern.
    """
    found = net.net.predict(_numbers(patterns))
    if found.ndim == 1:
        return to_list(item if isinstance(item, str) else float(item) for item in found.tolist())
    return _matrix(found)


@builtin("net-outputs", locked=False)
def outputs(net: LispNet, patterns: Patterns) -> Matrix:
    """(net-outputs net patterns)

    Return the states of the output units, a row for each pattern.
    """
    return _matrix(net.net.outputs(_numbers(patterns)))


@builtin("net-states", locked=False)
def states(net: LispNet, patterns: Patterns, layer: str) -> Matrix:
    """(net-states net patterns "LAYER")

    Return the states of a layer in its shape; of several patterns, one behind the other.
    """
    return _matrix(net.net.states(_numbers(patterns), layer))


@builtin("net-weights", locked=False)
def weights(net: LispNet, name: str | None = None) -> Value:
    """(net-weights net ["NAME"])

    Return the weights with a name, such as "h2.weight"; without one, the list of names.
    """
    return _named(net.net.weights, name, net)


@builtin("net-curvature", locked=False)
def curvature(net: LispNet, name: str | None = None) -> Value:
    """(net-curvature net ["NAME"])

    Return the curvatures of the weights with a name; without one, the list of names. () where the
    optimizer kept none.
    """
    found = net.net.curvature
    return None if found is None else _named(found, name, net)


@builtin("net-test", locked=False)
def test(net: LispNet, which: str | Patterns = "test", targets: Patterns | None = None) -> Value:
    """(net-test net ["SET"]) or (net-test net patterns targets)

    Return error, misses and number of patterns: on "test", "train" or "validation" of the data set
    that the net was trained on, or on patterns with what is desired of each. The misses are ()
    where nothing is right or wrong.
    """
    scores = net.net.test(*_on(net, which, targets))
    misses = None if scores.misses is None else float(scores.misses)
    return to_list([scores.error, misses, float(scores.patterns)])


@builtin("net-confusion", locked=False)
def confusion(
    net: LispNet, which: str | Patterns = "test", targets: Patterns | None = None
) -> Matrix:
    """(net-confusion net ["SET"]) or (net-confusion net patterns targets)

    Return how many patterns of each class were taken for which: a row for each right class.
    """
    return _matrix(net.net.confusion(*_on(net, which, targets)))


@builtin("net-train", locked=False)
def train(it: Machine, net: LispNet, passes: int | None = None) -> LispNet:
    """(net-train net [passes])

    Train further from the weights of a net, as its program says, and return the net that comes
    out; the old one stays as it is.
    """
    world: World = it.world
    if world.train_further is None:
        raise EvalError("net-train needs a session; there is none here")
    return LispNet(world.train_further(net.net, passes))


def _on(net: LispNet, which: str | Patterns, targets: Patterns | None) -> tuple[str, Any]:
    """Return the set to look at, and the data that it is of: None for that of the training."""
    if isinstance(which, str):
        return which, None
    if targets is None:
        raise EvalError("patterns need targets behind them: a row for each pattern")
    about = net.net.about
    return "train", Arrays(_numbers(which), _numbers(targets), about.kind, about.classes)


def _path(it: Machine, run: str) -> Path:
    """Return the file of a trained net; a relative name starts where those of files do.

    Raises: NotAllowedError where the program may not read it.
    """
    path = it.files.current / run
    it.files.gate.check_read(path)
    file = trained_file(path)
    it.files.gate.check_read(file)
    return file


def _numbers(patterns: Patterns) -> Any:
    """Return the numbers of a matrix, or of a list, or of a list of lists."""
    if isinstance(patterns, Matrix):
        return patterns.numbers()
    rows = [elements(row) if type(row) is Pair else row for row in elements(patterns)]
    try:
        return np.array(rows, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueKindError(
            "patterns are a matrix, a list of numbers, or a list of such lists of equal length"
        ) from error


def _matrix(numbers: Any) -> Matrix:
    return from_numbers(np.asarray(numbers, np.float64))


def _named(arrays: dict[str, Any], name: str | None, net: LispNet) -> Value:
    if name is None:
        return to_list(list(arrays))
    if name not in arrays:
        hint = did_you_mean(name, arrays) or "it has: " + ", ".join(arrays)
        raise EvalError(f"net {net.net.name} has no weights '{name}'", hint=hint)
    return _matrix(arrays[name])


@builtin("net-into-live", locked=False)
def into_live(it: Machine, net: LispNet) -> LispNet:
    """(net-into-live net)

    Give the weights of a trained net to the live net, where (live-net 'NAME) made it of the same
    net forms.
    """
    world: World = it.world
    _demand_same(world, net)
    world.live.weights[WEIGHT, : world.live.n_weights] = net.net.weight_vector
    return net


@builtin("net-of-live", locked=False)
def of_live(it: Machine, net: LispNet) -> LispNet:
    """(net-of-live net)

    Return a trained net like this one with the weights of the live net, to predict and to test.
    """
    world: World = it.world
    _demand_same(world, net)
    weights = world.live.weights[WEIGHT, : world.live.n_weights].copy()
    return LispNet(net.net.with_weights(weights))


def _demand_same(world: World, net: LispNet) -> None:
    live, table = world.live, net.net.table
    alive = live.alive()
    same = live.n_weights == table.n_weights and np.array_equal(
        np.sort(live.wid[alive]), np.sort(table.wid)
    )
    if not same:
        raise EvalError(
            f"the live net is not {net.net.name}: {live.n_weights} weights, not {table.n_weights}",
            hint=f"(live-net '{net.net.name}) makes it the live one",
        )
