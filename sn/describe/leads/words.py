"""Words of other frameworks where a form of SN has options, and as forms of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from sn.lisp.forms import Pair, Symbol, Value, to_list
from sn.lisp.leads.words import words
from sn.lisp.leads.writing import call, code, items, name_of

# What other programs and papers say for a word of SN; docs/glossary.md tells the same.
OTHER_WORDS = {
    "average-pool": "subsample",
    "bce": "logistic",
    "bce-with-logits": "logistic",
    "binary-cross-entropy": "logistic",
    "avg-pool": "subsample",
    "avgpool": "subsample",
    "categorical-cross-entropy": "softmax",
    "convolution": "conv",
    "conv2d": "conv",
    "cross-entropy": "softmax",
    "dataset": "data",
    "dense": "full",
    "dilated": "dilation",
    "epochs": "passes",
    "eta": "learning-rate",
    "fully-connected": "full",
    "loss": "cost",
    "lr": "learning-rate",
    "learn-lm": "diagonal-newton",
    "newton": "diagonal-newton",
    "mse": "mean-square",
    "smooth-l1": "huber",
    "normal": "gaussian",
    "pad": "border",
    "padding": "border",
    "periodic": "wrap",
    "pool": "subsample",
    "random": "shuffled",
    "rate": "learning-rate",
    "sequential": "constant",
    "shuffle": "shuffled",
    "step-size": "learning-rate",
    "strides": "stride",
    "toroidal": "wrap",
    "weight-decay": "decay",
}

# Where a word stands: by a word that only the options of that form have.
_PLACES = {
    "experiment": "optimizer",
    "rule": "learning-rate",
    "rules": "sgd",
    "layer": "nlf",
    "window": "kernel",
    "scheme": "full",
    "cost": "lms",
    "bias": "none",
}

Lead: TypeAlias = Callable[[Sequence[Value]], str | None]

_NO_POOLING = (
    "SN takes no maximum of a window: (subsample (kernel 2 2)) sums it, times a coefficient a map"
)
_BORDER = "constant units around a layer are said there: (layer NAME (SIZE ...) (border VALUE))"
_MAPS = "the maps are the first of three sizes of the layer after it, (layer NAME (MAPS ROWS COLS))"
_BATCH = "it belongs to an optimizer, (batch N) or (batch all): (optimizer NAME (adam (batch 32)))"
_CLIP = "SN says (clip-norm C)"
_EMA = "SN says (average 0.999)"
_RULES = (
    *("sgd", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "rprop"),
    *("batch", "diagonal-newton"),
)
_SEED = "(seed N) on the top level of the program, or sn run --seed N"


def _none(what: str) -> str:
    return f"SN has no {what}: leave it out"


def _activation(args: Sequence[Value]) -> str | None:
    word = name_of(args[0]) if args else ""
    word = args[0] if args and type(args[0]) is str else word
    known = _TEXTS["layer"].get(word.lower()) if word else None
    if known:
        return known
    return f"the non-linearity is an option by its name: ({word or 'tanh'})"


def _rule(word: str) -> Lead:
    def lead(args: Sequence[Value]) -> str | None:
        inner = to_list([Symbol(word), *(_rates(args))])
        return f"an optimizer has a name of yours: {call('optimizer', [Symbol(word), inner])}"

    return lead


def _rates(args: Sequence[Value]) -> list[Value]:
    """Return the options of a rule; a number alone is a learning rate."""
    if len(args) == 1 and type(args[0]) is not Pair:
        return [to_list([Symbol("learning-rate"), args[0]])]
    return list(args)


def _in_a_rule(word: str) -> Lead:
    def lead(args: Sequence[Value]) -> str | None:
        inner = to_list([Symbol("sgd"), to_list([Symbol(word), *args])])
        return f"it is an option of an optimizer: {call('optimizer', [Symbol('sgd'), inner])}"

    return lead


_TEXTS: dict[str, dict[str, str]] = {
    "experiment": {
        **dict.fromkeys(("batch-size", "batchsize", "minibatch"), _BATCH),
        **dict.fromkeys(("seed", "random-seed"), _SEED),
        "shuffle": "SN says (order shuffled)",
        "dropout": "it belongs to a layer: (layer NAME (SIZE ...) (dropout 0.25))",
        "metrics": "(criterion ...) says when a pattern counts as right",
        "early-stopping": "SN says (stop (patience PASSES))",
        "callbacks": "(stop (patience PASSES)) ends a run early",
    },
    "layer": {
        "sigmoid": "SN says (logistic)",
        "swish": "SN says (silu)",
        "leakyrelu": "SN says (leaky-relu)",
        **dict.fromkeys(("identity", "none"), "SN says (linear)"),
        "softmax": "softmax is part of a cost: a layer that is (linear), and (cost softmax) in the "
        "experiment",
        **dict.fromkeys(
            ("batchnorm", "batch-norm", "layer-norm"), _none("normalisation of layers")
        ),
        **dict.fromkeys(
            ("kernel", "conv", "stride"), "windows belong to (connect FROM TO (conv ...))"
        ),
        **dict.fromkeys(("size", "shape", "units"), "sizes stand right behind the name"),
    },
    "window": {
        **dict.fromkeys(("filters", "channels", "out-channels"), _MAPS),
        **dict.fromkeys(("padding", "pad", "border"), _BORDER),
        "activation": "the non-linearity is said at the layer: (layer NAME (SIZE ...) (tanh))",
        "bias": "biases are said at the layer: (layer NAME (SIZE ...) (bias map))",
    },
    "scheme": {
        **dict.fromkeys(
            ("maxpool", "max-pool", "maxpool2d", "maxpooling", "max-pooling"), _NO_POOLING
        ),
        **dict.fromkeys(("linear", "fc", "all", "all-to-all", "fully"), "SN says (full)"),
        "one-to-one": "write a (scheme FUNCTION) whose rows are (TO-UNIT FROM-UNIT)",
        "kernel": "windows stand in a scheme: (conv (kernel ROWS COLS))",
    },
    "rule": {
        **dict.fromkeys(("batch-size", "batchsize", "minibatch"), "SN says (batch 32)"),
        **dict.fromkeys(("clip", "max-norm", "gradient-clipping"), _CLIP),
        **dict.fromkeys(("ema", "ema-decay", "swa"), _EMA),
        "weight-norm": "SN says (parametrisation weight-norm)",
    },
    "cost": {
        "sigmoid": "a cost compares outputs and targets: (cost lms), (cost softmax)",
    },
    "bias": {
        **dict.fromkeys(("false", "no", "off"), "SN says none"),
        **dict.fromkeys(("t", "true", "yes", "on"), "leave it out, or say unit or map"),
    },
}
_CALLS: dict[str, dict[str, Lead]] = {
    "experiment": {
        **{word: _rule(word) for word in _RULES},
        **{word: _in_a_rule(word) for word in ("learning-rate", "momentum", "decay")},
        "lr": _in_a_rule("learning-rate"),
    },
    "layer": dict.fromkeys(("activation", "nonlinearity", "non-linearity"), _activation),
}


def elsewhere(word: str, known: Mapping[str, str], args: Sequence[Value]) -> str | None:
    """Return the hint for an option of another framework where those of `known` may stand."""
    word = word.lower()
    for place, mark in _PLACES.items():
        if mark in known:
            lead = _CALLS.get(place, {}).get(word)
            found = lead(args) if lead else _TEXTS.get(place, {}).get(word)
            if found:
                return found
    ours = OTHER_WORDS.get(word, "")
    return f"SN says {known[ours]}" if ours in known else None


# --- forms of their own, as in a list of layers ---


def _layer(args: list[Value]) -> str | None:
    """(dense output 10)."""
    names = [part for part in args if type(part) is Symbol]
    numbers = [part for part in args if type(part) is float]
    title = names[0] if names else Symbol("NAME")
    sizes = to_list(numbers[:1] or [Symbol("UNITS")])
    text = code(to_list([Symbol("layer"), title, sizes]))
    link = f"(connect FROM {title.name} (full))"
    return f"layers and what connects them are said apart: {text} and {link}"


def _windows(args: list[Value]) -> str | None:
    """(conv2d h1 4 5)."""
    return (
        "layers and what connects them are said apart: (layer NAME (MAPS ROWS COLS)) and "
        "(connect FROM NAME (conv (kernel ROWS COLS)))"
    )


def _net(args: list[Value]) -> str | None:
    """(network n ...)."""
    return f"a net is described by {call('defnet', args)}"


def _input(args: list[Value]) -> str | None:
    """(input (16 16))."""
    title = next((part for part in args if type(part) is Symbol), Symbol("input"))
    others = [part for part in args if part is not title]
    return f"the first layer holds the pattern: {call('layer', [title, *others])}"


def _train(args: list[Value]) -> str | None:
    """(train n)."""
    return (
        "sn run FILE trains, and (train) at the prompt of sn repl FILE; what is trained, and how, "
        "says (experiment NET ...)"
    )


def _prompt(args: list[Value]) -> str | None:
    """(help 'car)."""
    return "this is a word of the prompt: sn repl FILE"


def _option(args: list[Value]) -> str | None:
    """(sgd ...) on the top level."""
    return "this is a part of an (experiment NET ...)"


_FORMS: dict[str, tuple[Callable[[list[Value]], str | None], str]] = {
    "layer": (_layer, "dense linear fc fully-connected"),
    "windows": (_windows, "conv2d convolution conv maxpool pool subsample"),
    "net": (_net, "network net model sequential defnetwork neural-network"),
    "input": (_input, "input input-layer"),
    "train": (_train, "train fit compile learn evaluate"),
    "prompt": (_prompt, "help apropos trained rebuild train-anew error-form error-values"),
    "option": (_option, "optimizer data passes epochs learning-rate cost loss sgd adam"),
}
for _lead, _words in _FORMS.values():
    for _word in _words.split():
        words.add(_word, _lead)


def given(form: Value) -> list[Value]:
    """Return the arguments of a clause."""
    return (items(form.cdr, 100) or []) if type(form) is Pair else []
