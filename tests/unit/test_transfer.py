"""Weights of one net as the start of another: taken where they fit, and told where not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import sn
from sn.commands import main
from sn.data.base import NamedData
from sn.errors import DataError, SettingError
from sn.net.table import ConnectionTable, freeze
from sn.session import Session
from sn.shipped import nets_folder
from sn.train.observer import Observer
from sn.trained.transfer import Transfer, transferred
from tests.sample_nets import FAMILIES, described, family
from tests.unit.test_trained_file import KEYED, RAGGED, RAW, written

WINDOW = (
    "(defnet w (layer in ({0} {0})) (layer h (2 {1} {1}) (bias map)) (layer out ({2}))"
    " (connect in h (conv (kernel 3 3))) (connect h out (full)))"
)


def both(one: str, other: str) -> tuple[ConnectionTable, ConnectionTable]:
    return freeze(described(one)), freeze(described(other))


def start(old: ConnectionTable, new: ConnectionTable) -> Transfer:
    """Old weights are 1, 2, ..., fresh ones -1, -2, ..."""
    weights = np.arange(1, old.n_weights + 1, dtype=np.float32)
    fresh = -np.arange(1, new.n_weights + 1, dtype=np.float32)
    found = transferred(old, weights, new, fresh)
    for parameter in new.parameters:
        if parameter.name not in found.taken:
            np.testing.assert_array_equal(found.weights[parameter.wid], fresh[parameter.wid])
            continue
        (before,) = (one for one in old.parameters if one.name == parameter.name)
        np.testing.assert_array_equal(found.weights[parameter.wid], weights[before.wid])
    return found


@pytest.mark.parametrize("name", FAMILIES)
def test_all_weights_of_the_same_net_fit(name: str) -> None:
    table = freeze(family(name))
    found = start(table, table)
    assert found.left == ()
    np.testing.assert_array_equal(found.weights, np.arange(1, table.n_weights + 1))


@pytest.mark.parametrize("program", [RAGGED, KEYED, RAW])
def test_all_weights_of_odd_nets_fit_themselves(program: str) -> None:
    session = Session()
    session.evaluate(program)
    table = freeze(list(session.world.networks.values())[-1])
    assert start(table, table).left == ()


def test_kernels_go_over_to_a_larger_layer() -> None:
    found = start(*both(WINDOW.format(6, 4, 3), WINDOW.format(8, 6, 3)))
    assert found.taken == ("h.bias", "out.bias", "h.weight")
    assert found.left == (("out.weight", "3 x 32 there, 3 x 72 here"),)


def test_a_new_output_layer_starts_fresh() -> None:
    found = start(*both(WINDOW.format(6, 4, 3), WINDOW.format(6, 4, 5)))
    assert found.taken == ("h.bias", "h.weight")
    assert [name for name, _ in found.left] == ["out.bias", "out.weight"]


def test_layers_of_other_names_do_not_fit() -> None:
    other = WINDOW.format(6, 4, 3).replace("h", "k").replace("(eac", "(each")
    found = start(*both(WINDOW.format(6, 4, 3), other))
    assert ("k.weight", "there is none of that name") in found.left
    assert found.taken == ("out.bias", "out.weight")


MAPS = (
    "(defnet m (layer in (3 4 4)) (layer h (3 2 2)) (layer out (2))"
    " (connect in h (conv (kernel 3 3) (maps '{}))) (connect h out (full)))"
)


@pytest.mark.parametrize(
    ("rows", "same"),
    [
        ("((0 1) (1 2) (0 2))", 6),
        ("((0 1) (1 0) (0 2))", 5),
        ("((1 0) (1 2) (0 2))", 6),  # in another order
        ("((0 1) (1) (0 2))", 5),  # rows of several lengths are arrays of their own
        ("((0 1 2) (1 2) (0 2))", 6),
        ("((2) (0) (1))", 0),
    ],
)
def test_kernels_of_pairs_of_maps_in_both_tables_fit(rows: str, same: int) -> None:
    old, new = both(MAPS.format("((0 1) (1 2) (0 2))"), MAPS.format(rows))
    weights = np.arange(1, old.n_weights + 1, dtype=np.float32)
    found = transferred(old, weights, new, np.zeros(new.n_weights, np.float32))

    def by_pair(table: ConnectionTable, values: np.ndarray) -> dict[tuple[int, int], list[float]]:
        """Return the weights of each pair of maps, read off the rows."""
        h, first = table.layers[1], table.layers[0]
        pairs: dict[tuple[int, int], set[int]] = {}
        for dst, src, wid in zip(table.dst, table.src, table.wid, strict=True):
            if table.layer_of[dst] == 1 and table.layer_of[src] == 0:
                pair = (int(dst - h.first) // 4, int(src - first.first) // 16)
                pairs.setdefault(pair, set()).add(int(wid))
        return {pair: [float(values[wid]) for wid in sorted(wids)] for pair, wids in pairs.items()}

    before, after = by_pair(old, weights), by_pair(new, found.weights)
    shared = before.keys() & after.keys()
    assert len(shared) == same
    assert all(after[pair] == before[pair] for pair in shared)
    assert all(not any(after[pair]) for pair in after.keys() - shared)
    left = dict(found.left)
    for name in ("out.weight", "out.bias", "h.bias"):
        assert name in found.taken and name not in left
    if rows == "((0 1) (1 0) (0 2))":
        assert left == {"h.weight": "1 of 6 kernels: no such pair of maps there"}
    if not same:
        assert left == {"h.weight": "3 x 2 x 3 x 3 there, 3 x 1 x 3 x 3 here"}


def test_kernels_of_another_size_do_not_fit() -> None:
    rows = "((0 1) (1 2) (0 2))"
    smaller = MAPS.format(rows).replace("(kernel 3 3)", "(kernel 1 1) (stride 3 3)")
    found = start(*both(MAPS.format(rows), smaller))
    assert [name for name, _ in found.left] == ["h.weight"]


def test_more_maps_start_with_the_kernels_of_those_there_were() -> None:
    net = "(defnet m (layer in (4 4)) (layer h ({} 2 2)) (connect in h (conv (kernel 3 3))))"
    old, new = both(net.format(2), net.format(3))
    weights = np.arange(1, old.n_weights + 1, dtype=np.float32)
    found = transferred(old, weights, new, np.zeros(new.n_weights, np.float32))
    (before,), (after,) = (
        [one.wid for one in table.parameters if one.name == "h.weight"] for table in (old, new)
    )
    np.testing.assert_array_equal(found.weights[after[:2]], weights[before])
    assert not found.weights[after[2]].any()


def test_weights_with_other_keys_do_not_fit() -> None:
    found = start(*both(KEYED, KEYED.replace("0.5", "0.75")))
    assert found.left == (("h.weight", "with other keys there"),)


def test_own_schemes_fit_where_their_connections_are_the_same() -> None:
    own = (
        "(defnet o (layer in (4)) (layer h (3)) (layer out (2)) (connect in h (scheme"
        " (lambda (from to) (list (list 0 0) (list 1 1) (list 2 3))))) (connect h out (full)))"
    )
    found = start(*both(own, own.replace("(list 2 3)", "(list 2 2)")))
    assert found.left == (("h.weight", "of other connections there"),)
    reordered = own.replace("(list 0 0) (list 1 1)", "(list 1 1) (list 0 0)")
    assert start(*both(own, reordered)).left == (("h.weight", "of other connections there"),)
    assert start(*both(own, own.replace("(2)", "(3)"))).taken == ("h.bias", "h.weight")


def test_nets_with_nothing_in_common_are_refused() -> None:
    with pytest.raises(
        DataError, match="no weights of net ragged fit net keyed: h.bias "
    ) as caught:
        start(*both(RAGGED, KEYED.replace("(2)", "(9)").replace("out", "end")))
    assert "3 x 3 x 3 there, 3 here" in caught.value.message


class Told(Observer):
    """Remembers what it was told of weights."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, tuple[str, ...]]] = []

    def weights_taken(self, net: str, taken: object, left: object) -> None:
        assert isinstance(taken, tuple)
        self.taken.append((net, taken))


@pytest.mark.kernels
def test_a_run_starts_from_the_weights_of_another(tmp_path: Path) -> None:
    told = Told()
    experiment = Session(observers=[told]).load(nets_folder() / "zipcode.sn").experiment()
    spec = replace(experiment.spec, data=NamedData(("mnist-1989",)))
    experiment = replace(experiment, spec=spec)
    first = experiment.train(passes=1, folder=tmp_path / "a")
    again = experiment.train(passes=0, seed=5, start=tmp_path / "a", folder=tmp_path / "b")
    assert again.test == first.test
    for name, array in first.weights.items():
        np.testing.assert_array_equal(again.weights[name], array)
    assert experiment.train(passes=0, start=sn.open(tmp_path / "b")).test == first.test
    assert [net for net, _ in told.taken] == ["zipcode", "zipcode"]
    assert len(told.taken[0][1]) == 8
    with pytest.raises(SettingError, match="a run that goes on has its weights"):
        experiment.train(resume=tmp_path / "b", start=tmp_path / "a")


def test_a_net_that_is_opened_can_be_trained_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program and what it loaded are gone; the variable that was set is set again."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    monkeypatch.chdir(tmp_path / "a")
    Path("layers.sn").write_text("(setq size 3)")
    Path("n.sn").write_text(
        '(load "layers.sn") (defnet n (layer in (2)) (layer h (size)) (layer out (2))'
        " (connect in h (full)) (connect h out (full)))"
        " (experiment n (data (patterns '((0 1) (1 0) (1 1)) '(0 1 1))) (passes 2)"
        " (optimizer o (sgd (learning-rate 0.1))))"
    )
    settings = {"size": "5"}
    experiment = Session(settings, seed=7).load("n.sn").experiment()
    first = experiment.train(reference=True, folder=tmp_path / "run", seed=7)
    monkeypatch.chdir(tmp_path / "b")
    net = sn.open(tmp_path / "run")
    again = net.train(passes=0, reference=True)
    for name, array in first.weights.items():
        np.testing.assert_array_equal(again.weights[name], array)
    further = net.train(passes=1, reference=True, folder=tmp_path / "further")
    assert not np.array_equal(further.weights["h.weight"], first.weights["h.weight"])
    np.testing.assert_array_equal(net.weights["h.weight"], first.weights["h.weight"])
    assert [source.name for source in sn.open(tmp_path / "further").about.sources] == [
        "n.sn",
        "layers.sn",
    ]


def test_a_file_without_a_program_cannot_be_trained(tmp_path: Path) -> None:
    path = written(freeze(described(RAGGED)), tmp_path / "r.sn.safetensors")
    with pytest.raises(DataError, match="the file of net ragged has no program to train it by"):
        sn.open(path).train()


@pytest.mark.kernels
def test_the_command_says_which_weights_it_took(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    net = (
        "(defnet n (layer in (256)) (layer h ({0})) (layer out (10)) (connect in h (full))"
        ' (connect h out (full))) (experiment n (data "mnist-1989")'
        " (optimizer o (sgd (learning-rate 0.01))))"
    )
    Path("a.sn").write_text(net.format(3))
    Path("b.sn").write_text(net.format(4))
    assert main(["run", "a.sn", "--passes", "0", "--out", "a"]) == 0
    capsys.readouterr()
    assert main(["run", "b.sn", "--passes", "0", "--no-folder", "--from", "a"]) == 0
    err = capsys.readouterr().err.replace("\n  ", " ")
    Path("c.sn").write_text("(setq size 3) " + net.format("size"))
    assert main(["run", "c.sn", "--passes", "0", "--out", "c", "--set", "size=5"]) == 0
    assert sn.open("c").about.settings == {"size": "5"}
    assert [layer.size for layer in sn.open("c").layers] == [256, 5, 10]
    assert main(["show", "c"]) == 0
    assert "set        size=5" in capsys.readouterr().out
    assert err.startswith(
        "from net n: out.bias; fresh: h.bias (3 there, 4 here), h.weight (3 x 256"
    )
    assert main(["run", "b.sn", "--passes", "0", "--no-folder", "--from", "absent"]) == 1
    assert "there is no run 'absent'" in capsys.readouterr().err
