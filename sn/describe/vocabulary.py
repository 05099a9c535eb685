"""Vocabulary: which words may stand in a net or experiment form, each with what it means.

The words are those of the tables that the forms are read by, so an editor can offer what the
evaluator will take. A form is named by the first words of the lists around a place, outermost
first: ("experiment", "optimizer", "sgd") is an optimizer of that rule.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from inspect import cleandoc
from typing import Any

from sn.describe import (
    augment,
    data,
    experiment,
    init,
    network,
    optimizers,
    outputs,
    phases,
    schedules,
    sources,
    windows,
)
from sn.limits import option_name
from sn.lisp.calls import special_forms
from sn.net.activations import activation
from sn.net.costs import cost
from sn.net.init import fan_in_law
from sn.net.schemes import scheme
from sn.optim.base import optimizer
from sn.registry import Registry
from sn.results.record import Reference
from sn.train.experiment import ORDERS

_FIRST_AVAILABLE = '(first-available "NAME" ...)'


def net_forms() -> dict[str, str]:
    """Return the forms that describe nets and experiments: the manual of each, by its word."""
    others = {word: special_forms.get(word) for word in ("defnet", "experiment", "sweep")}
    forms = {**network.NET_FORMS, **others}
    return {word: cleandoc(form.__doc__ or "") for word, form in forms.items()}


def options_in(heads: Sequence[str]) -> Mapping[str, str]:
    """Return the words that may start a list in the innermost of the forms, with their manuals.

    It is empty where a form takes none, or is unknown.
    """
    match tuple(heads):
        case (*_, "experiment"):
            return experiment._FORMS
        case (*outer, "layer") if "init" in outer:
            return init._known(False)
        case (*outer, "biases") if "init" in outer:
            return init._LAWS
        case (*outer, "layer") if "optimizer" in outer:
            return {"decay": "(decay D)", **schedules._FORMS}
        case (*_, "experiment", "optimizer", _, _):  # what stands for a number that changes
            return schedules._FORMS
        case (*_, "layer"):
            return {**manuals(activation), **network._LAYER}
        case (*_, "connect"):
            return {**manuals(scheme), "scheme": windows.OWN_SCHEME}
        case (*_, "connect", word) if word in scheme and word != "full":
            fewer = windows._FEWER.get(word, tuple(windows._WINDOW))
            return {name: windows._WINDOW[name] for name in fewer}
        case (*_, "expect"):
            return network._EXPECT
        case (*_, "experiment", word):
            return _in_experiment(word)
        case (*_, "experiment", word, inner):
            return _deeper(word, inner)
        case _:
            return {}


def takes_expressions(heads: Sequence[str]) -> bool:
    """Return whether a list in the innermost of the forms may be any expression as well."""
    match tuple(heads):
        case (*_, "experiment", "optimizer", _, _):
            return True
        case _:
            return not options_in(heads)


def arguments_in(heads: Sequence[str]) -> Mapping[str, str]:
    """Return the words that may stand alone in the innermost of the forms, with their manuals."""
    match tuple(heads):
        case (*_, "cost"):
            return manuals(cost)
        case (*_, "uniform" | "gaussian"):
            return manuals(fan_in_law)
        case (*_, "order"):
            return dict.fromkeys(ORDERS, experiment._FORMS["order"])
        case _:
            return {}


def _in_experiment(word: str) -> Mapping[str, str]:
    """Return the words in one option of an experiment."""
    match word:
        case "data":
            calls = {name: source.call for name, source in sources.SOURCES.items()}
            return {**calls, "first-available": _FIRST_AVAILABLE, **data._OPTIONS}
        case "init":
            return init._known(True)
        case "augment":
            return augment._OPTIONS
        case "optimizer":
            return manuals(optimizer)
        case "output":
            return outputs._OPTIONS
        case "phase":
            return phases._PARTS
        case "stop":
            return {"error": "(error E)", "patience": "(patience PASSES)"}
        case "reference":
            names = (option_name(field.name) for field in dataclasses.fields(Reference))
            return {name: f"({name} X)" for name in names if name != "title"}
        case _:
            return {}


def _deeper(word: str, inner: str) -> Mapping[str, str]:
    """Return the words in a list that stands in an option of an experiment."""
    if word == "optimizer" and inner in optimizer:
        return _of_optimizer(optimizer.get(inner))
    if word == "data" and inner in sources.SOURCES:
        return {name: call for name, (call, _) in sources.SOURCES[inner].options.items()}
    if word == "data" and inner == "split":
        return {name: call for name, (call, _) in data._SPLIT.items()}
    if word == "data" and inner == "stream":
        return data._STREAM
    return {}


def _of_optimizer(kind: Any) -> Mapping[str, str]:
    fields = [field.name for field in dataclasses.fields(kind)]
    words = [option_name(name) for name in fields if name not in optimizers._MAPPINGS]
    words += [name for name, field in optimizers._ALIASES.items() if field in words]
    known = {word: f"({word} X)" for word in words}
    if "decay" in fields:
        known["bias-decay"] = "(bias-decay D)"
    return {**known, "layer": "(layer NAME RATE)"}


def manuals(registry: Registry[Any]) -> dict[str, str]:
    """Return what each thing of a registry is, in the words of its docstring."""
    return {entry.name: entry.doc for entry in registry.describe()}
