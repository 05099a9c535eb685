"""Net forms: `defnet` and, inside it, `layer`, `connect` and `expect`.

A form only describes: it adds to a `Network`. The body of `defnet` is ordinary Lisp, so layers
and connections may come from loops, variables and functions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sn.builtins.formula import formula
from sn.builtins.options import (
    Argument,
    Clause,
    arguments,
    choice,
    clause,
    clauses,
    count,
    name,
    number,
    whole,
)
from sn.calls import Special, special
from sn.errors import (
    ArityError,
    EvalError,
    Label,
    NetError,
    Span,
    UnknownNameError,
    ValueKindError,
    did_you_mean,
)
from sn.forms import Pair, Symbol, Value, cells, describe, element_span, elements, span_of
from sn.net import expr, schemes
from sn.net.activations import Activation, activation, nlf_tanh
from sn.net.layer import Layer, Network
from sn.net.schemes import Link, Window, scheme
from sn.train.experiment import ExperimentSpec


@dataclass(slots=True)
class World:
    """What a program has described: nets and experiments by name, and the net being described."""

    networks: dict[str, Network] = field(default_factory=dict)
    experiments: dict[str, ExperimentSpec] = field(default_factory=dict)
    current: Network | None = None


_LAYER = {
    "border": "(border VALUE)",
    "bias": "(bias unit|map|none)",
    "nlf": "(nlf FUNCTION)",
}
_WINDOW = {
    "kernel": "(kernel ROWS COLS)",
    "stride": "(stride ROWS COLS)",
    "offset": "(offset ROWS COLS)",
    "maps": "(maps TABLE)",
    "wrap": "(wrap)",
}
_EXPECT = {
    "units": "(units N)",
    "connections": "(connections N)",
    "parameters": "(parameters N)",
}


@special("defnet", pattern="name . body")
def defnet(it: Any, form: Pair) -> Value:
    """(defnet NAME (layer ...) ... (connect ...) ... (expect ...)): describe a network.

    Inside, `layer`, `connect` and `expect` are net forms; anything else is evaluated as usual.
    The value is the name.
    """
    first, *_ = arguments(form)
    title = name(first, "the name of the net")
    world: World = it.world
    if world.current is not None:
        raise EvalError("a net cannot be described inside another", span=form.span)
    net = Network(title, form.span)
    world.current = net
    inner = {
        form_name: Special(form_name, function, pattern)
        for form_name, (function, pattern) in _INNER.items()
    }
    try:
        with it.bound(inner):
            it.progn(form.cdr.cdr)
    finally:
        world.current = None
    if len(net.layers) < 2:
        raise NetError(f"net {title} needs at least two layers", span=form.span)
    world.networks[title] = net
    return form.cdr.car


def _layer(it: Any, form: Pair) -> Value:
    """(layer NAME (SIZE ...) [(nlf-tanh MX DMIN) | (tanh) | ...] [(border V)] [(bias ...)]).

    Sizes are (UNITS), (ROWS COLS) or (MAPS ROWS COLS).
    """
    title, shape_arg, *rest = arguments(form)
    net = _current(it)
    label = _layer_name(it, title)
    earlier = net.layer(label)
    if earlier is not None:
        first = (Label(earlier.span, "it is declared here"),) if earlier.span else ()
        raise NetError(f"layer '{label}' is already there", span=title.span, labels=first)
    shape = _shape(it, shape_arg)
    border: float | None = None
    bias = "unit"
    chosen: Activation | None = None
    known = {**_LAYER, **{word: f"({word} ...)" for word in activation}}
    for found in clauses(rest, known, f"layer {label}"):
        match found.word:
            case "border":
                count(found, 1, 1, _LAYER["border"])
                border = number(it, found.args[0], "the border")
            case "bias":
                count(found, 1, 1, _LAYER["bias"])
                bias = choice(found.args[0], "kind of bias", dict.fromkeys(("unit", "map", "none")))
            case _:
                if chosen is not None:
                    raise EvalError(f"layer {label} has two non-linearities", span=found.span)
                chosen = _activation(it, found)
    is_input = not net.layers
    if is_input and chosen is not None:
        raise NetError(
            f"{label} is the first layer: it holds the pattern and computes nothing",
            span=form.span,
            hint="leave the non-linearity out",
        )
    if bias == "map" and len(shape) < 2:
        raise NetError(
            f"layer {label} has no maps to share biases in",
            span=form.span,
            hint="give it a shape of (MAPS ROWS COLS), or use (bias unit)",
        )
    layer = net.add_layer(label, shape, chosen or nlf_tanh(), border, form.span)
    if not is_input and bias != "none":
        schemes.bias(net, layer, bias == "map", form.span)
    return form.cdr.car


def _connect(it: Any, form: Pair) -> Value:
    """(connect FROM TO (full) | (conv ...) | (local ...) | (scheme FUNCTION)).

    A FUNCTION is called with the two lists of unit numbers from 0 and returns rows
    (TO-UNIT FROM-UNIT [KEY]); rows with equal keys share a weight.
    """
    source, target, *rest = arguments(form)
    net = _current(it)
    src, dst = _known_layer(it, net, source), _known_layer(it, net, target)
    if net.layers.index(src) >= net.layers.index(dst):
        raise NetError(
            f"{src.name} is not before {dst.name}: layers are computed in the order in which "
            "they are declared",
            span=target.span,
        )
    if len(rest) != 1:
        raise ArityError(
            f"connect needs one connection scheme, found {len(rest)}",
            span=rest[1].span if rest else form.span,
            hint="such as (full) or (conv (kernel 5 5) (stride 2 2))",
        )
    found = clause(rest[0], "a connection scheme such as (full)")
    link = Link(src, dst, form.span)
    if found.word == "scheme":
        count(found, 1, 1, "(scheme FUNCTION)")
        _own_scheme(it, net, link, found)
        return None
    known = {word: f"({word} ...)" for word in (*scheme, "scheme")}
    if found.word not in known:
        hint = did_you_mean(found.word, known) or "known: " + ", ".join(known.values())
        raise UnknownNameError(
            f"there is no connection scheme '{found.word}'", span=found.head_span, hint=hint
        )
    if found.word == "full":
        count(found, 0, 0, "(full)")
        scheme.get("full")(net, link)
        return None
    scheme.get(found.word)(net, link, _window(it, found, src, dst))
    return None


def _expect(it: Any, form: Pair) -> Value:
    """(expect (units N) (connections N) (parameters N)): check the counts of the net so far."""
    net = _current(it)
    dst, _, _, _ = net.rows()
    counts = {
        "units": sum(layer.size for layer in net.layers),
        "connections": len(dst),
        "parameters": net.n_weights,
    }
    for found in clauses(arguments(form), _EXPECT, "expect"):
        count(found, 1, 1, _EXPECT[found.word])
        wanted = whole(it, found.args[0], found.word, 0)
        if wanted != counts[found.word]:
            raise NetError(
                f"net {net.name} has {counts[found.word]} {found.word}, {wanted} are expected",
                span=found.span,
                hint=_hint_for_counts(net, found.word),
            )
    return None


# name -> (function, pattern of its arguments); bound while the body of a defnet runs
_INNER: dict[str, tuple[Any, str]] = {
    "layer": (_layer, "name shape . options"),
    "connect": (_connect, "from to . scheme"),
    "expect": (_expect, ". counts"),
}


def _hint_for_counts(net: Network, word: str) -> str:
    if word == "units":
        parts = [f"{layer.name} {layer.size}" for layer in net.layers]
    else:
        _, _, wid, group = net.rows()
        parts = []
        for index, entry in enumerate(net.groups):
            mine = wid[group == index]
            size = len(mine) if word == "connections" else len(set(mine.tolist()))
            parts.append(f"{entry.label} {size}")
    return "it has " + ", ".join(parts)


def _current(it: Any) -> Network:
    world: World = it.world
    assert world.current is not None
    return world.current


def _layer_name(it: Any, argument: Argument) -> str:
    """A layer's name: a symbol as it stands, or an expression whose value is a symbol or string."""
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


def _known_layer(it: Any, net: Network, argument: Argument) -> Layer:
    label = _layer_name(it, argument)
    layer = net.layer(label)
    if layer is None:
        names = [other.name for other in net.layers]
        raise UnknownNameError(
            f"net {net.name} has no layer '{label}'",
            span=argument.span,
            hint=did_you_mean(label, names) or "declared so far: " + ", ".join(names),
        )
    return layer


def _shape(it: Any, argument: Argument) -> tuple[int, ...]:
    form = argument.form
    if type(form) is Symbol:
        form = it.eval(form)
    if type(form) is not Pair:
        raise ValueKindError(
            f"expected the sizes of a layer, such as (16 16), found {describe(form)}",
            span=argument.span,
        )
    sizes = tuple(
        whole(it, Argument(cell.car, element_span(cell) or argument.span), "a size")
        for cell in cells(form)
    )
    if len(sizes) > 3:
        raise ValueKindError(
            f"a layer has one to three sizes, (MAPS ROWS COLS), found {len(sizes)}",
            span=argument.span,
        )
    return sizes


def _activation(it: Any, found: Clause) -> Activation:
    if found.word == "nlf":
        count(found, 1, 1, _LAYER["nlf"])
        function = it.eval(found.args[0].form)
        if type(found.args[0].form) is Symbol and function is None:
            raise UnknownNameError(
                f"no function is called '{found.args[0].form.name}'", span=found.args[0].span
            )
        value = formula(it, function, ("a",), found.form.cdr)
        return Activation(expr.show(expr.substitute(value, "a", expr.variable("x"))), value)
    make = activation.get(found.word)
    least, most = _arity(make)
    doc = (make.__doc__ or "").split("\n")[0]
    count(found, least, most, doc)
    return make(*(number(it, arg, f"an argument of {found.word}") for arg in found.args))


def _arity(make: Any) -> tuple[int, int]:
    most = make.__code__.co_argcount
    return most - len(make.__defaults__ or ()), most


def _window(it: Any, found: Clause, src: Layer, dst: Layer) -> Window:
    what = f"({found.word} ...)"
    values: dict[str, Any] = {}
    table: Clause | None = None
    for option in clauses(list(found.args), _WINDOW, found.word):
        match option.word:
            case "maps":
                count(option, 1, 1, _WINDOW["maps"])
                table = option
            case "wrap":
                count(option, 0, 0, _WINDOW["wrap"])
                values["wrap"] = True
            case word:
                count(option, 1, 2, _WINDOW[word])
                least = 0 if word == "offset" else 1
                values[word] = tuple(whole(it, arg, f"the {word}", least) for arg in option.args)
    if "kernel" not in values:
        raise ArityError(
            f"{what} needs a kernel", span=found.span, hint=f"such as ({found.word} (kernel 5 5))"
        )
    dims = len(values["kernel"])
    for word in ("stride", "offset"):
        if word in values and len(values[word]) != dims:
            if len(values[word]) == 1:
                values[word] *= dims
                continue
            raise ArityError(
                f"the kernel has {dims} sizes, the {word} has {len(values[word])}", span=found.span
            )
    if table is not None:
        n_dst, n_src = (schemes.as_maps(layer, dims)[0] for layer in (dst, src))
        values["maps"] = _table(it, table, src, dst, n_src, n_dst)
    return Window(**values)


def _table(
    it: Any, option: Clause, src: Layer, dst: Layer, n_src: int, n_dst: int
) -> tuple[tuple[int, ...], ...]:
    """Read a table of maps; a caret stands under the row or the number that is wrong."""
    value = it.eval(option.args[0].form)
    used: tuple[Label, ...] = ()
    if option.span is not None:
        used = (Label(option.span, f"the table of {src.name} -> {dst.name} is used here"),)
    if type(value) is not Pair:
        raise ValueKindError(
            f"the table of maps must be a list of lists, found {describe(value)}",
            span=option.args[0].span,
        )
    rows: list[tuple[int, ...]] = []
    for cell in cells(value):
        row_span = element_span(cell) or option.span
        if cell.car is not None and type(cell.car) is not Pair:
            raise ValueKindError(
                f"a row of the table must be a list of maps of {src.name}, "
                f"found {describe(cell.car)}",
                span=row_span,
                labels=used,
            )
        if len(rows) == n_dst:
            raise NetError(
                f"{dst.name} has {n_dst} maps, this is row {n_dst + 1} of the table",
                span=row_span,
                hint=f"the table needs one row for each map of {dst.name}",
                labels=used,
            )
        rows.append(_row(cell.car, row_span, src, n_src, used))
    if len(rows) != n_dst:
        raise NetError(
            f"{dst.name} has {n_dst} maps, the table has {len(rows)} rows",
            span=span_of(value) or option.span,
            hint=f"the table needs one row for each map of {dst.name}",
            labels=used,
        )
    return tuple(rows)


def _row(
    row: Value, span: Span | None, src: Layer, n_src: int, used: tuple[Label, ...]
) -> tuple[int, ...]:
    seen: dict[int, Span | None] = {}
    for cell in cells(row):
        place = element_span(cell) or span
        entry = cell.car
        if type(entry) is not float or entry != int(entry):
            raise ValueKindError(
                f"a map of {src.name} is a whole number, found {describe(entry)}",
                span=place,
                labels=used,
            )
        if not 0 <= entry < n_src:
            raise NetError(
                f"{src.name} has maps 0 to {n_src - 1}, not {int(entry)}",
                span=place,
                hint="maps are counted from 0",
                labels=used,
            )
        if int(entry) in seen:
            first = seen[int(entry)]
            labels = (Label(first, "it stands here first"), *used) if first else used
            raise NetError(
                f"map {int(entry)} of {src.name} stands twice in this row",
                span=place,
                hint="a unit has one connection from each unit at most",
                labels=labels,
            )
        seen[int(entry)] = place
    return tuple(seen)


def _own_scheme(it: Any, net: Network, link: Link, found: Clause) -> None:
    """Call a scheme written in Lisp and connect the rows it returns."""
    argument = found.args[0]
    function = it.eval(argument.form)
    title = argument.form.name if type(argument.form) is Symbol else "lambda"
    if not hasattr(function, "apply"):
        raise ValueKindError(
            f"a scheme is a function of two lists of units, found {describe(function)}",
            span=argument.span,
            hint="(lambda (from to) ...) returns rows (TO-UNIT FROM-UNIT [KEY])",
        )
    lists = [_numbers(layer.size) for layer in (link.src, link.dst)]
    rows = it.call(function, lists)
    pairs: list[tuple[int, int, float | None]] = []
    for index, row in enumerate(elements(rows)):
        values = elements(row) if type(row) is Pair else []
        if not 2 <= len(values) <= 3 or not all(type(value) is float for value in values):
            raise ValueKindError(
                f"row {index} of scheme {title} must be (TO-UNIT FROM-UNIT [KEY]), "
                f"found {it.show(row)}",
                span=argument.span,
            )
        for value, layer in zip(values, (link.dst, link.src), strict=False):
            if value != int(value) or not 0 <= value < layer.size:
                raise NetError(
                    f"row {index} of scheme {title}, {it.show(row)}: {layer.name} has units "
                    f"0 to {layer.size - 1}, not {value:g}",
                    span=argument.span,
                )
        pairs.append((int(values[0]), int(values[1]), values[2] if len(values) == 3 else None))
    schemes.rows(net, link, pairs, f"scheme {title}")


def _numbers(n: int) -> Value:
    result: Value = None
    for value in reversed(range(n)):
        result = Pair(float(value), result)
    return result
