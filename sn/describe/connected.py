"""Connected: whether every layer of a finished net is fed and feeds, told where it is not."""

from __future__ import annotations

import numpy as np

from sn.codes import Code
from sn.errors import Label, NetError, Span
from sn.net.layer import Layer, Network, output_layers


def check_connected(net: Network) -> None:
    """Raise NetError when a layer of a finished net is fed by nothing, or feeds nothing."""
    end: tuple[Label, ...] = ()
    closing = None
    if net.span is not None:
        line, column = net.span.end_line, net.span.end_column
        closing = Span(net.span.file, line, column, line, column)
        end = (Label(closing, f"net {net.name} ends here"),)
    if len(net.layers) < 2:
        raise NetError(
            f"net {net.name} needs at least two layers, found {len(net.layers)}",
            code=Code.UNCONNECTED,
            span=net.span,
            hint="(layer NAME (SIZE ...)) declares one; the first holds the pattern",
            labels=end,
        )
    dst, src, _, _ = net.rows()
    if not src.any():
        raise NetError(
            f"net {net.name} connects no layers",
            code=Code.UNCONNECTED,
            span=closing,
            hint="add (connect FROM TO (full)) before the ')' that closes the (defnet ...) here",
        )
    outputs = {one.name for one in output_layers(net.layers)}
    is_fed, feeds = np.zeros(net.n_units, bool), np.zeros(net.n_units, bool)
    is_fed[dst[src != 0]] = True
    feeds[src] = True
    for index, one in enumerate(net.layers):
        units = slice(one.first, one.first + one.size)
        if one.start is None and not is_fed[units].any():
            raise NetError(
                f"nothing is connected to layer {one.name}",
                code=Code.UNCONNECTED,
                span=one.span,
                hint=f"add (connect FROM {one.name} (full)), or leave the layer out",
                labels=end,
            )
        if one.start is not None and _is_shown_again(one, net.layers[index + 1 :]):
            continue
        if not feeds[units].any() and (one.name not in outputs or one.start is not None):
            raise NetError(
                f"layer {one.name} is connected to no layer after it",
                code=Code.UNCONNECTED,
                span=one.span,
                hint=f"add (connect {one.name} TO (full)), or leave the layer out"
                + ("" if one.start is not None else "; (output) in it makes it an output"),
                labels=end,
            )


def _is_shown_again(one: Layer, after: list[Layer]) -> bool:
    """Whether a layer after an input layer shows units of it."""
    return any(
        other.start is not None
        and other.shown.start < one.shown.stop
        and one.shown.start < other.shown.stop
        for other in after
    )
