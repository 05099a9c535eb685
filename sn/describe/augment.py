"""The augment option of an experiment: what happens to patterns at random when they are shown."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sn.describe.options import Clause, clauses, count, limited, told_at
from sn.describe.several import Several
from sn.errors import EvalError, NetError
from sn.limits import Limit, limit_of
from sn.lisp.machine import Machine
from sn.net.layer import Network, pattern_size
from sn.train.draws import Augmentation

AUGMENT = "(augment (shift N) ...)"
_OPTIONS = {
    "shift": "(shift N [M])",
    "rotate": "(rotate DEGREES)",
    "scale": "(scale PART)",
    "elastic": "(elastic PIXELS [SMOOTH])",
    "noise": "(noise S)",
    "fill": "(fill X)",
    "wrap": "(wrap)",
}


def read_augmentation(it: Machine, found: Clause, net: Network) -> Augmentation:
    """Read (augment (shift N [M]) (rotate D) (scale F) (elastic A [S]) (noise S) (fill X) (wrap)).

    Raises: SnError for numbers outside their limits, and for a net whose pattern is no image where
    one is needed.
    """
    count(found, 1, None, AUGMENT)
    first = net.layers[0]
    if first.size != pattern_size(net.layers):
        raise NetError(
            f"augment changes whole patterns, and layer {first.name} shows a part of one",
            span=found.span,
            hint="the first layer shows the pattern; others may show parts of it, (from ...)",
        )
    rows, cols = (1, 1, *first.shape)[-2:]
    limits = {one.name: limit_of(one) or Limit() for one in fields(Augmentation)}
    values: dict[str, Any] = {}
    errors = Several()
    for option in clauses(list(found.args), _OPTIONS, "augment", errors):
        with errors:
            word = option.word
            if word == "wrap":
                count(option, 0, 0, _OPTIONS[word])
                values["wraps"] = True
            elif word == "shift":
                count(option, 1, 2, _OPTIONS[word])
                numbers = [int(limited(it, a, "the shift", limits["down"])) for a in option.args]
                down, across = numbers[0], numbers[-1]
                if rows == 1 and len(numbers) == 1:
                    down = 0
                for number, most, what in ((down, rows, "rows"), (across, cols, "columns")):
                    if number >= most and number:
                        raise EvalError(
                            f"a shift of {number} leaves nothing of {most} {what}", span=option.span
                        )
                values |= {"down": down, "across": across}
            else:
                count(option, 1, 2 if word == "elastic" else 1, _OPTIONS[word])
                if len(option.args) > 1:
                    smooth = limited(it, option.args[1], "the smoothness", limits["smooth"])
                    values["smooth"] = float(smooth)
                values[word] = float(limited(it, option.args[0], f"the {word}", limits[word]))
                if word in ("rotate", "scale", "elastic") and rows == 1:
                    raise NetError(
                        f"{word} needs rows and columns, and layer {first.name} has none",
                        span=option.span,
                        hint=f"(layer {first.name} (ROWS COLS)) says how its units lie",
                    )
    errors.end()
    with told_at(found.span):
        return Augmentation(**values)
