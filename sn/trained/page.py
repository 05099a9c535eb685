"""Page: a trained net as notebooks show it."""

from __future__ import annotations

from html import escape

import numpy as np

from sn.net.table import ConnectionTable


def page(title: str, table: ConnectionTable) -> str:
    """Return a table of HTML with a row a layer; every text of a user in it is escaped."""
    into = table.layer_of[table.dst]
    rows = []
    for number, layer in enumerate(table.layers):
        wid = table.wid[into == number]
        cells = (
            layer.name,
            " x ".join(map(str, layer.shape)),
            layer.activation.name if number else "",
            f"{len(wid):,}",
            f"{len(np.unique(wid)):,}",
        )
        rows.append("".join(f"<td>{escape(cell)}</td>" for cell in cells))
    names = ("layer", "shape", "non-linearity", "connections", "weights")
    head = "".join(f"<th>{name}</th>" for name in names)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table><caption>{escape(title)}</caption><tr>{head}</tr>{body}</table>"
