"""Net forms: `defnet` and, inside it, `layer`, `connect` and `expect`.

A form only describes: it adds to a `Network`. The body of `defnet` is ordinary Lisp, so layers
and connections may come from loops, variables and functions.
"""

from __future__ import annotations

from sn.codes import Code
from sn.describe.connected import check_connected
from sn.describe.inputs import INPUTS, next_input, slice_of
from sn.describe.leads import connections, layers
from sn.describe.named import declared, known_layer, layer_name
from sn.describe.nonlinearity import NLF, call_forms, read_activation
from sn.describe.options import (
    Argument,
    Clause,
    arguments,
    choice,
    clause,
    clauses,
    count,
    head_word,
    led,
    limited,
    name,
    unknown,
    whole,
    wrong,
)
from sn.describe.own_units import own_units
from sn.describe.several import Several
from sn.describe.windows import OWN_SCHEME, own_scheme, window
from sn.describe.world import World, settle
from sn.errors import (
    ArityError,
    EvalError,
    Label,
    NetError,
    ValueKindError,
)
from sn.limits import DROPOUT, Limit
from sn.lisp.calls import Special, special, special_forms
from sn.lisp.forms import Pair, Symbol, Value, cells, element_span, show
from sn.lisp.machine import Machine
from sn.net import schemes
from sn.net.activations import Activation, activation, nlf_tanh
from sn.net.layer import Network, counted_units, output_layers
from sn.net.schemes import Link, scheme
from sn.net.table import counts_of_groups

_LAYER = {
    "border": "(border VALUE)",
    "bias": "(bias unit|map|none)",
    "nlf": NLF,
    **INPUTS,
    "output": "(output)",
    "dropout": "(dropout P)",
}
_EXPECT = {
    "units": "(units N)",
    "connections": "(connections N)",
    "parameters": "(parameters N)",
}


@special("defnet", pattern="name . body", locked=False)
def defnet(it: Machine, form: Pair) -> Value:
    """(defnet NAME body...)

    Describe a network. In the body `layer`, `connect` and `expect` are net forms; anything else
    is evaluated as usual, so that loops and functions can stand around them. The value is the
    name.

    (defnet tiny (layer in (2)) (layer out (1)) (connect in out (full)))
    => tiny
    """
    first, *_ = arguments(form)
    title = name(first, "the name of the net")
    world: World = it.world
    if world.current is not None:
        raise EvalError(
            f"net {title} is described inside net {world.current.name}",
            code=Code.OUTSIDE,
            span=form.span,
            hint=f"is a ')' missing at the end of (defnet {world.current.name} ...)?",
        )
    net = Network(title, form.span)
    world.current = net
    try:
        with it.bound(NET_FORMS):
            _evaluate(it, form.cdr.cdr)
        settle(world, net)
    finally:
        world.current = None
        world.taken = {}
    with led(lambda: layers.closed_early(it, form)):
        check_connected(net)
    for one in output_layers(net.layers):
        if one.dropout:
            raise NetError(
                f"layer {one.name} is an output: none of its units can be left out",
                span=one.span,
                hint=f"leave (dropout {one.dropout:g}) out, or give it to a layer before",
            )
    world.networks[title] = net
    return form.cdr.car


def _evaluate(it: Machine, body: Value) -> None:
    """Evaluate the body of a `defnet`; connections that are wrong are told together.

    Behind one of those only layers and connections are looked at, up to a layer that is wrong: what
    comes then would follow from it.
    """
    errors = Several()
    for cell in cells(body):
        word = head_word(Argument(cell.car, None))
        if word not in ("layer", "connect"):
            if not errors.errors:
                it.eval(cell.car)
            continue
        count_before = len(errors.errors)
        with errors:
            it.eval(cell.car)
        if word == "layer" and len(errors.errors) > count_before:
            break
    errors.end()


@special("layer", pattern="name shape . options", locked=False)
def layer(it: Machine, form: Pair) -> Value:
    """(layer NAME (SIZE ...) [NON-LINEARITY] [(border X)] [(bias unit|map|none)] [(dropout P)])

    Add a layer to the net; this form stands in a `defnet`. Sizes are (UNITS), (ROWS COLS) or
    (MAPS ROWS COLS). In their place, (units LIST) makes a layer of units that `newneurons` made,
    with the connections they have. The first layer shows the pattern; one with (input) shows the
    numbers of the pattern that follow. (from LAYER FIRST LAST) shows some units of such a layer
    again, FIRST and LAST among them; sizes may stand before it or not. The last layer is the
    output, unless layers say (output): then these are. In each presentation of training a unit of a
    layer with a dropout is left out, with probability P, and the others count 1 / (1 - P) times;
    scores and predictions use all units. The value is the name.
    """
    title, shape_arg, *rest = arguments(form)
    net = _current(it, form)
    with led(lambda: layers.order(form)):
        label = layer_name(it, title)
    earlier = net.layer(label)
    if earlier is not None:
        raise NetError(
            f"net {net.name} has a layer '{label}' already",
            code=Code.LAYER_TWICE,
            span=title.span,
            labels=declared(earlier),
            hint="give this one another name",
        )
    errors = Several()
    raw = own_units(it, shape_arg)
    shape: tuple[int, ...] | None = None
    if head_word(shape_arg) == "from":
        rest.insert(0, shape_arg)
    else:
        with errors:
            shape = (len(raw),) if raw is not None else _shape(it, shape_arg, form)
    border: float | None = None
    bias = "unit" if raw is None else "none"
    chosen: Activation | None = None
    start = None if net.layers else 0
    part: Clause | None = None
    output: Clause | None = None
    dropout = 0.0
    known = {**_LAYER, **call_forms(activation)}
    for found in clauses(rest, known, f"layer {label}", errors):
        with errors:
            match found.word:
                case "border":
                    count(found, 1, 1, _LAYER["border"])
                    border = float(limited(it, found.args[0], "the border", Limit()))
                case "bias":
                    count(found, 1, 1, _LAYER["bias"])
                    bias = choice(
                        found.args[0], "kind of bias", dict.fromkeys(("unit", "map", "none"))
                    )
                case "output":
                    count(found, 0, 0, _LAYER["output"])
                    output = found
                case "dropout":
                    count(found, 1, 1, _LAYER["dropout"])
                    dropout = limited(it, found.args[0], "the dropout", DROPOUT)
                case "input" | "from":
                    if part is not None:
                        raise EvalError(
                            f"layer {label} shows its part of the pattern twice",
                            span=found.span,
                            labels=[Label(part.span, "it says so here")] if part.span else (),
                            hint="leave (input) out: (from ...) makes an input layer too",
                        )
                    part = found
                    if found.word == "input":
                        start = next_input(found, net)
                    else:
                        start, shape = slice_of(it, found, net, shape)
                case _:
                    if chosen is not None:
                        raise EvalError(
                            f"layer {label} has two non-linearities",
                            span=found.span,
                            code=Code.TWICE,
                        )
                    chosen = read_activation(it, found)
    errors.end()
    assert shape is not None
    if start is not None and chosen is not None:
        why = "is an input layer" if net.layers else "is the first layer"
        raise NetError(
            f"{label} {why}: it holds the pattern and computes nothing",
            code=Code.INPUT,
            span=form.span,
            hint="leave the non-linearity out",
        )
    if start is not None and output is not None:
        raise NetError(
            f"layer {label} shows the pattern: it cannot be an output",
            code=Code.INPUT,
            span=output.span,
            hint="leave (output) out",
        )
    if bias == "map" and len(shape) < 2:
        raise NetError(
            f"layer {label} has no maps to share biases in",
            span=form.span,
            hint="give it a shape of (MAPS ROWS COLS), or use (bias unit)",
        )
    added = net.add_layer(
        *(label, shape, chosen or nlf_tanh(), border, form.span, start, output is not None),
        dropout,
    )
    if raw is not None:
        it.world.taken[label] = raw
    if start is None and bias != "none":
        schemes.bias(net, added, bias == "map", form.span)
    return form.cdr.car


def connect(it: Machine, form: Pair) -> Value:
    """(connect FROM TO SCHEME)

    Connect two layers of the net; this form stands in a `defnet`. SCHEME is (full), (conv ...),
    (local ...), (subsample ...) or (scheme FUNCTION). A FUNCTION is called with the two lists of
    unit numbers from 0 and returns rows (TO-UNIT FROM-UNIT [KEY]); rows with equal keys share a
    weight.
    """
    source, target, *rest = arguments(form)
    net = _current(it, form)
    with led(lambda: connections.connect(form, [one.name for one in net.layers], scheme)):
        errors = Several()
        with errors:
            src = known_layer(it, net, source)
        with errors:
            dst = known_layer(it, net, target)
        if errors.errors and len(rest) != 1:
            errors.end()  # which of the words are the layers is not even clear
        with errors:
            found = _scheme(form, rest)
        errors.end()
    if src is dst:
        raise NetError(
            f"layer {src.name} cannot feed itself",
            code=Code.BACKWARDS,
            span=target.span,
            hint=connections.recurrence(net, src, dst),
        )
    if src.first > dst.first:
        raise NetError(
            f"layer {src.name} cannot feed {dst.name}, which is declared before it",
            code=Code.BACKWARDS,
            span=form.span,
            labels=(*declared(dst), *declared(src)),
            hint=connections.recurrence(net, src, dst),
        )
    if dst.start is not None:
        raise NetError(
            f"layer {dst.name} holds a part of the pattern: nothing can feed it",
            code=Code.INPUT,
            span=target.span,
            labels=declared(dst),
            hint="connect it to layers after it",
        )
    link = Link(src, dst, form.span)
    if found.word == "scheme":
        count(found, 1, 1, OWN_SCHEME)
        own_scheme(it, net, link, found)
        return None
    if found.word == "full":
        count(found, 0, 0, "(full)")
        scheme.get("full")(net, link)
        return None
    options = window(it, found, src, dst)
    try:
        scheme.get(found.word)(net, link, options)
    except NetError as error:
        error.labels += (*declared(src), *declared(dst))
        error.hint = connections.maps_first(src, dst) or error.hint
        raise
    return None


def _scheme(form: Pair, rest: list[Argument]) -> Clause:
    """Return the scheme of a `connect`, which stands alone behind the two layers.

    Raises: ArityError for none or several, UnknownNameError for another word.
    """
    if len(rest) != 1:
        raise ArityError(
            f"connect needs one connection scheme, found {len(rest)}",
            span=rest[1].span if rest else form.span,
            hint="such as (full) or (conv (kernel 5 5) (stride 2 2))",
        )
    known = {**call_forms(scheme), "scheme": OWN_SCHEME}
    found = clause(rest[0], "a connection scheme such as (full)", known)
    if found.word not in known:
        raise unknown(f"there is no connection scheme '{found.word}'", found.word, known, found)
    return found


@special("expect", pattern=". counts", locked=False)
def expect(it: Machine, form: Pair) -> Value:
    """(expect [(units N)] [(connections N)] [(parameters N)])

    Check the counts of the net as described so far; this form stands in a `defnet`.
    """
    net = _current(it, form)
    settle(it.world, net)
    dst, _, _, _ = net.rows()
    counts = {
        "units": counted_units(net.layers),
        "connections": len(dst),
        "parameters": net.n_weights,
    }
    errors = Several()
    for found in clauses(arguments(form), _EXPECT, "expect", errors):
        with errors:
            count(found, 1, 1, _EXPECT[found.word])
            wanted = whole(it, found.args[0], found.word, 0)
            if wanted != counts[found.word]:
                # a forgotten `connect` is the better news
                check_connected(net)
                raise NetError(
                    f"expected {wanted} {found.word} in net {net.name}, "
                    f"found {counts[found.word]} = {_parts(net, found.word)}",
                    code=Code.EXPECT,
                    span=found.span,
                    hint="if the net is to be like this, write "
                    f"({found.word} {counts[found.word]}) here",
                )
    errors.end()
    return None


# Bound while the body of a `defnet` runs; outside it, `connect` is SN's function on units.
NET_FORMS: dict[str, Special] = {
    "layer": special_forms.get("layer"),
    "connect": Special("connect", connect, "from to . scheme"),
    "expect": special_forms.get("expect"),
}


def _parts(net: Network, word: str) -> str:
    """Return the summands of a count, biases as one."""
    if word == "units":
        parts, shown = [], 0
        for layer in net.layers:
            if layer.start is not None:
                if layer.start < shown:
                    continue  # it shows again what is counted already
                shown = layer.shown.stop
            parts.append(f"{layer.name} {layer.size}")
        return " + ".join(parts)
    _, _, wid, group = net.rows()
    connections, weights = counts_of_groups(group, wid, len(net.groups))
    sizes: dict[str, int] = {}
    counts = connections if word == "connections" else weights
    for entry, size in zip(net.groups, counts.tolist(), strict=True):
        label = "biases" if entry.scheme == "bias" else entry.label
        sizes[label] = sizes.get(label, 0) + size
    return " + ".join(f"{label} {size}" for label, size in sizes.items())


def _current(it: Machine, form: Pair) -> Network:
    world: World = it.world
    if world.current is not None:
        return world.current
    before = list(world.networks.values())
    labels: tuple[Label, ...] = ()
    if before and before[-1].span is not None:
        labels = (Label(before[-1].span, f"net {before[-1].name} is described here"),)
    raise EvalError(
        f"({show(form.car)} ...) stands outside of a (defnet ...)",
        code=Code.OUTSIDE,
        span=form.span,
        hint="does a ')' too many close the defnet before it?",
        labels=labels,
    )


def _shape(it: Machine, argument: Argument, form: Pair) -> tuple[int, ...]:
    """Return the sizes in a layer's form.

    Raises: ValueKindError at what is no size.
    """
    value = argument.form
    if type(value) is Symbol:
        value = it.eval(value)
    with led(lambda: layers.sizes(form)):
        if type(value) is not Pair:
            wanted = "expected the sizes of a layer, such as (16 16)"
            raise wrong(it, argument, value, wanted)
        sizes = [
            whole(it, Argument(cell.car, element_span(cell) or argument.span), "a size")
            for cell in cells(value)
        ]
    if len(sizes) > 3:
        raise ValueKindError(
            f"a layer has one to three sizes, found {len(sizes)}",
            span=argument.span,
            hint="(UNITS), (ROWS COLS) or (MAPS ROWS COLS)",
        )
    return tuple(sizes)
