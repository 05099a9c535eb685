"""Named layers: how forms name a layer, and how messages show where it was declared."""

from __future__ import annotations

from sn.describe.options import Argument
from sn.errors import Label, UnknownNameError, ValueKindError, did_you_mean
from sn.lisp.forms import Symbol, describe
from sn.lisp.machine import Machine
from sn.net.layer import Layer, Network


def layer_name(it: Machine, argument: Argument) -> str:
    """Return a layer's name: a symbol as it stands, or the value of an expression.

    Raises: ValueKindError unless that is a symbol or a string.
    """
    if type(argument.form) is Symbol:
        return argument.form.name
    value = it.eval(argument.form)
    if type(value) is Symbol:
        return value.name
    if type(value) is str:
        return value
    raise ValueKindError(
        f"expected the name of a layer, found {describe(value)}", span=argument.span
    )


def known_layer(it: Machine, net: Network, argument: Argument) -> Layer:
    """Return the layer that an argument names.

    Raises: UnknownNameError when the net has none such.
    """
    label = layer_name(it, argument)
    layer = net.layer(label)
    if layer is None:
        names = [other.name for other in net.layers]
        raise UnknownNameError(
            f"net {net.name} has no layer '{label}'",
            span=argument.span,
            hint=did_you_mean(label, names) or "declared so far: " + ", ".join(names),
        )
    return layer


def declared(one: Layer) -> tuple[Label, ...]:
    """Return the place of a layer's form, as a second place of a message."""
    text = f"{one.name} is declared here, {sizes(one)}"
    return (Label(one.span, text),) if one.span is not None else ()


def sizes(one: Layer) -> str:
    """Return the sizes of a layer as a person writes them: `12 x 8 x 8`."""
    return " x ".join(str(size) for size in one.shape)
