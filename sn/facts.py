"""Facts: from an experiment to words for all that shapes a run, by what each is.

Two experiments whose facts are equal train alike; in what they differ is what a comparison is
about. Read next: contest.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields

import numpy as np

from sn.data import NamedData
from sn.experiment import Experiment
from sn.limits import option_name
from sn.lower.ir import Plan, Rows, Window, n_rows
from sn.net import expr
from sn.net.costs import Cost
from sn.net.loss import Loss, split
from sn.optim.base import ALL, Optimizer
from sn.optim.base import optimizer as rules
from sn.results.record import DataUsed
from sn.train.identity import SHOWN, identity


def facts(experiment: Experiment, optimizer: str, passes: int | None = None) -> dict[str, str]:
    """Return in words all that shapes a run: data, layers, connections, rule and its numbers."""
    spec = experiment.spec
    dataset, _ = spec.data.load()
    # the files of a user may hold anything under one name, and be split and scaled in many ways
    is_named = isinstance(spec.data, NamedData)
    said = {"data": dataset.name if is_named else f"{dataset.name} [{dataset.hash[:8]}]"}
    for layer in experiment.network.layers:
        size = " x ".join(str(n) for n in layer.shape)
        border = "" if layer.border is None else f", border {layer.border:g}"
        kind = str(layer.activation)
        if layer.start is not None:
            kind = experiment.table.input_text(layer)
        left_out = f", dropout {layer.dropout:g}" if layer.dropout else ""
        said[f"layer {layer.name}"] = f"{size}, {kind}{border}{left_out}"
    said |= dict(_connections(experiment.plan))
    said["connections"] = f"{experiment.table.n_rows:,}"
    said["parameters"] = f"{experiment.table.n_weights:,}"
    if spec.outputs:
        costs = [one for _, one in split(spec.cost, experiment.table.n_outputs)]
        for (name, told), one in zip(spec.outputs.items(), costs, strict=True):
            low, high = told.targets
            said[f"output {name}"] = f"{_cost(one)}, targets {low:g} and {high:g}"
            if told.weight != 1 and one.name != "lisp":
                said[f"output {name}"] += f", weight {told.weight:g}"
    else:
        said["cost"] = _cost(spec.cost)
        said["targets"] = f"{spec.targets[0]:g} and {spec.targets[1]:g}"
    said["initial weights"] = str(spec.init)
    said["order"] = spec.order or spec.data.order
    if dataset.blocks is not None:
        said["stream"] = str(dataset.blocks)
    said["augmentation"] = "none" if spec.augmentation is None else str(spec.augmentation)
    said["passes"] = str(spec.passes if passes is None else passes)
    said["criterion"] = "as usual" if spec.criterion is None else str(spec.criterion)
    stop = spec.stop
    if stop.error is not None:
        said["stop at the error"] = f"{stop.error:g}"
    if stop.patience is not None:
        said["stop without progress"] = f"{stop.patience} passes"
    said["weights kept"] = "the best" if stop.keep_best else "the last"
    parts = spec.parts(optimizer)
    for index, part in enumerate(parts):
        above = f"phase {index + 1}: " if optimizer not in spec.optimizers else ""
        if above:
            said[f"{above}passes"] = str(part.passes)
        settings = _settings(spec.optimizers[part.optimizer])
        said |= {above + name: words for name, words in settings.items()}
    return said


def identity_of(
    experiment: Experiment, optimizer: str, passes: int | None = None, engine: str = "kernels"
) -> dict[str, str]:
    """Return in words all that decides what comes out of a run beside its seed, to the last bit.

    Raises: DataError when its data is not here.
    """
    spec, (dataset, _) = experiment.spec, experiment.spec.data.load()
    data = DataUsed(dataset.name, dataset.hash)
    said = identity(experiment.table, spec, optimizer, data, 0, engine, dataset.blocks)
    del said["seed"]
    said["passes"] = str(spec.passes if passes is None else passes)
    if experiment.program.depends_on_seed:  # and what it draws with another seed is not known
        origin = experiment.program.origin("kernels")
        texts = [origin.source.encode(), *(read.content for read in origin.read)]
        said["program"] = hashlib.sha256(b"\0".join(texts)).hexdigest()[:SHOWN]
    return said


def _settings(rule: Optimizer) -> dict[str, str]:
    """Return in words what is set about an optimizer."""
    said = {"rule": next(e.name for e in rules.describe() if e.value is type(rule))}
    for field in fields(rule):
        value = getattr(rule, field.name)
        if field.name == "schedules":
            said |= {f"{option_name(name)} by schedule": str(one) for name, one in value.items()}
            continue
        if isinstance(value, Mapping):
            value = ", ".join(f"{layer} {rate:g}" for layer, rate in value.items()) or "as all"
        if field.name == "batch" and value == ALL:
            value = "all"
        said[field.name.replace("_", "-")] = f"{value:g}" if type(value) is float else str(value)
    return said


def _cost(loss: Loss) -> str:
    """Return the name of a cost, or the formula of one that is written in Lisp."""
    if isinstance(loss, Cost) and loss.name == "lisp":
        return expr.show(loss.value)
    return loss.name


def _connections(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield what is between each two layers, and which of several maps see which."""
    for node in plan.nodes:
        words = f"{node}, {n_rows(node):,} connections"
        if isinstance(node, Rows):
            rows = np.stack([node.dst_unit, node.src_unit, node.wid])
            words += f" [{hashlib.sha256(rows.tobytes()).hexdigest()[:8]}]"
        yield node.label, words
        if isinstance(node, Window) and node.grid.maps > 1 and node.field.maps > 1:
            yield f"maps of {node.label}", _maps(node)


def _maps(node: Window) -> str:
    """Return a table of maps in short: `0-7 (4 maps), 4-11 (4 maps), 0-3 8-11 (4 maps)`."""
    if len(node.pairs) == node.grid.maps * node.field.maps:
        return "each sees all"
    seen: dict[int, list[int]] = {plane: [] for plane in range(node.grid.maps)}
    for plane, source in node.pairs:
        seen[plane].append(source)
    runs: list[tuple[str, int]] = []
    for sources in seen.values():
        text = _spans(sorted(sources))
        if runs and runs[-1][0] == text:
            runs[-1] = (text, runs[-1][1] + 1)
        else:
            runs.append((text, 1))
    return ", ".join(text + (f" ({times} maps)" if times > 1 else "") for text, times in runs)


def _spans(numbers: Sequence[int]) -> str:
    """Return ascending numbers with runs in short: `0-3 8-11`."""
    ends: list[list[int]] = []
    for number in numbers:
        if ends and ends[-1][1] == number - 1:
            ends[-1][1] = number
        else:
            ends.append([number, number])
    return " ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in ends) or "none"
