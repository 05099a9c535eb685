"""What a page has of the data: patterns as they are, ranges and names of inputs and outputs."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import numpy as np
import pytest

from sn.commands import main
from sn.data.base import Part
from sn.data.scaling import Scaling
from sn.net.table import freeze
from sn.opened import open_run
from sn.page.data import page_data
from sn.page.play import Playground, playground
from sn.page.report import run_page
from tests.sample_nets import described
from tests.unit.test_trained_net import net_of

PIXELS = "(defnet n (layer in (6 6)) (layer out (2)) (connect in out (full)))"
TWO = "(defnet n (layer in (2)) (layer out (2)) (connect in out (full)))"
# one column small beside the other
UNEVEN = np.array([[0.25, 10_000], [1.0, -3000], [0.5, 0]], np.float32)


def uneven(scaling: Scaling | None = None) -> Playground:
    net = net_of(freeze(described(TWO)), scaling=scaling, input_range=(-3000.0, 10_000.0))
    part = Part(UNEVEN if scaling is None else scaling(UNEVEN), np.zeros(3, np.int64))
    return playground(net, [], {"train": part})


def test_numbers_that_are_no_picture_stay_as_they_are() -> None:
    ground = uneven()
    found = page_data(ground.net, [], ground.shown, ground.ink)["patterns"]
    stored = np.frombuffer(base64.b64decode(found["values"]), "<f4")
    assert np.array_equal(stored.reshape(-1, 2), UNEVEN)


@pytest.mark.parametrize("factor", [None, (2.0, 0.001)])
def test_each_input_has_its_own_slider(factor: tuple[float, float] | None) -> None:
    scaling = None
    if factor is not None:
        scaling = Scaling(np.array([0.5, 100.0]), np.array(factor), np.full(2, np.nan))
    found = re.findall(r'min="([^"]*)" max="([^"]*)"', uneven(scaling).section().markup)
    assert [tuple(map(float, one)) for one in found[:2]] == [(0.25, 1.0), (-3000.0, 10_000.0)]


def test_an_input_that_scaling_makes_0_has_the_range_of_all() -> None:
    scaling = Scaling(np.zeros(2), np.array([0.0, 1.0]), np.full(2, np.nan))
    found = re.findall(r'min="([^"]*)" max="([^"]*)"', uneven(scaling).section().markup)
    assert [tuple(map(float, one)) for one in found[:2]] == [(-3000.0, 10_000.0)] * 2


def test_what_is_put_where_numbers_are_missing_is_told() -> None:
    scaling = Scaling(np.zeros(2), np.ones(2), np.array([0.5, 7.0]))
    net = net_of(freeze(described(TWO)), scaling=scaling)
    assert page_data(net, [], None, None)["inputs"]["fill"] == [0.5, 7.0]


def pictures() -> Part:
    shown = np.zeros((8, 6, 6), np.float32)
    for number in range(8):
        shown[number, 1:5, 1 + number % 4] = 1
    return Part(shown.reshape(8, 36), np.arange(8) % 2)


def test_pictures_that_are_not_scaled_can_be_drawn() -> None:
    """Data of one's own has a scaling that changes nothing."""
    for scaling in (None, Scaling(np.zeros(36), np.ones(36), np.full(36, np.nan))):
        net = net_of(freeze(described(PIXELS)), scaling=scaling, input_range=(0.0, 1.0))
        ground = playground(net, [], {"train": pictures()})
        assert ground.ink is not None and 'id="sheet"' in ground.section().markup
    scaled = Scaling(np.ones(36), np.ones(36), np.full(36, np.nan))
    net = net_of(freeze(described(PIXELS)), scaling=scaled, input_range=(0.0, 1.0))
    assert playground(net, [], {"train": pictures()}).ink is None


TWO_OUTPUTS = """
(defnet n (layer in (2)) (layer hint (2) (linear) (output)) (layer out (2) (linear) (output))
  (connect in hint (full)) (connect in out (full)))
(experiment n (data (csv "rows.csv" (label "kind"))) (optimizer o (sgd (learning-rate 0.01)))
  (passes 2))
"""


@pytest.mark.kernels
def test_of_several_output_layers_the_last_one_is_doubted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Patterns are rejected by the outputs that answer, and every output has a name."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    kinds = [(a, b, "oak" if a + b / 2 > 0 else "elm") for a, b in rng.normal(size=(60, 2))]
    rows = [f"{a:.3f},{b:.3f},{kind}" for a, b, kind in kinds]
    Path("rows.csv").write_text("\n".join(["x,y,kind", *rows, ""]))
    Path("p.sn").write_text(TWO_OUTPUTS)
    assert main(["run", "p.sn", "--out", "run"]) == 0
    net = open_run("run")
    page = run_page(net, Path("run"))
    part = net.sets()["train"]
    said = net.report_for(net.outputs_for(part), part)
    assert f"{100 * said.rejected:.1f} % rejected for 1 % errors" in page
    names = page_data(net, [], None, None)["classes"]
    assert names == [f"{layer} {name}" for layer in ("hint", "out") for name in net.classes]
    assert set(net.classes) == {"oak", "elm"}
