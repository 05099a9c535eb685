"""Files of trained nets: what is written comes back, and other programs can use it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

import sn
from sn.data.rows import Encoding, TargetKind
from sn.data.scaling import Scaling
from sn.errors import DataError
from sn.net.costs import cost
from sn.net.reference import Reference
from sn.net.table import ConnectionTable, freeze
from sn.results.arrays import read_arrays
from sn.results.record import DataUsed
from sn.session import Session
from sn.train import criteria
from sn.trained.about import About, SourceText, criterion_called
from sn.trained.formulas import from_lists, to_lists
from sn.trained.header import HEADER
from sn.trained.keeping import sources_of
from sn.trained.places import trained_file
from sn.trained.reading import read_trained
from sn.trained.writing import file_name, write_trained
from tests.numpy_reader import lines, numpy_outputs
from tests.sample_nets import FAMILIES, described, family, lms, presentation

RAGGED = (
    "(defnet ragged (layer in (6 6) (border -1)) (layer h (3 3 3) (border 0)) (layer h2 (3 2 2))"
    " (layer out (4)) (connect in h (conv (kernel 3 3) (stride 2 2)))"
    " (connect h h2 (conv (kernel 2 2) (maps '((0) (0 2) (0 1 2))))) (connect h2 out (full)))"
)
KEYED = (
    "(defnet keyed (layer in (4)) (layer h (3)) (layer out (2)) (connect in h (scheme"
    " (lambda (from to) (list (list 0 0 7) (list 0 1 -2) (list 1 0) (list 1 1 7) (list 2 3 0.5)"
    " (list 2 2 -2))))) (connect h out (full)))"
)
RAW = (
    "(setq in (newneurons 3)) (setq h (newneurons 2)) (setq out (newneurons 1))"
    " (setq fixed (newneurons 1)) (nval (car fixed) 0.25)"
    " (each ((j h)) (connect 0 j) (each ((i in)) (connect i j))) (connect (car fixed) (car h))"
    " (connect (car h) (car out))"
    " (dup-connection (car h) (car out) (cadr h) (car out))"
    " (defnet raw (layer in (units in)) (layer h (units h)) (layer out (units out)))"
)


def about(table: ConnectionTable, **others: object) -> About:
    size = table.layers[-1].size
    names = tuple(f"c{number}" for number in range(size)) if size > 1 else ("no", "yes")
    known = {"cost": lms(table), "classes": names, "criterion": criteria.largest(), **others}
    return About(**known)  # type: ignore[arg-type]


def written(table: ConnectionTable, path: Path, **others: object) -> Path:
    write_trained(path, table, presentation(table).weights, about(table, **others))
    return path


def programs() -> dict[str, str]:
    return {
        **{name: f"(defnet sample {body})" for name, body in FAMILIES.items()},
        "ragged": RAGGED,
        "keyed": KEYED,
    }


@pytest.mark.parametrize("name", programs())
def test_a_table_and_its_weights_come_back(name: str, tmp_path: Path) -> None:
    table = freeze(described(programs()[name]))
    weights = presentation(table).weights.astype(np.float32)
    found = read_trained(written(table, tmp_path / "net.sn.safetensors"))
    for column in ("constant", "dst", "src", "wid", "group"):
        np.testing.assert_array_equal(getattr(found.table, column), getattr(table, column))
        assert getattr(found.table, column).dtype == getattr(table, column).dtype
    assert found.table.layers == tuple(replace(layer, span=None) for layer in table.layers)
    assert found.table.groups == tuple(replace(group, span=None) for group in table.groups)
    assert (found.table.n_units, found.table.n_weights) == (table.n_units, table.n_weights)
    np.testing.assert_array_equal(found.weights, weights)
    for one, other in zip(found.table.parameters, table.parameters, strict=True):
        assert (one.name, one.maps, one.keys) == (other.name, other.maps, other.keys)
        np.testing.assert_array_equal(one.wid, other.wid)


@pytest.mark.parametrize("name", programs())
def test_numpy_computes_from_the_file_what_the_twin_does(name: str, tmp_path: Path) -> None:
    table = freeze(described(programs()[name]))
    shown, last = presentation(table), table.layers[-1]
    patterns = np.stack([shown.pattern, -0.5 * shown.pattern])
    twin = Reference(table, lms(table))
    expected = [twin.forward(shown.weights, one)[1][last.units.ravel()] for one in patterns]
    path = written(table, tmp_path / "net.sn.safetensors")
    np.testing.assert_allclose(numpy_outputs(path, patterns), expected, rtol=1e-6, atol=1e-6)


def test_the_reader_of_the_page_is_short() -> None:
    assert lines() <= 30


def test_a_net_of_raw_units_comes_back(tmp_path: Path) -> None:
    session = Session()
    session.evaluate(RAW)
    table = freeze(session.world.networks["raw"])
    path = written(table, tmp_path / "raw.sn.safetensors")
    found = read_trained(path)
    assert found.table.constant[np.isfinite(found.table.constant)].tolist() == [1.0, 0.25]
    pattern = np.array([[0.5, -0.25, 1.0]])
    twin = Reference(table, lms(table)).forward(presentation(table).weights, pattern[0])[1]
    last = table.layers[-1].first
    np.testing.assert_allclose(numpy_outputs(path, pattern), [[twin[last]]], rtol=1e-6)


def test_all_that_is_known_comes_back(tmp_path: Path) -> None:
    table = freeze(family("full"))
    known = about(
        table,
        kind=TargetKind.CLASSES,
        classes=("a", "b & <c>", "µ"),
        low=-0.8,
        high=0.9,
        criterion=criteria.tolerance(0.2),
        scaling=Scaling(np.arange(5.0), np.full(5, 0.1), np.array([np.nan, 1, 2, 3, 4])),
        data=DataUsed("mine", "12ab"),
        optimizer="newton",
        settings={"rate": "0.01"},
        options={"mu": 0.05, "init": {"law": "fan-in"}},
        seed=2**64 - 1,
        input_range=(-1.5, 3.0),
        columns=(Encoding("a"), Encoding("b", ("x", "y")), Encoding(""), Encoding("c")),
        passes=3,
        scores={"test": {"misses": 4}},
        sources=(SourceText("a.sn", '(setq a "µ")\n'), SourceText("../b.sn", "")),
        versions={"sn": "1", "numpy": "2"},
    )
    write_trained(tmp_path / "a", table, np.zeros(table.n_weights), known, np.ones(table.n_weights))
    found = read_trained(tmp_path / "a")
    for field in About.__dataclass_fields__:
        if field != "scaling":
            assert getattr(found.about, field) == getattr(known, field), field
    assert found.about.scaling is not None and known.scaling is not None
    for one in ("shift", "factor", "fill"):
        np.testing.assert_array_equal(
            getattr(found.about.scaling, one), getattr(known.scaling, one)
        )
    assert found.curvature is not None
    np.testing.assert_array_equal(found.curvature, np.ones(table.n_weights))


def test_inputs_are_scaled_and_filled_column_by_column(tmp_path: Path) -> None:
    table = freeze(family("full"))
    scaling = Scaling(np.arange(5.0), np.array([1, 2, 0.5, 0, -1.0]), np.full(5, 0.25))
    plain, scaled = tmp_path / "plain", tmp_path / "scaled"
    written(table, plain)
    written(table, scaled, scaling=scaling)
    pattern = presentation(table).pattern[None]
    pattern[0, 1] = np.nan
    shown = np.array(
        [[pattern[0, 0], (0.25 - 1) * 2, (pattern[0, 2] - 2) / 2, 0, 4 - pattern[0, 4]]]
    )
    np.testing.assert_allclose(
        numpy_outputs(scaled, pattern), numpy_outputs(plain, shown), atol=1e-6
    )
    net = sn.open(scaled)
    np.testing.assert_allclose(
        net.outputs(pattern, reference=True), numpy_outputs(plain, shown), atol=1e-6
    )


@pytest.mark.parametrize("name", ["lms", "mean-square", "softmax"])
def test_costs_come_back(name: str, tmp_path: Path) -> None:
    table = freeze(family("linear"))
    known = cost.get(name)(table.layers[-1].size)
    assert read_trained(written(table, tmp_path / "a", cost=known)).about.cost == known


def test_a_cost_of_the_program_comes_back(tmp_path: Path) -> None:
    session = Session()
    session.evaluate(
        '(defnet n (layer in (256)) (layer out (10)) (connect in out (full))) (experiment n (data "'
        'mnist-1989") (cost (lambda (y d) (if (< y d) (abs (- y d)) (- (* d (log (+ 3 y)))))))'
        " (optimizer o (sgd (learning-rate 0.1))))"
    )
    known = session.world.experiments["n"].cost
    table = freeze(session.world.networks["n"])
    found = read_trained(written(table, tmp_path / "a", cost=known)).about.cost
    assert found == known
    assert found.written


def test_parameters_say_what_they_connect(tmp_path: Path) -> None:
    table = freeze(described(RAGGED))
    written(table, tmp_path / "a")
    with safe_open(tmp_path / "a", "numpy") as file:
        words = json.loads(file.metadata()[HEADER])
    found = {one["name"]: (one["connects"], one["maps"]) for one in words["parameters"]}
    assert found["h2.weight.1"] == (["h -> h2"], [[0, 2]])
    assert found["h2.weight.2"] == (["h -> h2"], [[0, 1, 2]])
    assert found["h.weight"] == (["in -> h"], [[0], [0], [0]])
    assert found["h.bias"] == (["bias -> h"], None)


def test_weights_of_an_own_scheme_are_in_order_of_their_keys(tmp_path: Path) -> None:
    table = freeze(described(KEYED))
    path = written(table, tmp_path / "a")
    with safe_open(path, "numpy") as file:
        words = json.loads(file.metadata()[HEADER])
        numbers = file.get_tensor("numbers/h.weight")
    keys = {one["name"]: one["keys"] for one in words["parameters"]}
    assert keys["h.weight"] == [-2, 0.5, 7, None]
    h, source = table.layers[1].first, table.layers[0].first
    users = [
        [
            (int(d) - h, int(s) - source)
            for d, s in zip(table.dst[rows], table.src[rows], strict=True)
        ]
        for rows in (table.wid == number for number in numbers)
    ]
    assert users == [[(0, 1), (2, 2)], [(2, 3)], [(0, 0), (1, 1)], [(1, 0)]]
    assert keys["out.weight"] is None


def test_equal_nets_give_equal_bytes(tmp_path: Path) -> None:
    table = freeze(described(RAGGED))
    files = [written(table, tmp_path / name).read_bytes() for name in "ab"]
    assert files[0] == files[1]


def test_hashes_are_those_that_the_page_says(tmp_path: Path) -> None:
    table = freeze(described(RAGGED))
    arrays, metadata = read_arrays(written(table, tmp_path / "a"))
    words = json.loads(metadata[HEADER])
    columns = ("units/constant", "rows/dst", "rows/src", "rows/weight", "rows/group")
    whole = b"".join(arrays[name].tobytes() for name in columns)
    assert words["hashes"]["table"] == hashlib.sha256(whole).hexdigest()
    weights = np.empty(table.n_weights, np.float32)
    for one in words["parameters"]:
        weights[arrays[f"numbers/{one['name']}"]] = arrays[f"weights/{one['name']}"]
    assert words["hashes"]["weights"] == hashlib.sha256(weights.tobytes()).hexdigest()
    others = b"".join(arrays[name].tobytes() for name in sorted(arrays) if name.startswith("numb"))
    assert words["hashes"]["others"] == hashlib.sha256(others).hexdigest()


@pytest.mark.parametrize(
    ("net", "file"),
    [
        ("zipcode", "zipcode.sn.safetensors"),
        ("a/../b\n", "a_.._b_.sn.safetensors"),
        ("..", "net.sn.safetensors"),
        ("", "net.sn.safetensors"),
        ("слой", "____.sn.safetensors"),
        ("x" * 300, "x" * 100 + ".sn.safetensors"),
    ],
)
def test_a_file_is_called_like_its_net_but_stays_in_its_folder(net: str, file: str) -> None:
    assert file_name(net) == file


def test_formulas_come_back_as_they_were() -> None:
    lists = ["if", ["lt", "a", 0], ["sub", ["exp", "a"], 1], ["fma", "a", "inf", ["neg", "nan"]]]
    assert to_lists(from_lists(lists, ["a"])) == lists


@pytest.mark.parametrize(
    ("lists", "said"),
    [
        ("b", "uses 'b', expected one of a"),
        (["quit", "a"], "the operation 'quit', which there is not"),
        (["add", "a"], "'add' works on 2, found 1"),
        ([], "found []"),
        (None, "found NoneType"),
        (True, "found bool"),
        ({"a": 1}, "found dict"),
        ([["add"], 1, 2], "found list"),
        (["lt", "a", 1], "'lt' is a test and no number"),
        (["add", ["eq", "a", 1], 1], "'eq' is a test and no number"),
        (["if", ["add", "a", 1], 1, 2], "the test of an 'if'"),
        (["if", 1, "a", 2], "the test of an 'if'"),
        (["if", [["lt"], 1, 2], "a", 2], "the test of an 'if'"),
        (10**400, "too large"),
    ],
)
def test_what_is_no_formula_is_told(lists: object, said: str) -> None:
    with pytest.raises(ValueError, match="formula") as caught:
        from_lists(lists, ["a"])
    assert said in str(caught.value)


def test_formulas_have_a_largest_size_and_depth() -> None:
    wide: object = "a"
    for _ in range(17):
        wide = ["add", wide, wide]
    with pytest.raises(ValueError, match="100,000 operations"):
        from_lists(wide, ["a"])
    deep: object = "a"
    for _ in range(50_000):
        deep = ["neg", deep]
    with pytest.raises(ValueError, match="nested too deep"):
        from_lists(deep, ["a"])


def test_every_criterion_comes_back() -> None:
    for known in (
        criteria.largest(),
        criteria.middle(0.5),
        criteria.sign(-0.1, 0.2),
        criteria.quadrant(),
        criteria.tolerance(0.3),
        criteria.mean_square(0.1),
    ):
        assert criterion_called(known.name, known.numbers) == known


@pytest.mark.parametrize(("name", "numbers"), [("best", ()), ("middle", ()), ("max", (1.0,))])
def test_unknown_criteria_are_told(name: str, numbers: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="criterion"):
        criterion_called(name, numbers)


def test_sources_are_the_program_and_what_it_loaded(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "b.sn").write_text("(setq b 1)\n")
    (tmp_path / "a.sn").write_text('(load "parts/b.sn") (reading "data.txt" (read))\n')
    (tmp_path / "data.txt").write_text("17\n")
    session = Session()
    program = session.load(tmp_path / "a.sn")
    it = session.interpreter
    found = sources_of(program.path, program.source, it.loaded, it.texts)
    assert found == (SourceText("a.sn", program.source), SourceText("parts/b.sn", "(setq b 1)\n"))


def test_a_run_is_found_by_its_folder_or_its_file(tmp_path: Path) -> None:
    path = written(freeze(family("full")), tmp_path / "full.sn.safetensors")
    (tmp_path / "weights.safetensors").write_bytes(b"")
    (tmp_path / ".full.sn.safetensors").write_bytes(b"")
    assert trained_file(tmp_path) == path
    assert trained_file(path) == path
    written(freeze(family("full")), tmp_path / "other.sn.safetensors")
    with pytest.raises(DataError, match="holds 2 trained nets: full.sn.safetensors, other"):
        trained_file(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no trained net"):
        trained_file(tmp_path / "empty")
    with pytest.raises(DataError, match="there is no run"):
        trained_file(tmp_path / "absent")
