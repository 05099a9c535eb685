"""Initial weights: for each weight a law, the same bits in every process for the same seed.

A law makes a weight of one draw from U(-1, 1) and of the fan-in of the unit that the weight feeds.
Every weight has its draw whatever its law is, so that another law for one layer changes no other.

Source: SN 2.8, forget (constant), forget-inv (x / F), forget-sqrt (x / sqrt F); F counts the
bias, and biases are drawn like the other weights. LeCun 1989 prints +-2.4/F.
Read next: gaussian.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sn.errors import SettingError
from sn.limits import NOT_NEGATIVE, Limit, check_fields, setting
from sn.net.gaussian import gaussian
from sn.net.table import ConnectionTable
from sn.registry import Registry

Floats = NDArray[np.float64]

fan_in_law: Registry[Callable[[Floats], Floats]] = Registry("init law")


@fan_in_law("constant")
def constant(fan_in: Floats) -> Floats:
    """U(-X, X), or a deviation of S."""
    return np.ones_like(fan_in)


@fan_in_law("fan-in")
def fan_in(fan_in: Floats) -> Floats:
    """U(-X/F, X/F), or a deviation of S/F."""
    return 1 / fan_in


@fan_in_law("sqrt-fan-in")
def sqrt_fan_in(fan_in: Floats) -> Floats:
    """U(-X/sqrt F, X/sqrt F), or a deviation of S/sqrt F."""
    return 1 / np.sqrt(fan_in)


def philox_key(seed: int, purpose: int) -> NDArray[np.uint64]:
    """Return the key of the stream that serves one purpose under a seed of 64 bits.

    The type is said, because NumPy makes floats of a seed from 2^63 on beside a small number.
    """
    return np.array([seed, purpose], np.uint64)


class Law(Protocol):
    """What makes initial weights; `str` gives it as a program writes it."""

    def values(self, draws: Floats, fan_in: Floats, wid: NDArray[np.intp]) -> Floats:
        """Return the weights `wid`, (n,) float64, each from its draw of U(-1, 1) and its fan-in."""
        ...


init_law: Registry[type[Law]] = Registry("init")


@init_law("uniform")
@dataclass(frozen=True, slots=True)
class Uniform:
    """(uniform X [LAW]): evenly from -X to X, times a function of the fan-in F.

    LAW is constant, unless said otherwise, fan-in or sqrt-fan-in.
    """

    scale: float = setting(NOT_NEGATIVE, 2.4)
    law: str = "constant"

    def __post_init__(self) -> None:
        check_fields(self)

    def values(self, draws: Floats, fan_in: Floats, wid: NDArray[np.intp]) -> Floats:
        """Return the draws, times the width of each weight."""
        return draws * (self.scale * fan_in_law.get(self.law)(fan_in))

    def __str__(self) -> str:
        return f"(uniform {self.scale:.9g} {self.law})"


WIDEST = 1e37  # the largest quantile of a draw is 8.3: no weight is infinite in float32


@init_law("gaussian")
@dataclass(frozen=True, slots=True)
class Gaussian:
    """(gaussian S [LAW]): of mean 0 and standard deviation S, times a function of the fan-in F.

    LAW is constant, unless said otherwise, fan-in or sqrt-fan-in.
    """

    sigma: float = setting(NOT_NEGATIVE, 1.0)
    law: str = "constant"

    def __post_init__(self) -> None:
        check_fields(self)
        if self.sigma > WIDEST:
            raise SettingError(f"the deviation must be at most {WIDEST:g}, found {self.sigma:g}")

    def values(self, draws: Floats, fan_in: Floats, wid: NDArray[np.intp]) -> Floats:
        """Return the quantiles of the draws, times the deviation of each weight."""
        return gaussian(draws) * (self.sigma * fan_in_law.get(self.law)(fan_in))

    def __str__(self) -> str:
        return f"(gaussian {self.sigma:.9g} {self.law})"


@init_law("constant")
@dataclass(frozen=True, slots=True)
class Constant:
    """(constant X): X for every weight.

    Units of a layer whose weights are all equal stay equal, so this is for biases.
    """

    value: float = setting(Limit(), 0.0)

    def __post_init__(self) -> None:
        check_fields(self)

    def values(self, draws: Floats, fan_in: Floats, wid: NDArray[np.intp]) -> Floats:
        """Return the constant as often as there are draws."""
        return np.full(len(draws), float(self.value))

    def __str__(self) -> str:
        return f"(constant {self.value:.9g})"


@init_law("function")
@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """(function F): what F gives for the place of each weight.

    F takes the indices of the weight, from 0 on, in its array as Python has it in
    `record.weights`: (lambda (map from row col) ...) for windows, (lambda (unit from) ...) for
    full connections. It is called when the experiment is read, and may draw by (rand).
    """

    numbers: Floats  # (n_weights,) float64, NaN for the weights of other laws

    def values(self, draws: Floats, fan_in: Floats, wid: NDArray[np.intp]) -> Floats:
        """Return the numbers given."""
        return self.numbers[wid]

    def __str__(self) -> str:
        digest = hashlib.sha256(self.numbers.astype("<f8").tobytes()).hexdigest()[:8]
        return f"(function [{digest}])"


@dataclass(frozen=True, slots=True)
class LayerInit:
    """The laws of the weights into one layer; None: as in all layers."""

    weights: Law | None = None
    biases: Law | None = None


@dataclass(frozen=True, slots=True)
class Init:
    """The laws of all weights; `biases` None: as the weights, which is what SN does.

    Biases are the weights of connections from the bias unit alone. What a layer says of its
    weights holds for its biases too, unless it or the whole says something of biases.
    """

    weights: Law = field(default_factory=lambda: Uniform(2.4, "fan-in"))
    biases: Law | None = None
    layers: Mapping[str, LayerInit] = field(default_factory=dict)

    def draw(self, table: ConnectionTable, seed: int) -> NDArray[np.float32]:
        """Return initial weights in weight order: (n_weights,) float32.

        The stream depends on the seed alone (Philox, counter-based), one draw per weight.
        """
        stream = np.random.Generator(np.random.Philox(key=philox_key(seed, 0x1989)))
        draws = stream.uniform(-1.0, 1.0, table.n_weights)
        fan_in = table.fan_in_of_weight.astype(float)
        drawn = np.zeros(table.n_weights)
        for law, wid in self.parts(table):
            drawn[wid] = law.values(draws[wid], fan_in[wid], wid)
        return drawn.astype(np.float32)

    def parts(self, table: ConnectionTable) -> Iterator[tuple[Law, NDArray[np.intp]]]:
        """Yield each law with the numbers of its weights, ascending.

        A weight that several layers share belongs to the last, as its fan-in does.
        """
        layer = np.full(table.n_weights, -1)
        layer[table.wid] = table.layer_of[table.dst]
        is_bias = np.ones(table.n_weights, bool)
        is_bias[table.wid[table.src != 0]] = False
        # the weights of a layer, then its biases: part 2 n and 2 n + 1 of layer n - 1
        part = 2 * (layer + 1) + is_bias
        order = np.argsort(part, kind="stable")
        ends = np.searchsorted(part[order], np.arange(2 * len(table.layers) + 3))
        for index in range(-1, len(table.layers)):
            own = self.layers.get(table.layers[index].name) if index >= 0 else None
            for law, number in zip(
                self._laws(own or LayerInit()), range(2 * index + 2, 2 * index + 4), strict=True
            ):
                wid = order[ends[number] : ends[number + 1]]
                if len(wid):
                    yield law, wid

    def _laws(self, own: LayerInit) -> tuple[Law, Law]:
        """Return the laws of the weights and of the biases of a layer."""
        weights = own.weights or self.weights
        return weights, own.biases or self.biases or weights

    def __str__(self) -> str:
        """The laws as a program writes them."""
        parts = [str(self.weights), *_biases(self.biases)]
        for name, own in self.layers.items():
            said = [name, *([str(own.weights)] if own.weights else []), *_biases(own.biases)]
            parts.append(f"(layer {' '.join(said)})")
        return " ".join(parts)


def _biases(law: Law | None) -> list[str]:
    return [] if law is None else [f"(biases {law})"]
