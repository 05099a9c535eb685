"""Files that were damaged or made to do harm: each is refused with a message, none is a crash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sn.errors import DataError
from sn.lower.recognise import lower
from sn.net.table import freeze
from sn.results.arrays import read_arrays, write_arrays
from sn.trained.header import HEADER
from sn.trained.net import TrainedNet, named
from sn.trained.reading import read_trained
from sn.trained.words import facts
from sn.trained.writing import write_trained
from tests.sample_nets import described, presentation
from tests.unit.test_trained_file import RAGGED, about

Arrays = dict[str, np.ndarray[Any, Any]]
Words = dict[str, Any]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    table = freeze(described(RAGGED))
    path = tmp_path_factory.mktemp("whole") / "ragged.sn.safetensors"
    weights = presentation(table).weights
    write_trained(path, table, weights, about(table), np.ones(table.n_weights))
    return path


def parts(path: Path) -> tuple[Arrays, Words]:
    arrays, metadata = read_arrays(path)
    return arrays, json.loads(metadata[HEADER])


def rewritten(path: Path, arrays: Arrays, words: Words) -> Path:
    write_arrays(path, arrays, {HEADER: json.dumps(words)})
    return path


def set_at(name: str, index: int, value: float) -> Callable[[Arrays, Words], None]:
    def change(arrays: Arrays, words: Words) -> None:
        arrays[name] = arrays[name].copy()
        arrays[name].flat[index] = value

    return change


def replaced(name: str, made: Callable[[Any], Any]) -> Callable[[Arrays, Words], None]:
    def change(arrays: Arrays, words: Words) -> None:
        arrays[name] = made(arrays[name])

    return change


def without(name: str) -> Callable[[Arrays, Words], None]:
    def change(arrays: Arrays, words: Words) -> None:
        del arrays[name]

    return change


def said(*place: str | int, value: Any) -> Callable[[Arrays, Words], None]:
    def change(arrays: Arrays, words: Words) -> None:
        found: Any = words
        for key in place[:-1]:
            found = found[key]
        found[place[-1]] = value

    return change


def swapped(arrays: Arrays, words: Words) -> None:
    for name in ("rows/dst", "rows/src", "rows/weight", "rows/group"):
        arrays[name] = arrays[name][::-1].copy()


def twice(arrays: Arrays, words: Words) -> None:
    """Connect the same two units once more, by another weight."""
    arrays["rows/src"] = arrays["rows/src"].copy()
    arrays["rows/src"][-1] = arrays["rows/src"][-2]


def backwards(arrays: Arrays, words: Words) -> None:
    arrays["rows/src"] = arrays["rows/src"].copy()
    arrays["rows/src"][-1] = arrays["rows/dst"][-1]


CHANGES: dict[str, tuple[Callable[[Arrays, Words], None], str]] = {
    "an index too large": (set_at("rows/src", 3, 10**6), "row 3 of rows/src is 1000000, expected"),
    "an index below 0": (set_at("rows/dst", 0, -1), "row 0 of rows/dst is -1"),
    "a weight that is not there": (set_at("rows/weight", 5, 9999), "row 5 of rows/weight is 9999"),
    "a group that is not there": (set_at("rows/group", 1, 99), "row 1 of rows/group is 99"),
    "rows out of order": (swapped, "not in order"),
    "a connection twice": (twice, "already connected"),
    "a connection backwards": (backwards, "does not come before"),
    "a connection into the inputs": (set_at("rows/dst", 0, 1), "leads into an input"),
    "weights that are not finite": (set_at("weights/h.bias", 0, np.nan), "not finite"),
    "another weight": (set_at("weights/h.bias", 0, 7.0), "the weights of the net are not those"),
    "another curvature": (
        set_at("curvature/h.bias", 0, 7.0),
        "the other arrays of the net are not",
    ),
    "another constant": (set_at("units/constant", -1, 7.0), "the table of the net are not those"),
    "a bias that is not 1": (set_at("units/constant", 0, 2.0), "state of unit 0 must be 1"),
    "a constant in a layer": (set_at("units/constant", 5, 0.0), "units of layers have a constant"),
    "a unit without a state": (set_at("units/constant", -1, np.inf), "constant units finite"),
    "a number twice": (set_at("numbers/h.bias", 0, 1), "do not give each weight one number"),
    "a number out of all": (set_at("numbers/h.bias", 0, 2**31 - 1), "do not give each weight one"),
    "a column of another length": (replaced("rows/src", lambda x: x[1:].copy()), "a row a connect"),
    "a column of two dimensions": (replaced("rows/src", lambda x: x[None]), "a row a connection"),
    "indices as floats": (replaced("rows/src", lambda x: x.astype(np.float32)), "as I32, found"),
    "a program that no file can hold": (
        said("sources", value=[{"name": "a\0b", "text": ""}]),
        "its header is wrong",
    ),
    "weights as integers": (
        replaced("weights/h.bias", lambda x: x.astype(np.int32)),
        "expected weights/h.bias as F32",
    ),
    "weights of another shape": (
        replaced("weights/h.bias", np.ravel),
        "as (27) F32, found (3 3 3)",
    ),
    "too few constants": (replaced("units/constant", lambda x: x[:40].copy()), "has 40"),
    "an array that is missing": (without("numbers/h.bias"), "'numbers/h.bias' is missing"),
    "weights that are missing": (without("weights/h.bias"), "'weights/h.bias' is missing"),
    "rows that are missing": (without("rows/dst"), "'rows/dst' is missing"),
    "an array too many": (
        lambda arrays, words: arrays.update(extra=np.zeros(2)),
        "an array 'extra' that belongs to nothing",
    ),
    "half of a scaling": (
        lambda arrays, words: arrays.update({"inputs/shift": np.zeros(36)}),
        "'inputs/factor' is missing",
    ),
    "a scaling of another size": (
        lambda arrays, words: arrays.update(
            {"inputs/shift": np.zeros(35), "inputs/factor": np.ones(36), "inputs/fill": np.ones(36)}
        ),
        "to have 36 numbers",
    ),
    "a scaling that is not finite": (
        lambda arrays, words: arrays.update(
            {
                "inputs/shift": np.zeros(36),
                "inputs/factor": np.full(36, np.nan),
                "inputs/fill": np.ones(36),
            }
        ),
        "scaling of the inputs has numbers that are not finite",
    ),
    "a later format": (said("format", value=2), "has format 2, SN"),
    "no format": (lambda arrays, words: words.pop("format"), "field `format`"),
    "no layers": (lambda arrays, words: words.pop("layers"), "field `layers`"),
    "one layer": (lambda arrays, words: words["layers"].__delitem__(slice(1, None)), "length >= 2"),
    "a word that is not known": (said("author", value="x"), "unknown field `author`"),
    "a shape of nothing": (said("layers", 1, "shape", value=[3, 0]), "`$.layers[1].shape"),
    "a shape below 0": (said("layers", 1, "shape", value=[-3, -9]), "`$.layers[1].shape"),
    "a shape without sizes": (said("layers", 1, "shape", value=[]), "length >= 1"),
    "a shape of 10^18 units": (
        said("layers", 3, "shape", value=[10**9, 10**9]),
        "the layers have units up to 10000000",
    ),
    "a shape of many sizes": (said("layers", 1, "shape", value=[1] * 99), "length <= 32"),
    "layers one on the other": (said("layers", 1, "first", value=4), "begin among those of in"),
    "a layer elsewhere": (said("layers", 3, "first", value=10**9), "the layers have units up to"),
    "layers of one name": (said("layers", 1, "name", value="in"), "2 layers called 'in'"),
    "parameters of one name": (
        said("parameters", 1, "name", value="h.bias"),
        "2 parameters called",
    ),
    "another role": (said("layers", 1, "role", value="input"), "expected layers that are input,"),
    "no role": (said("layers", 1, "role", value="big"), "invalid enum value 'big'"),
    "a name that is none": (said("name", value=5), "expected `str`, got `int`"),
    "an unknown operation": (
        said("layers", 1, "function", "value", value=["__import__", "os"]),
        "the operation '__import__'",
    ),
    "an unknown variable": (said("layers", 1, "function", "value", value="w"), "uses 'w'"),
    "an operation on too few": (
        said("layers", 1, "function", "value", value=["add", "a"]),
        "'add' works on 2, found 1",
    ),
    "a formula of a record": (said("cost", "value", value={"y": 1}), "found dict"),
    "a reduction of no kind": (
        said("cost", "reductions", value=[{"name": "s", "how": "all", "of": "y"}]),
        "expected sum or max",
    ),
    "another count": (said("groups", 0, "connections", value=5), "should have 5 connections"),
    "no groups": (said("groups", value=[]), "rows/group is 0, expected"),
    "too many classes": (said("targets", "classes", value=["a"] * 7), "7 classes and 4 output"),
    "targets of no kind": (said("targets", "kind", value="words"), "invalid enum value 'words'"),
    "an unknown criterion": (
        said("targets", "criterion", value={"name": "luck", "numbers": []}),
        "no criterion 'luck'",
    ),
    "columns of another number": (
        said("inputs", "columns", value=[{"name": "a", "values": []}]),
        "the columns make 1 inputs, and the net has 36",
    ),
    "a value twice": (
        said("inputs", "columns", value=[{"name": "a", "values": ["b"] * 36}]),
        "a column has a value twice",
    ),
    "a low target that is none": (said("targets", "low", value=None), "expected `float`"),
    "too few keys": (said("parameters", 0, "keys", value=[1.0]), "and 1 keys"),
    "another hash": (said("hashes", "table", value="0" * 64), "expected the hash 0000000000000000"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_does_not_hold_together_is_told(name: str, whole: Path, tmp_path: Path) -> None:
    change, message = CHANGES[name]
    arrays, words = parts(whole)
    change(arrays, words)
    path = rewritten(tmp_path / "net.sn.safetensors", arrays, words)
    with pytest.raises(DataError) as caught:
        read_trained(path)
    assert message in caught.value.message
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_a_file_of_weights_alone_is_no_trained_net(tmp_path: Path) -> None:
    write_arrays(tmp_path / "weights.safetensors", {"w": np.zeros(3)}, {"net": "x"})
    with pytest.raises(DataError, match="is not the file of a trained net") as caught:
        read_trained(tmp_path / "weights.safetensors")
    assert caught.value.hint is not None and "NAME.sn.safetensors" in caught.value.hint


@pytest.mark.parametrize("words", ["", "{", "[]", "null", '{"format": 1}', "[" * 100_000])
def test_a_header_that_is_none_is_told(words: str, tmp_path: Path) -> None:
    write_arrays(tmp_path / "a", {"w": np.zeros(3)}, {HEADER: words})
    with pytest.raises(DataError, match="its header is wrong"):
        read_trained(tmp_path / "a")


def test_a_formula_that_is_nested_deep_is_told(whole: Path, tmp_path: Path) -> None:
    arrays, words = parts(whole)
    words["layers"][1]["function"]["value"] = "HERE"
    text = json.dumps(words).replace('"HERE"', '["neg", ' * 5000 + '"a"' + "]" * 5000)
    write_arrays(tmp_path / "a", arrays, {HEADER: text})
    with pytest.raises(DataError):
        read_trained(tmp_path / "a")


@settings(max_examples=300, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), cut=st.booleans())
def test_a_changed_bit_or_a_cut_is_told_or_harmless(
    whole: Path, place: float, bit: int, cut: bool
) -> None:
    """Every byte of the file counts but those of words that only people read."""
    content = bytearray(whole.read_bytes())
    at = int(place * len(content))
    if cut:
        content = content[:at]
    else:
        content[at] ^= 1 << bit
    path = whole.with_name("changed")
    path.write_bytes(content)
    start = 8 + int.from_bytes(whole.read_bytes()[:8], "little")
    try:
        found = read_trained(path)
    except DataError:
        return
    assert not cut and at < start, "a number was changed and nobody noticed"
    expected = read_trained(whole)
    np.testing.assert_array_equal(found.weights, expected.weights)
    np.testing.assert_array_equal(found.table.src, expected.table.src)


def leaves(words: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the places of all values of a header, records and lists included."""
    below = (
        list(words.items())
        if isinstance(words, dict)
        else list(enumerate(words))
        if isinstance(words, list)
        else []
    )
    return [place, *(one for key, part in below for one in leaves(part, (*place, key)))]


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
    st.lists(st.integers(-3, 300), max_size=3),
    st.sampled_from(["a", "y", "d", ["tanh", "a"], ["exp", ["exp", ["exp", "a"]]], ["log", 0]]),
)


@settings(max_examples=400, deadline=None)
@given(data=st.data(), value=ODD)
def test_any_value_at_any_place_of_the_header_is_told_or_harmless(
    whole: Path, data: st.DataObject, value: Any
) -> None:
    arrays, words = parts(whole)
    words = deepcopy(words)
    place = data.draw(st.sampled_from(leaves(words)[1:]))
    change = said(*place, value=value)
    change(arrays, words)
    path = rewritten(whole.with_name("changed"), arrays, words)
    try:
        contents = read_trained(path)
    except DataError as error:
        assert error.hint
        return
    net = TrainedNet(contents, path)
    try:
        outputs = net.outputs(np.zeros((2, net.layers[0].size)), reference=True)
    except DataError as error:  # of a formula that is none at 0
        assert "no finite number" in error.message
        return
    assert outputs.shape == (2, net.layers[-1].size)
    assert repr(net) and net._repr_html_()


def change_of_a_number(data: st.DataObject, arrays: Arrays) -> tuple[str, Arrays]:
    """Draw another number somewhere in the arrays; return where, and all arrays."""
    name = data.draw(st.sampled_from(sorted(arrays)))
    array = arrays[name].copy()
    index = data.draw(st.integers(0, array.size - 1))
    if array.dtype.kind == "i":
        bounds = np.iinfo(array.dtype)
        values = st.one_of(st.integers(-2, 200), st.integers(int(bounds.min), int(bounds.max)))
        array.flat[index] = data.draw(values)
    else:
        array.flat[index] = data.draw(st.floats(width=32))
    return name, arrays | {name: array}


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_no_number_can_change_unnoticed(whole: Path, data: st.DataObject) -> None:
    arrays, words = parts(whole)
    name, changed = change_of_a_number(data, arrays)
    path = rewritten(whole.with_name("changed"), changed, words)
    try:
        read_trained(path)
    except DataError:
        return
    assert changed[name].tobytes() == arrays[name].tobytes(), f"{name} was changed unnoticed"


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_numbers_made_to_do_harm_are_told_or_make_a_net(whole: Path, data: st.DataObject) -> None:
    """Whoever makes such a file makes its hashes too."""
    arrays, words = parts(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        _, arrays = change_of_a_number(data, arrays)
    columns = ("units/constant", "rows/dst", "rows/src", "rows/weight", "rows/group")
    weights = np.zeros(1000, np.float32)
    for one in words["parameters"]:
        numbers = arrays[f"numbers/{one['name']}"]
        if numbers.min() < 0 or numbers.max() >= len(weights):
            return
        weights[numbers] = arrays[f"weights/{one['name']}"]
    count = 1 + max(int(arrays[f"numbers/{one['name']}"].max()) for one in words["parameters"])
    others = sorted(name for name in arrays if name.startswith(("curvature/", "numbers/")))
    words["hashes"]["table"] = digest(arrays[name] for name in columns)
    words["hashes"]["weights"] = digest([weights[:count]])
    words["hashes"]["others"] = digest(arrays[name] for name in others)
    path = rewritten(whole.with_name("changed"), arrays, words)
    try:
        contents = read_trained(path)
    except DataError as error:
        assert "are not those that were written" not in error.message
        return
    lower(contents.table)
    with np.errstate(all="ignore"):
        outputs = TrainedNet(contents).outputs(np.zeros((1, 36)), reference=True)
    assert outputs.shape == (1, 4)


def digest(arrays: Iterable[np.ndarray[Any, Any]]) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


@pytest.mark.parametrize(
    "scores",
    [5, None, "x", [], {"error": 10**400}, {"error": 0.5, "misses": 10**400, "patterns": 3}],
)
def test_scores_that_are_none_are_told_as_they_stand(
    scores: Any, whole: Path, tmp_path: Path
) -> None:
    arrays, words = parts(whole)
    words["training"]["scores"] = {"train": scores}
    contents = read_trained(rewritten(tmp_path / "net.sn.safetensors", arrays, words))
    (text,) = (text for name, text in facts(contents.table, contents.about) if name == "train")
    assert len(text) <= 40


def test_a_class_of_thousands_of_digits_is_a_name() -> None:
    assert named(("1" * 5000, "2")).tolist() == ["1" * 5000, "2"]
    assert named(("\u0663", "2")).tolist() == ["\u0663", "2"]
    assert named(("-3", "2")).tolist() == [-3, 2]
