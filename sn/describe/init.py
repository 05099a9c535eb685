"""The init option of an experiment: the laws of the initial weights, of all and of layers."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from sn.codes import Code
from sn.describe.options import (
    Argument,
    Clause,
    choice,
    clause,
    count,
    limited,
    told_at,
    unknown,
)
from sn.display import many
from sn.errors import EvalError, Label, SnError, ValueKindError
from sn.limits import LARGEST, Limit, limit_of
from sn.lisp.forms import describe
from sn.lisp.machine import Machine
from sn.memory import need
from sn.net.init import Given, Init, Law, LayerInit, fan_in_law, init_law
from sn.net.layer import Network
from sn.net.table import ConnectionTable, freeze

INIT = "(init (uniform X LAW))"
_LAWS = {
    "uniform": "(uniform X [LAW])",
    "gaussian": "(gaussian S [LAW])",
    "constant": "(constant X)",
    "function": "(function F)",
}
PLACE = 400  # bytes of the indices of a weight while a function is called; measured
_BIASES = "(biases (constant X))"
_LAYER = "(layer NAME (uniform X LAW))"


def read_init(it: Machine, found: Clause, net: Network) -> Init:
    """Read (init LAW [(biases LAW)] [(layer NAME LAW [(biases LAW)]) ...]); all may be left out."""
    return _Reader(it, net).init(found)


class _Reader:
    """One init option while it is read; functions are called when it is known for which weights."""

    def __init__(self, it: Machine, net: Network) -> None:
        self._it, self._net = it, net
        self._functions: list[tuple[Given, Argument]] = []

    def init(self, found: Clause) -> Init:
        """Return the laws that an init option says."""
        count(found, 1, None, INIT)
        names = {layer.name: None for layer in self._net.layers if layer.start is None}
        layers: dict[str, LayerInit] = {}
        others = []
        for argument in found.args:
            inner = clause(argument, f"a law such as {_LAWS['uniform']}", _known(True))
            if inner.word != "layer":
                others.append(inner)
                continue
            count(inner, 2, None, _LAYER)
            name = choice(inner.args[0], "layer", names)
            if name in layers:
                raise EvalError(
                    f"init speaks of layer {name} twice", span=inner.span, code=Code.TWICE
                )
            parts = [clause(part, f"a law such as {_LAWS['uniform']}") for part in inner.args[1:]]
            layers[name] = LayerInit(**self._laws(parts, "layer", _known(False)))
        init = Init(**self._laws(others, "init", _known(True)), layers=layers)
        if self._functions:
            self._call(init, freeze(self._net))
        return init

    def _laws(self, parts: list[Clause], what: str, known: dict[str, str]) -> dict[str, Law]:
        """Return the law of the weights and that of the biases, of those that are said."""
        said: dict[str, tuple[Law, Clause]] = {}
        for part in parts:
            if part.word not in known:
                raise unknown(f"{what} has no law '{part.word}'", part.word, known, part)
            inner, kind = part, "weights"
            if part.word == "biases":
                count(part, 1, 1, _BIASES)
                inner, kind = clause(part.args[0], _LAWS["constant"], _LAWS), "biases"
            if kind in said:
                first = said[kind][1].span
                raise EvalError(
                    f"{what} has a law for its {kind} twice",
                    code=Code.TWICE,
                    span=part.span,
                    labels=[Label(first, "it stands here first")] if first else (),
                    hint=f"leave one of them out; {_LAYER} is for one layer",
                )
            said[kind] = self._law(inner), part
        return {kind: law for kind, (law, _) in said.items()}

    def _law(self, found: Clause) -> Law:
        """Return one law with its numbers."""
        if found.word not in _LAWS:
            raise unknown(f"there is no init '{found.word}'", found.word, _LAWS, found)
        if found.word == "function":
            count(found, 1, 1, _LAWS["function"])
            n_weights = self._net.n_weights
            need(PLACE * n_weights, f"a function of {many(n_weights, 'weight')}", found.span)
            given = Given(np.full(n_weights, np.nan))
            self._functions.append((given, found.args[0]))
            return given
        kind: Any = init_law.get(found.word)
        first, *rest = dataclasses.fields(kind)
        laws = dict.fromkeys(fan_in_law)
        usage = _LAWS[found.word]
        if rest:
            usage += f", LAW one of {', '.join(laws)}"
        count(found, 1, 1 + len(rest), usage)
        what = {"uniform": "the width", "gaussian": "the deviation"}.get(found.word, "the constant")
        values = [limited(self._it, found.args[0], what, limit_of(first) or Limit())]
        values += [choice(argument, "init law", laws) for argument in found.args[1:]]
        with told_at(found.args[0].span):
            law: Law = kind(*values)
        return law

    def _call(self, init: Init, table: ConnectionTable) -> None:
        """Fill in what functions give for the weights that are theirs."""
        places = _places(self._net)
        for law, wid in init.parts(table):
            for given, argument in self._functions:
                if given is not law:
                    continue
                function = self._it.eval(argument.form)
                for number in wid.tolist():
                    given.numbers[number] = self._number(function, argument, places[number])
        for given, _ in self._functions:
            given.numbers.setflags(write=False)

    def _number(self, function: Any, argument: Argument, place: tuple[str, list[float]]) -> float:
        """Return what a function gives for the weight at a place.

        Raises: ValueKindError where that is no finite number, and what the call raises.
        """
        name, indices = place
        where = f"{name}[{', '.join(f'{index:g}' for index in indices)}]"
        with told_at(argument.span):
            try:
                value = self._it.call(function, indices)
            except SnError as error:
                said = f"the function was called with the indices of {where}"
                error.hint = f"{error.hint}; {said}" if error.hint else said
                raise
        if type(value) is not float or not abs(value) <= LARGEST:
            is_large = type(value) is float and np.isfinite(value)
            needs = "fit 32 bits" if is_large else "be a finite number"
            found = f"{value:g}" if type(value) is float else describe(value)
            raise ValueKindError(
                f"an initial weight must {needs}, found {found} for {where}",
                span=argument.span,
            )
        return value


def _known(is_whole: bool) -> dict[str, str]:
    """The words of an init option, or of one layer in it."""
    return {**_LAWS, "biases": _BIASES, **({"layer": _LAYER} if is_whole else {})}


def _places(net: Network) -> dict[int, tuple[str, list[float]]]:
    """Return for each weight the name of its array and its indices there."""
    found: dict[int, tuple[str, list[float]]] = {}
    for parameter in net.parameters:
        for index, wid in np.ndenumerate(parameter.wid):
            found[int(wid)] = parameter.name, [float(i) for i in index]
    return found
