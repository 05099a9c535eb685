"""Weight files: weights between layers written to a file, and put into layers of another net.

The library's save-net, load-net, save-ascii-net and save-weights-as-c stand on these words.

Source: SN 2.8 (sn-network, 8).
Read next: ../live/weightfile.py, what is in such a file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from sn.describe.world import World
from sn.display import many, number_text
from sn.errors import DataError, EvalError, Label, NetError, ValueKindError
from sn.lisp.calls import builtin
from sn.lisp.forms import Value
from sn.lisp.machine import Machine
from sn.live.net import WEIGHT, Ints, LiveNet
from sn.live.weightfile import Weights, decode, encode, encode_text
from sn.matrixfile import is_matrix
from sn.sn28.arguments import layer_of

SUFFIX = ".wei"


def _units(net: LiveNet, layers: Sequence[Value]) -> Ints:
    """Return the units of layers in their order, or all units, each time without the bias."""
    if not layers:
        return np.arange(1, net.n_units, dtype=np.int32)
    return np.concatenate([layer_of(net, layer) for layer in layers])


# --- writing ---


def _save(
    it: Machine, file: str, layers: Sequence[Value], encoded: Callable[[Weights], bytes]
) -> str:
    world: World = it.world
    net = world.live
    units = _units(net, layers)
    place = np.full(net.n_units, -1, np.int32)
    place[0] = 0
    place[units] = np.arange(1, len(units) + 1, dtype=np.int32)
    conns = net.alive()
    pre, post = place[net.src[conns]], place[net.dst[conns]]
    inside = (pre >= 0) & (post >= 0)
    weight = net.weights[WEIGHT, net.wid[conns[inside]]]
    name = file if Path(file).suffix else file + SUFFIX
    it.files.write(name, encoded(Weights(len(units), _age(it), pre[inside], post[inside], weight)))
    return name


def _age(it: Machine) -> int:
    age = it.intern("age").value
    if type(age) is not float or not abs(age) < 2**31:
        raise ValueKindError("the variable age must be a number of 32 bits to be saved")
    return int(age)


@builtin("save-net/merge")
def save_net_merge(it: Machine, file: str, *layers: Value) -> str:
    """(save-net/merge file layers...)

    Write the weights of all connections among the units of layers, and from the bias into them, to
    a binary file, with the suffix .wei unless it has one; return its name. Units are numbered as
    they stand in the layers, from 1, so merge-net can put the weights into other units; without
    layers all units keep their numbers. The variable age goes with them.

    (save-net/merge "/x")
    => error: this program may not write '/x.wei'
    """
    return _save(it, file, layers, encode)


@builtin("save-ascii-net/merge")
def save_ascii_net_merge(it: Machine, file: str, *layers: Value) -> str:
    """(save-ascii-net/merge file layers...)

    Do as save-net/merge, in a text file: weights keep seven decimals.

    (save-ascii-net/merge "/x")
    => error: this program may not write '/x.wei'
    """
    return _save(it, file, layers, encode_text)


# --- reading ---


@builtin("merge-net")
def merge_net(it: Machine, file: str, *layers: Value) -> Value:
    """(merge-net file layers...)

    Set the weights of the connections that a file of save-net/merge names, to whose numbers the
    units of layers belong in their order, and the variable age; return how many units the file is
    about. With the file alone nothing is set, and a file of weights alone, which is a matrix,
    gives ().

    (merge-net "no-such-file")
    => error: no file is called 'no-such-file'
    """
    path = it.find_file(file, (SUFFIX,))
    raw = it.files.read(path)
    if is_matrix(raw):
        if layers:
            raise ValueKindError(
                f"{path} holds a matrix of weights, without the units they connect",
                hint="load-net, or matrix-to-weight, loads it into a whole net",
            )
        return None
    try:
        found = decode(raw, str(path))
    except DataError as problem:
        labels = [Label(problem.span, "in this file")] if problem.span else []
        raise EvalError(problem.message, hint=problem.hint, labels=labels) from problem
    if layers:
        _put(it, found, str(path), layers)
    return float(found.count)


def _put(it: Machine, found: Weights, name: str, layers: Sequence[Value]) -> None:
    """Set weights and age, all or nothing."""
    world: World = it.world
    net = world.live
    units = np.concatenate([np.zeros(1, np.int32), _units(net, layers)])
    if found.count >= len(units):
        raise ValueKindError(
            f"{name} is about {many(found.count, 'unit')}, the layers have "
            f"{number_text(len(units) - 1)}"
        )
    ends = zip(units[found.pre].tolist(), units[found.post].tolist(), strict=True)
    conns = []
    for record, (pre, post) in enumerate(ends):
        conn = net.connection(pre, post)
        if conn is None:
            raise NetError(
                f"{name} has a weight from unit {found.pre[record]} to unit {found.post[record]}, "
                f"but unit {pre} is not connected to unit {post}"
            )
        conns.append(conn)
    net.weights[WEIGHT, net.wid[np.array(conns, np.int32)]] = found.weight
    it.assign(it.intern("age"), float(found.age))
