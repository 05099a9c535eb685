"""The data option: each source and option as a program says them, and what it may not say."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sn.data import (
    Dataset,
    DividedData,
    NamedData,
    OwnData,
    Scale,
    Shares,
    Streaming,
    csv,
    fann,
    idx,
    images,
    matrix,
    npy,
    npz,
    raw,
    text_matrix,
)
from sn.describe.data import read_data_text
from sn.errors import SnError, render
from sn.session import Session

NET = "(defnet n (layer a (2)) (layer b (2)) (connect a b (full)))"
TABLE = "a,b,kind\n1,2,x\n3,4,y\n5,6,x\n7,8,y\n"


def data_of(text: str, before: str = "", session: Session | None = None) -> Any:
    """Return what `(data TEXT)` is."""
    session = session or Session()
    session.evaluate(
        f"{NET} {before} (experiment n (data {text}) (optimizer s (sgd (epsilon 0.1))))"
    )
    return session.world.experiments["n"].data


def loaded(text: str, before: str = "") -> Dataset:
    found: Dataset = data_of(text, before).load()[0]
    return found


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text(TABLE)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('(csv "t.csv" (label 2))', csv("t.csv", label=2)),
        (
            '(csv "t.csv" (inputs 0 "b") (targets "kind" -1) (separator ";") (header no))',
            csv("t.csv", (0, "b"), targets=("kind", -1), separator=";", header=False),
        ),
        (
            '(csv "t.csv" (inputs (range 0 1)) (label "kind")'
            ' (classes (quote x) "y z" 3) (categories 1))',
            csv("t.csv", (0, 1), "kind", categories=1, classes=("x", "y z", "3")),
        ),
        ('(csv "t.tsv" (labels 3 4) (header yes) (separator "\\t"))',
         csv("t.tsv", labels=(3, 4), header=True, separator="\t")),
        ('(csv (concat "t" ".csv") (label (+ 1 1)))', csv("t.csv", label=2)),
        (
            '(npz "m.npz" (inputs "x") (targets "y") (kind values))',
            npz("m.npz", "x", "y", kind="values"),
        ),
        ('(npz "m.npz")', npz("m.npz")),
        ('(npy "x.npy" "y.npy" (classes "a" "b"))', npy("x.npy", "y.npy", classes=("a", "b"))),
        ('(npy "x.npy")', npy("x.npy")),
        ('(idx "x.gz" "y.gz")', idx("x.gz", "y.gz")),
        ('(images "digits" (mode rgb) (size 8 9))', images("digits", "rgb", (8, 9))),
        ('(images "digits" (classes "b" "a"))', images("digits", classes=("b", "a"))),
        ('(matrix "x.mat" "y.mat" (kind classes))', matrix("x.mat", "y.mat", "classes")),
        ('(text-matrix "x" "y" (kind values))', text_matrix("x", "y", "values")),
        ('(fann "x.data")', fann("x.data")),
        ('(raw "x.bin" (size 256))', raw("x.bin", shape=(256,))),
        (
            '(raw "x.bin" "y.bin" (size 3 4) (type float16) (skip 8) (byte-order big)'
            " (target-type int32) (target-size 2) (target-skip 4) (kind values))",
            raw(
                "x.bin", "y.bin", "values", shape=(3, 4), type="float16", skip=8,
                byte_order="big", target_type="int32", target_size=2, target_skip=4,
            ),
        ),
    ],
)  # fmt: skip
def test_a_form_is_the_reader_that_python_makes(text: str, expected: Any) -> None:
    assert data_of(text).source == expected


def test_options_say_how_rows_become_sets() -> None:
    found = data_of(
        '(csv "t.csv" (label 2)) (test "u.csv") (validation (npz "v.npz"))'
        " (split (train 0.5) (validation 0.1) (test 0.2) (seed 3)) (rows 1 100)"
        " (scale (-1 1)) (shape 1 2) (missing mean)"
    )
    assert found == OwnData(
        csv("t.csv", label=2),
        test=csv("u.csv", label=2),
        validation=npz("v.npz"),
        split=Shares(0.5, 0.1, 0.2, 3),
        rows=(1, 100),
        scale=Scale("range", -1, 1),
        shape=(1, 2),
        may_miss=True,
    )


@pytest.mark.parametrize(
    ("text", "stream"),
    [
        ("", Streaming()),
        ("(stream)", Streaming(True)),
        ("(stream yes)", Streaming(True)),
        ("(stream no)", Streaming(False)),
        ("(stream (block 8))", Streaming(True, 8)),
        ("(stream (block 8) (buffer 3))", Streaming(True, 8, 3)),
    ],
)
def test_a_stream_says_how_much_is_read_at_once(text: str, stream: Streaming) -> None:
    assert data_of(f'(npy "x.npy" "y.npy") {text}').stream == stream


@pytest.mark.parametrize(
    ("text", "scale"),
    [("standard", Scale("standard")), ("unit", Scale("range")), ("none", Scale())],
)
def test_scales_have_names(text: str, scale: Scale) -> None:
    assert data_of(f'(csv "t.csv") (scale {text})').scale == scale
    assert data_of('(csv "t.csv") (missing refuse)').may_miss is False


def test_every_fifth_row_is_for_the_test() -> None:
    assert data_of('(csv "t.csv") (split (every 5))').split == Shares(every=5)


def test_paths_start_at_the_program(desk: Path) -> None:
    folder = desk / "far"
    folder.mkdir()
    os.rename(desk / "t.csv", folder / "t.csv")
    program = folder / "p.sn"
    program.write_text(
        f'{NET} (experiment n (data (csv "t.csv" (label 2))) (optimizer s (sgd (epsilon 0.1))))'
    )
    for name in (program, Path("far/p.sn")):
        found, note = Session().load(name).experiment().spec.data.load()
        assert (found.name, len(found.train)) == ("t.csv", 4)
        assert note.startswith("data: 4 rows of ")


XOR = "[[0 0][0 1][1 0][1 1]]"


@pytest.mark.parametrize(
    ("targets", "kind", "expected"),
    [
        ("[0 1 1 0]", "classes", [0, 1, 1, 0]),
        ("'(0 1 1 0)", "classes", [0, 1, 1, 0]),
        ("'(no yes yes no)", "classes", [0, 1, 1, 0]),
        ('\'("b" "a" "a" "b")', "classes", [1, 0, 0, 1]),
        ("[0 1.5 1 0]", "values", [[0], [1.5], [1], [0]]),
        ("[[-1][1][1][-1]]", "values", [[-1], [1], [1], [-1]]),
        ("'((0 1) (1 0) (1 0) (0 1))", "values", [[0, 1], [1, 0], [1, 0], [0, 1]]),
        ("'((0 1) (1 0) (1 0) (0 1)) (kind classes)", "classes", [1, 0, 0, 1]),
        ("[[0 1][1 0][1 1][0 0]] (kind labels)", "labels", [[0, 1], [1, 0], [1, 1], [0, 0]]),
        ("[0 1 1 0] (kind values)", "values", [[0], [1], [1], [0]]),
    ],
)
def test_patterns_of_the_program(targets: str, kind: str, expected: Any) -> None:
    for inputs in (XOR, "'((0 0) (0 1) (1 0) (1 1))", "(list [0 0] '(0 1) [1 0] [1 1])"):
        found = loaded(f"(patterns {inputs} {targets})")
        assert found.train.inputs.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
        assert found.kind == kind
        assert found.train.targets.tolist() == expected


def test_matrices_of_any_storage_and_shape() -> None:
    found = loaded(
        "(patterns images labels)",
        "(setq images (ubyte-matrix 3 2 2)) (images 2 1 0 200)"
        " (setq labels (int-matrix 3)) (labels () '(4 9 4))",
    )
    assert (found.shape, found.classes) == ((2, 2), ("4", "9"))
    assert found.train.inputs[2].tolist() == [0, 0, 200, 0]


def test_a_function_makes_patterns() -> None:
    found = loaded("(function 5 (lambda (n) (list (list n (* n n)) (list (+ n 1)))))")
    np.testing.assert_array_equal(found.train.inputs, [[n, n * n] for n in range(5)])
    assert found.train.targets.tolist() == [[1], [2], [3], [4], [5]]
    found = loaded(
        "(function 4 f) (test 2 f)", "(de f (n) (list (list n n) (if (> n 1) 'big 'small)))"
    )
    assert found.classes == ("big", "small")
    assert (found.train.targets.tolist(), found.test.targets.tolist()) == ([1, 1, 0, 0], [1, 1])


def test_a_program_s_own_test_patterns() -> None:
    found = loaded(f"(patterns {XOR} [0 1 1 0]) (test [[1 0]] [1])")
    assert (found.classes, found.test.targets.tolist()) == (("0", "1"), [1])


def test_patterns_of_a_program_are_named_after_it(desk: Path) -> None:
    program = desk / "xor.sn"
    program.write_text(
        f"{NET} (experiment n (data (patterns {XOR} [0 1 1 0])) (optimizer s (sgd (epsilon 1))))"
    )
    found, note = Session().load(program).experiment().spec.data.load()
    assert (found.name, note.startswith("data: 4 rows of ")) == ("xor.sn", True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '(csv "t.csv" (labl 2))',
            "csv has no option 'labl'\n*hint: did you mean 'label' or 'labels'?",
        ),
        ('(cvs "t.csv")', "data cannot come from 'cvs'\n*hint: did you mean 'csv'?"),
        (
            "(csv t.csv (label 2))",
            "the name of a file is a string, found t.csv, which has no value"
            '\n*hint: write "t.csv", with quotes',
        ),
        (
            "(csv)",
            "csv needs 1 argument before its options, found 0\n*"
            'hint: the call form is (csv "FILE" (inputs C ...) (label C))',
        ),
        ('(npy "x.npy") (stream maybe)', "there is no stream 'maybe'\n*hint: known: yes, no"),
        (
            '(npy "x.npy") (stream (block 0))',
            "the block of a stream must be a whole number from 1 to 2147483647, found 0",
        ),
        (
            '(npy "x.npy") (stream (blok 3))',
            "stream has no option 'blok'\n*hint: did you mean 'block'?",
        ),
        (
            '(npy "x.npy") (stream (buffer 3 4))',
            "buffer needs 1 argument, found 2\n*hint: the call form is (buffer BLOCKS)",
        ),
        (
            '(raw "x.bin")',
            "raw needs the size of a pattern, which its file does not say\n*hint: (r",
        ),
        (
            '(raw "x.bin" (size 4) (type uint9))',
            "there is no type 'uint9'\n*hint: did you mean 'uint8' or",
        ),
        (
            '(raw "x.bin" (size 4) (skip -1))',
            "skip must be a whole number from 0 to 9007199254740992, found -1",
        ),
        ('(csv "t.csv" "u.csv")', "expected an option of csv, such as (inputs C ...), found"),
        (
            '(csv "t.csv" (label kind))',
            "a column is a number from 0 or a name, a string, found kind, "
            'which has no value\n*hint: write "kind", with quotes, for the column of this name',
        ),
        ('(csv "t.csv" (label 1.5))', "a column must be a whole number, found 1.5"),
        (
            '(csv "t.csv" (label))',
            "label needs 1 argument, found 0\n*hint: the call form is (label C)",
        ),
        ('(csv "t.csv" (label 1 2))', "label needs 1 argument, found 2"),
        ('(csv "t.csv" (inputs))', "inputs needs at least 1 argument"),
        ('(csv "t.csv" (header maybe))', "there is no header 'maybe'"),
        ('(csv "t.csv" (separator "::"))', "a separator is one character, found '::'"),
        ('(csv "t.csv" (label 1) (targets 2))', "targets are of one kind, found label and targets"),
        ('(csv "t.csv" (label 1) (label 2))', "csv has the option 'label' twice"),
        ('(csv "t.csv" (label 1) (classes "a" "a"))', "a class stands twice"),
        ('(images "d" (mode gray))', "there is no mode 'gray'\n*hint: did you mean 'grey'?"),
        ('(images "d" (size 8))', "size needs 2 arguments, found 1"),
        ('(images "d" (kind classes))', "images has no option 'kind'"),
        ('(npz "t.npz" (inputs 1))', "inputs takes a string, found the number 1"),
        ('(npz "t.npz" (kind class))', "there is no kind 'class'\n*hint: did you mean 'classes'?"),
        (
            '(csv "t.csv") (split (test 1.5))',
            "test of a split must be a number from 0 to 1, found 1.5",
        ),
        (
            '(csv "t.csv") (split (test 0.6) (validation 0.6))',
            "the shares of a split are 1.2 together",
        ),
        (
            '(csv "t.csv") (split (tset 0.6))',
            "split has no option 'tset'\n*hint: did you mean 'test'?",
        ),
        ('(csv "t.csv") (rows 3 1)', "expected the first row and the last one, found 3 and 1"),
        ('(csv "t.csv") (rows 3)', "rows needs 2 arguments, found 1"),
        ('(csv "t.csv") (scale 3)', "expected scale, a symbol, found the number 3"),
        ('(csv "t.csv") (scale (1 -1))', "a range has two ends, the lower first, found 1 and -1"),
        ('(csv "t.csv") (scale (1))', "a range has two ends, found 1"),
        ('(csv "t.csv") (scale norm)', "there is no scale 'norm'"),
        ('(csv "t.csv") (missing median)', "there is no way with missing values 'median'"),
        ('(csv "t.csv") (shape 2 0)', "a size must be a whole number of at least 1, found 0"),
        ('(csv "t.csv") (test "a" "b")', "test needs 1 argument before its options, found 2"),
        ('(csv "t.csv") (tests "a")', "data has no option 'tests'\n*hint: did you mean 'test'?"),
        (
            '"mnist-1989" (rows 0 9)',
            "of a data set by name the training set can be split, all else is as it is; found the "
            "option 'rows' behind it",
        ),
        ('"mnist-1989" (split (test 0.1))', "split has no option 'test'"),
        ('"mnist-1989" (split (every 5))', "split has no option 'every'"),
        ('"mnist-1989" (split (validation 2))', "validation of a split must be"),
        ('"mnist-1989" (split)', "split needs at least 1 argument"),
        ('"mnist-1989" 3', "found something else behind it"),
        (
            '"t.csv"',
            "no data set is called 't.csv'\n*hint: a file is data too: "
            '(data (csv "t.csv" (inputs C ...) (label C)))',
        ),
        ('"data/x.mp3"', "hint: a file is read by a form of its kind"),
        ("(patterns 3 [1])", "expected a matrix or a list, found the number 3"),
        ("(patterns '((1 2) (3)) [1 2])", "rows are alike: row 1 has 1 values, row 0 has 2 values"),
        (f"(patterns '{'(' * 70}1{')' * 70} [1 2])", "rows of numbers may be lists 32 deep"),
        ("(patterns '((1) (a)) [1 2])", "expected numbers alone or names alone"),
        ("(patterns '((1) (())) [1 2])", "expected numbers or names, found ()"),
        ("(patterns [[1][2]] [1])", "expected one target for each pattern, found 2 patterns and 1"),
        ("(patterns '((a) (b)) [1 2])", "expected inputs as numbers, found text"),
        ("(function 2 car)", "car"),
        ("(function 2 3)", "expected a function that makes a pattern, found the number 3"),
        (
            "(function 2 (lambda (n) n))",
            "pattern 0: expected the list of its inputs and its targets",
        ),
        ("(function 0 (lambda (n) n))", "the number of patterns must be a whole number from 1"),
        ("(function 2)", "function needs 2 arguments before its options, found 1"),
    ],
)
def test_what_is_wrong_has_a_place_and_a_hint(text: str, message: str) -> None:
    session = Session()
    with pytest.raises(SnError) as caught:
        data_of(text, session=session)
    told = render(caught.value, session.interpreter.source)
    assert caught.value.span is not None
    assert "^" in told
    first, _, second = message.partition("\n*")
    assert first in told and second in told, told


def test_a_command_line_says_the_same() -> None:
    it = Session().interpreter
    own = OwnData(csv("t.csv", label=2))
    assert read_data_text(it, '(csv "t.csv" (label 2))') == own
    assert read_data_text(it, '(data (csv "t.csv" (label 2)) (rows 0 2))') == OwnData(
        csv("t.csv", label=2), rows=(0, 2)
    )
    assert read_data_text(it, "t.csv") == OwnData(csv("t.csv"))
    assert read_data_text(it, "train-images-idx3-ubyte.gz").source == idx(  # type: ignore[union-attr]
        "train-images-idx3-ubyte.gz"
    )
    assert read_data_text(it, "x/t.NPZ") == OwnData(npz("x/t.NPZ"))
    assert read_data_text(it, "mnist-1989") == NamedData(("mnist-1989",))
    both = '(data (first-available "zipcode" "mnist-1989") (split (validation 0.2) (seed 3)))'
    shares = Shares(validation=0.2, seed=3)
    assert read_data_text(it, both) == DividedData(NamedData(("zipcode", "mnist-1989")), shares)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mnist-1988", "hint: did you mean 'mnist-1989'?"),
        ("t.mp3", "no data set is called 't.mp3', nor is it a file SN knows"),
        ("(csv", "error:"),
        ('(csv "t") (csv "u")', "expected one form, found 2"),
        ("(cvs 1)", "data cannot come from 'cvs'"),
    ],
)
def test_a_wrong_command_line_is_told(text: str, message: str) -> None:
    it = Session().interpreter
    with pytest.raises(SnError) as caught:
        read_data_text(it, text)
    assert message in render(caught.value)


def test_the_form_on_a_command_line_is_shown_with_carets() -> None:
    with pytest.raises(SnError) as caught:
        read_data_text(Session().interpreter, '(csv "t.csv" (label kind))')
    assert render(caught.value).startswith(
        "--data:1:21: error: a column is a number from 0 or a name, a string, found kind, which "
        'has no value\n   1 | (csv "t.csv" (label kind))\n     |                     ^^^^\n'
    )
