"""Slips of newcomers in the forms of nets and experiments: other frameworks' words and shapes.

Read next: test_leads.py, for those of the language.
"""

from __future__ import annotations

import pytest

from sn.errors import SnError
from sn.session import Session
from tests.slips import NET, check, experiment, named, net, slip

RULE = "its options are lists: (adam (learning-rate 0.001))"
FULL_RULE = "(optimizer adam (adam (learning-rate 0.001)))"

LAYERS = {
    "one-number": net(
        "(layer output (10))", "(layer output 10)", "5:17", "found", "(layer output (10))"
    ),
    "three": net(
        "(4 8 8)", "4x8x8", "3:13", "found 4x8x8, which has no value", "(layer h1 (4 8 8))"
    ),
    "computed": net("(10)", "(2 * 5)", "5:20", "a size must be", "each may be computed: ((* 2 5))"),
    "units-as-a-number": net("(10)", "(units 10)", "5:24", "made by newneurons", "the size (10)"),
    "keyword": net("(4 8 8)", "size=10", "3:13", "found size=10", "(layer h1 (10))"),
    "name-behind": net("h1 (4 8 8)", "(4 8 8) h1", "3:10", "the number 4", "(layer h1 (4 8 8))"),
    "sizes-behind": net("(4 8 8)", "(tanh) (4 8 8)", "3:14", "a size", "(layer h1 (4 8 8) (tanh))"),
    "left-out": net("(4 8 8)", "...", "3:13", "found ...", "what an example leaves out"),
    "no-number": net(
        "(10)", "(classes)", "5:18", "found classes, which has no", "(setq classes NUMBER)"
    ),
    "activation": net(
        "8 8)", "8 8) (activation relu)", "3:22", "'activation'", "by its name: (relu)"
    ),
    "activation-as-a-string": net(
        "8 8)", '8 8) (activation "sigmoid")', "3:22", "'activation'", "(logistic)"
    ),
    "activation-bare": net("8 8)", "8 8) relu", "3:21", "found the symbol relu", "write (relu)"),
    "activation-keyword": net(
        "8 8)", "8 8) :activation relu", "3:21", "found :activation", "by its"
    ),
    "sigmoid": net("8 8)", "8 8) (sigmoid)", "3:22", "'sigmoid'", "(logistic)"),
    "softmax": net(
        "(10)", "(10) (softmax)", "5:23", "'softmax'", "(cost softmax) in the experiment"
    ),
    "nlf-of-a-word": net("8 8)", "8 8) (nlf tanh)", "3:26", "expected a function", "write (tanh)"),
    "nlf-of-a-rule": net("8 8)", "8 8) (nlf relu)", "3:26", "'relu'", "write (relu) in its place"),
    "nlf-of-a-function": net("8 8)", "8 8) (nlf sin)", "3:26", "expected", "(lambda (x) (sin x))"),
    "batch-norm": net(
        "8 8)",
        "8 8) (batch-norm)",
        "3:22",
        "'batch-norm'",
        "no normalisation of layers: leave it out",
    ),
    "bias-false": net("8 8)", "8 8) (bias false)", "3:27", "'false'", "SN says none"),
    "parenthesis-too-many": net(
        "(layer h2 (2 4 4))",
        "(layer h2 (2 4 4)))",
        "4:21",
        "net n connects no layers",
        "a ')' too many ends the net on line 4: line 5 goes on with (layer output (10))",
    ),
    "net-in-parentheses": net(
        "defnet n", "defnet (n)", "1:9", "found the list (n)", "write n without"
    ),
    "network": net(
        "defnet n", "network n", "1:1", "'network'", "described by (defnet n (layer input"
    ),
    "dense": net(
        "(layer output (10))", "(dense output 10)", "5:3", "'dense'", "(layer output (10)) and"
    ),
    "input": net("(layer input", "(input", "2:3", "'input'", ": (layer input (16 16) (border -1))"),
    "train": slip("(train n)", "1:1", "'train'", "sn run FILE trains"),
}

LINKS = {
    "arrow": net("h2 output", "h2 -> output", "8:15", "'->'", ": (connect h2 output (full))"),
    "fat-arrow": net("h2 output", "h2 => output", "8:15", "'=>'", ": (connect h2 output (full))"),
    "to": net("h2 output", "h2 to output", "8:15", "'to'", ": (connect h2 output (full))"),
    "in-a-list": net("h2 output", "(h2 output)", "8:12", "'h2'", ": (connect h2 output (full))"),
    "scheme-first": net(
        "h2 output (full)", "(full) h2 output", "8:12", "'full'", "h2 output (full))"
    ),
    "scheme-between": net(
        "h2 output (full)", "h2 (full) output", "8:15", "'full'", "h2 output (full))"
    ),
    "scheme-bare": net(
        "(full)", "full", "8:22", "found the symbol full", "(connect h2 output (full))"
    ),
    "scheme-missing": net(
        " (full)", "", "8:3", "needs one connection scheme", "(connect h2 output (full))"
    ),
    "dense": net("(full)", "(dense)", "8:23", "'dense'", "SN says (full)"),
    "dense-bare": net(
        "(full)", "dense", "8:22", "found the symbol dense", "(connect h2 output (full))"
    ),
    "linear": net("(full)", "(linear)", "8:23", "'linear'", "SN says (full)"),
    "conv2d": net("(conv", "(conv2d", "6:22", "'conv2d'", "SN says (conv (kernel H W) ...)"),
    "maxpool": net(
        "(conv (kernel 5 5)", "(maxpool (kernel 2 2)", "6:22", "'maxpool'", "no maximum"
    ),
    "misspelt-layer": net("h2 output", "h2 outptu", "8:15", "'outptu'", "did you mean 'output'?"),
    "kernel-in-a-list": net(
        "5 5)", "(5 5))", "6:35", "the number 5 is not", "itself: (kernel 5 5)"
    ),
    "stride-in-a-list": net(
        "(stride 2 2)", "(stride (2 2))", "6:48", "the number 2", "(stride 2 2)"
    ),
    "kernel-5x5": net("5 5)", "5x5)", "6:35", "found 5x5", "in the option itself: (kernel 5 5)"),
    "kernel-bare": net(
        "(conv (kernel 5 5)", "(conv 5x5", "6:27", "found the symbol 5x5", "(kernel 5 5)"
    ),
    "kernel-keyword": net(
        "(kernel 5 5)", ":kernel 5", "6:27", "found :kernel", "(kernel ROWS COLS)"
    ),
    "kernel-of-python": net(
        "(kernel 5 5)", "kernel=5", "6:27", "symbol kernel=5", "a list: (kernel 5)"
    ),
    "padding": net("(stride 2 2)", "(padding 2)", "6:41", "'padding'", "(border VALUE)"),
    "filters": net("(stride 2 2)", "(filters 4)", "6:41", "'filters'", "first of three sizes"),
    "itself": net(
        "h2 output (full)", "h2 h2 (full)", "8:15", "cannot feed itself", "h2-1 and h2-2"
    ),
    "backwards": net(
        "h2 output", "output h2", "8:3", "cannot feed h2", "(connect h2 output ...)? SN"
    ),
    "recurrence": net(
        "(connect h2 output (full))",
        "(connect h2 output (full)) (connect output h2 (full))",
        "8:30",
        "layer output cannot feed h2, which is declared before it",
        "nothing recurs; to unroll, declare a layer for each step, such as h2-1 and h2-2",
    ),
}

WINDOWS = {
    "outside": net(
        "(16 16) (border -1)",
        "(16 16)",
        "6:3",
        "reach outside input, which has no border: 8 windows of 5 with stride 2 need 19 rows and "
        "columns, input has 16",
        "6 rows and columns in h1, or a kernel of 2, or 19 rows and columns in input; or (border",
    ),
    "outside-along-one-axis": net(
        "(16 16) (border -1)",
        "(19 16)",
        "6:3",
        "no border: 8 windows of 5 with stride 2 need 19 columns, input has 16",
        "along the columns: 6 columns in h1, or a kernel of 2, or 19 columns in input",
    ),
    "unseen": net(
        "(stride 2 2)",
        "(stride 1 2)",
        "6:3",
        "8 windows of 5 with stride 1 leave 4 of the 16 rows of input unseen",
        "12 rows in h1, or a kernel of 9, or 12 rows in input; or (offset ...)",
    ),
    "subsampled": slip(
        "(defnet n (layer i (2 8 8)) (layer o (2 3 4)) (connect i o (subsample (kernel 2 2))))",
        "1:47",
        "4 windows of 2 with stride 2 fit in the 8 rows of i, o has 3",
        "along the rows: 4 rows in o, or a kernel of 4, or a stride of 3, or 6 rows in i",
    ),
    "maps-last": slip(
        "(defnet n (layer i (16 16 1)) (layer o (4 12 12)) (connect i o (conv (kernel 5 5))))",
        "1:51",
        "12 windows of 5 with stride 1 need 16 columns, i has 1",
        "sizes are (MAPS ROWS COLS), the maps first: is i meant as (1 16 16)?",
    ),
    "on-a-line": slip(
        "(defnet n (layer i (8)) (layer o (8)) (connect i o (conv (kernel 3))))",
        "1:39",
        "8 windows of 3 with stride 1 need 10 units, i has 8",
        "along the units: 6 units in o, or a kernel of 1, or 10 units in i",
    ),
}

TABLES = {
    "zeros-and-ones": net(
        "'((0 1) (1 2 3))",
        "'((1 1 0 0) (0 1 1 1))",
        "7:61",
        "lists the maps of h1 by number, in a row for each map of h2; these are zeros and ones",
        "write '((0 1) (1 2 3))",
    ),
    "zeros-and-ones-turned-around": net(
        "'((0 1) (1 2 3))",
        "'((1 0) (1 1) (0 1) (0 1))",
        "7:67",
        "these are zeros and ones for each map of h1",
        "write '((0 1) (1 2 3))",
    ),
    "matrix-of-zeros-and-ones": net(
        "'((0 1) (1 2 3))", "[[1 1 0 0] [0 1 1 1]]", "7:56", "zeros and ones", "'((0 1) (1 2 3))"
    ),
    "matrix": net(
        "'((0 1) (1 2 3))", "[[0 1] [1 2]]", "7:56", "is a matrix", "write '((0 1) (1 2))"
    ),
    "turned-around": net(
        "'((0 1) (1 2 3))",
        "'((0) (0 1) (1) (1))",
        "7:68",
        "h2 has 2 maps and h1 4, the table has a row for each map of h1",
        "turned around: '((0 1) (1 2 3))",
    ),
    "counted-from-1": net(
        "'((0 1) (1 2 3))",
        "'((1 2) (2 3 4))",
        "7:69",
        "h1 has maps 0 to 3, this table counts from 1 to 4",
        "counted from 0: '((0 1) (1 2 3))",
    ),
    "in-one-list-missing": net(
        "'((0 1) (1 2 3))", "(0 1) (1 2 3)", "7:62", "maps needs 1", "(maps '((0 1) (1 2 3)))"
    ),
    "flat": net("'((0 1) (1 2 3))", "'(0 1 2 3)", "7:58", "found the number 0", "'((0 1) (1 2))"),
    "word": net("'((0 1) (1 2 3))", "full", "7:56", "found full, which has", "every map sees all"),
    "one-map-too-many-is-told-as-such": net(
        "(1 2 3)", "(1 2 4)", "7:69", "h1 has maps 0 to 3, not 4", "the last of 4 is 3"
    ),
}

OPTIONS = {
    "rate": experiment(
        "(learning-rate rate)", "(rate rate)", "12:24", "'rate'", "(learning-rate X)"
    ),
    "lr": experiment(
        "(learning-rate rate)", "(lr rate)", "12:24", "'lr'", "SN says (learning-rate X)"
    ),
    "lr-of-python": experiment(
        "(learning-rate rate)", "lr=0.1", "12:23", "lr=0.1", "(learning-rate 0.1)"
    ),
    "lr-keyword": experiment(
        "(learning-rate rate)", ":lr 0.1", "12:23", "found :lr", "(learning-rate X)"
    ),
    "number": experiment("(sgd (learning-rate rate))", "(adam 0.001)", "12:24", "the number", RULE),
    "rule-bare": experiment(
        "sgd (sgd (learning-rate rate))", "adam 0.001", "12:19", "found", FULL_RULE
    ),
    "rule-flat": experiment(
        "sgd (sgd (learning-rate rate))",
        "adam (learning-rate 0.001)",
        "12:20",
        "optimizer",
        FULL_RULE,
    ),
    "rule-alone": experiment(
        "(optimizer sgd (sgd (learning-rate rate)))",
        "(optimizer (adam 0.001))",
        "12:3",
        "2",
        FULL_RULE,
    ),
    "rule-without-optimizer": experiment(
        "(optimizer sgd (sgd (learning-rate rate)))",
        "(adam (learning-rate 0.001))",
        "12:4",
        "no option 'adam'",
        FULL_RULE,
    ),
    "misspelt-rule": experiment(
        "(sgd (", "(sdg (", "12:19", "optimizer 'sdg'", "did you mean 'sgd'?"
    ),
    "epochs": experiment("passes", "epochs", "13:4", "no option 'epochs'", "SN says (passes N)"),
    "batch-size": experiment(
        "(passes 5)", "(batch-size 32)", "13:4", "'batch-size'", "(adam (batch 32))"
    ),
    "seed": experiment("(passes 5)", "(seed 1)", "13:4", "no option 'seed'", "sn run --seed N"),
    "shuffle": experiment("(passes 5)", "(shuffle t)", "13:4", "'shuffle'", "(order shuffled)"),
    "loss": experiment("(passes 5)", "(loss mse)", "13:4", "no option 'loss'", "SN says (cost"),
    "weight-decay": experiment(
        "(learning-rate rate)", "(weight-decay 1)", "12:24", "'weight", "(decay X)"
    ),
    "no-value": experiment(
        "(learning-rate rate)", "(learning-rate eta)", "12:38", "eta, which", "(setq eta"
    ),
    "percent": experiment(
        "(learning-rate rate)", "(learning-rate 1%)", "12:38", "1%, which", "write 0.01"
    ),
    "equals": experiment("(passes 5)", "(passes = 5)", "13:13", "passes needs 1", "(passes N)"),
}

WELL = {
    "one-number-for-two": NET.replace("(kernel 5 5) (stride 2 2)", "(kernel 5) (stride 2)"),
    "one-number-for-a-kernel": NET.replace("(kernel 5 5)", "(kernel 5)"),
    "names-as-strings": NET.replace("(connect h2 output", '(connect "h2" "output"'),
}

SLIPS = named(layer=LAYERS, link=LINKS, table=TABLES, window=WINDOWS, option=OPTIONS)


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_gets_its_place_and_a_right_lead(name: str) -> None:
    check(SLIPS[name])


@pytest.mark.parametrize("name", WELL)
def test_what_is_no_slip_is_taken(name: str) -> None:
    Session().evaluate(WELL[name], "n.sn")


@pytest.mark.parametrize(
    "sizes",
    [
        "16x16",
        "16X16",
        "16×16",
        "(16x16)",
        "(16*16)",
        "(16 x 16)",
        "[16 16]",
        "'(16 16)",
        "(list 16 16)",
        "16 16",
        "(size 16 16)",
        "size=16x16",
    ],
)
def test_sizes_written_as_elsewhere_are_shown_as_a_list(sizes: str) -> None:
    with pytest.raises(SnError) as caught:
        Session().evaluate(NET.replace("(16 16)", sizes, 1), "n.sn")
    hint = "sizes are a list of numbers: (layer input (16 16) (border -1))"
    assert caught.value.hint == hint
    assert caught.value.span is not None and caught.value.span.line == 2


def test_one_number_between_images_counts_for_both_axes() -> None:
    nets = []
    for kernel in ("(kernel 5 5) (stride 2 2)", "(kernel 5) (stride 2)", "(kernel 5) (stride 2 2)"):
        session = Session()
        session.evaluate(NET.replace("(kernel 5 5) (stride 2 2)", kernel), "n.sn")
        nets.append(session.world.networks["n"].rows())
    for other in nets[1:]:
        assert all((a == b).all() for a, b in zip(nets[0], other, strict=True))


def test_one_number_between_lines_is_a_window_of_one_dimension() -> None:
    session = Session()
    session.evaluate(
        "(defnet n (layer i (3 16)) (layer o (2 12)) (connect i o (conv (kernel 5))))", "n.sn"
    )
    dst, src, _, _ = session.world.networks["n"].rows()
    assert (src > 0).sum() == 2 * 3 * 12 * 5
