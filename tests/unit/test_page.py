"""Pages: whole in themselves, with no text of anybody as markup, and what they tell is right."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sn.charts import lines as charts
from sn.charts.lines import Line, chart
from sn.commands import main
from sn.data import load
from sn.errors import DataError
from sn.export.javascript import javascript
from sn.export.portable import Program
from sn.net.table import freeze
from sn.opened import open_run
from sn.page.contest import _carried, contest_page
from sn.page.data import Frame, fitting, maps_of, page_data
from sn.page.html import Html, asset, json_data, picture, tag, text
from sn.page.ink import ink_of
from sn.page.report import run_page
from sn.page.weights import spreads
from tests.conftest import ROOT
from tests.sample_nets import ALL_KINDS, described, shipped
from tests.unit.test_trained_net import net_of


class Outline(HTMLParser):
    """The elements of a page with their attributes' names, and what it would fetch."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.fetched: list[str] = []
        self.data: dict[str, Any] = {}
        self._of: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        given = dict(attrs)
        named = [str(given[name]) for name in ("src", "href", "action") if name in given]
        self.fetched += [one for one in named if not one.startswith("data:image/svg+xml;base64,")]
        self._of = given.get("id") if tag == "script" else None

    def handle_endtag(self, tag: str) -> None:
        self._of = None

    def handle_data(self, data: str) -> None:
        if self._of is not None:
            self.data[self._of] = json.loads(data)


PROGRAM = """
(defnet {net} (layer {layer} (2)) (layer {layer}b (3) (tanh)) (layer {layer}c (2) (tanh))
  (connect {layer} {layer}b (full)) (connect {layer}b {layer}c (full)))
(experiment {net}
  (data (csv "rows.csv" (label "kind")))
  (optimizer o (sgd (learning-rate 0.1))) (passes 3))
"""
HOSTILE = [
    "|</script><script>alert(1)</script>|",
    '|"><img src=x onerror=alert(1)>|',
    "|a&b;${1}`<!--|",
]


def trained(folder: Path, net: str, layer: str, classes: tuple[str, str]) -> Path:
    rows = "\n".join(f'{n % 3},{n % 5},"{classes[n % 2]}"' for n in range(40))
    (folder / "rows.csv").write_text(f"x,y,kind\n{rows}\n")
    program = folder / "p.sn"
    program.write_text(PROGRAM.format(net=net, layer=layer))
    run = folder / "run"
    assert main(["run", str(program), "--out", str(run)]) == 0
    return run


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("plain"), "n", "l", ("oak", "elm"))


@pytest.mark.kernels
def test_a_page_is_whole(plain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(plain)]) == 0
    assert "report.html: 0." in capsys.readouterr().out
    page = (plain / "report.html").read_text()
    outline = Outline(page)
    assert outline.fetched == []
    assert "default-src 'none'" in page and "http" not in re.sub(
        r"http-equiv|http://www.w3", "", page
    )
    heads = re.findall(r"<h2>(.*?)</h2>", page)
    assert heads[:3] == ["Try it", "Figures", "Learning"]
    assert {"What is taken for what", "How weights are spread", "Do it again"} <= set(heads)
    assert f"sn run {plain.parent / 'p.sn'} --out {plain}" in page


@pytest.mark.kernels
@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_becomes_markup_or_code(name: str, plain: Path, tmp_path: Path) -> None:
    bare = name.strip("|")
    layer = f"|{bare}|"
    text_ = PROGRAM.replace("{layer}b", "{b}").replace("{layer}c", "{c}")
    (tmp_path / "rows.csv").write_text(
        (plain.parent / "rows.csv").read_text().replace("oak", bare.replace('"', '""'))
    )
    program = tmp_path / "p.sn"
    program.write_text(text_.format(net=name, layer=layer, b=f"|{bare}b|", c=f"|{bare}c|"))
    run = tmp_path / "run"
    assert main(["run", str(program), "--out", str(run)]) == 0
    page = run_page(open_run(run), run)
    known = run_page(open_run(plain), plain)
    found, wanted = Outline(page).elements, Outline(known).elements
    assert {kind for kind, _ in found} == {kind for kind, _ in wanted}
    assert sum(kind == "script" for kind, _ in found) == 5
    attributes = {name for _, names in found for name in names}
    assert attributes == {name for _, names in wanted for name in names}
    assert Outline(page).data["sn-data"]["name"] == bare
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) == 4
    assert bare not in scripts[0]


def test_texts_are_escaped_and_data_cannot_end_its_element() -> None:
    assert text("<b>&\"'").markup == "&lt;b&gt;&amp;&quot;&#x27;"
    assert tag("p", "<", title='"').markup == '<p title="&quot;">&lt;</p>'
    assert tag("input", checked=True, value=None).markup == "<input checked>"
    found = json_data("d", {"x": "</script><!--\u2028é"}).markup
    assert found.count("<") == 2 and json.loads(
        found[found.index(">") + 1 : found.rindex("<")]
    ) == {"x": "</script><!--\u2028é"}


def test_the_ink_of_the_digits_of_mnist() -> None:
    """Digits of 20 points in 28, the mass in the middle, shrunk to 16: LeCun et al. 1998."""
    found = ink_of((16, 16), load("mnist-1989").train.inputs, -1.0, 1.0)
    assert found is not None
    assert (found.paper, found.ink, found.is_by_mass) == (-1.0, 1.0, True)
    assert abs(found.box - 20 * 16 / 28) < 1.0
    assert 1.2 < found.pen < 2.0


def test_the_ink_of_zip_codes(
    folder_of: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Digits that fill their 16 points: LeCun et al. 1989."""
    monkeypatch.setenv("SN_DATA", str(folder_of("zip.train.gz")))
    found = ink_of((16, 16), load("zipcode").train.inputs, -1.0, 1.0)
    assert found is not None
    assert (found.paper, found.box, found.is_by_mass) == (-1.0, 16.0, False)


@pytest.mark.parametrize("width", [1.0, 2.0, 4.0])
def test_the_breadth_of_a_line_is_found(width: float) -> None:
    y, x = np.mgrid[0:40, 0:40]
    pictures = []
    for angle in np.linspace(0, np.pi, 24, endpoint=False):
        apart = np.abs((x - 19.5) * np.sin(angle) - (y - 19.5) * np.cos(angle))
        along = np.abs((x - 19.5) * np.cos(angle) + (y - 19.5) * np.sin(angle))
        pictures.append(np.clip(width / 2 + 0.5 - apart, 0, 1) * np.clip(16.5 - along, 0, 1))
    # dark lines on light paper
    found = ink_of((40, 40), 1 - np.array(pictures).reshape(24, -1), 0.0, 1.0)
    assert found is not None and found.paper == 1.0
    assert abs(found.pen - width) < 0.25 * width


def test_what_is_no_picture_has_no_ink() -> None:
    assert ink_of((16,), np.zeros((3, 16)), 0.0, 1.0) is None
    assert ink_of((3, 8, 8), np.zeros((3, 192)), 0.0, 1.0) is None
    assert ink_of((8, 8), np.zeros((3, 64)), 0.0, 1.0) is None


def test_layers_as_maps() -> None:
    shapes = {layer.name: maps_of(layer) for layer in shipped("zipcode").table.layers}
    assert shapes == {
        "input": (1, 16, 16),
        "h1": (12, 8, 8),
        "h2": (12, 4, 4),
        "h3": (1, 1, 30),
        "output": (1, 1, 10),
    }


def test_every_connection_is_told_to_the_page() -> None:
    """The words of the page, gone through as play.js does, give the rows of the table."""
    net = net_of(freeze(described(ALL_KINDS)))
    nodes = page_data(net, [Frame("now", net.weight_vector)], None, None)["nodes"]
    assert {node["kind"] for node in nodes} == {"bias", "window", "rows", "full"}
    counted = 0
    for node in nodes:
        layer = net.layers[node["dst"]]
        counted += {
            "bias": lambda node=node, layer=layer: layer.size,
            "full": lambda node=node, layer=layer: layer.size * node["count"],
            "rows": lambda node=node, layer=layer: len(node["to"]),
            "window": lambda node=node, layer=layer: (
                len(node["pairs"]) * int(np.prod(node["kernel"]) * np.prod(node["grid"]))
            ),
        }[node["kind"]]()
    assert counted == net.table.n_rows


def test_frames_are_taken_evenly_where_there_is_no_room_for_all() -> None:
    frames = [Frame(str(n), np.zeros(3, np.float32)) for n in range(20)]
    assert [frame.name for frame in fitting(frames, 1000)] == [str(n) for n in range(20)]
    few = [frame.name for frame in fitting(frames, 40_000)]
    assert few[0] == "0" and few[-1] == "19" and len(few) == 3
    assert [frame.name for frame in fitting(frames, 10_000_000)] == ["19"]


def places(drawn: Html) -> list[float]:
    return [float(y) for y in re.findall(r'y="([0-9.]+)" class="name', drawn.markup)]


def test_names_of_curves_never_lie_over_one_another() -> None:
    lines = [Line(f"curve {n}", ((1, 1.0), (2, 1 + n / 1000)), n) for n in range(9)]
    found = sorted(places(picture(chart(lines, "x", "y"))))
    assert len(found) == 9
    assert min(np.diff(found)) >= charts.LINE - 0.2
    assert found[0] > 0 and found[-1] < charts.HEIGHT


def test_a_logarithmic_axis_leaves_out_what_it_cannot_show() -> None:
    line = Line("a", ((1, 0.0), (2, 0.1), (3, 0.01)))
    drawn = picture(chart([line], "x", "y", is_log=True)).markup
    (points,) = re.findall(r'points="([^"]*)" class="curve', drawn)
    assert len(points.split()) == 2
    assert "nan" not in drawn and "There is nothing to draw" in picture(chart([], "x", "y")).markup


@pytest.mark.kernels
def test_a_page_without_its_data_says_so(plain: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(plain, run)
    (run / "source.sn").write_text("(print 1)")
    page = run_page(open_run(run), run)
    assert "There are no patterns in this page" in page


@pytest.mark.kernels
def test_a_report_needs_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(tmp_path / "none")]) == 1
    assert "there is no run" in capsys.readouterr().err


@pytest.fixture(scope="module")
def contest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("contest")
    assert (
        main(["compare", "xor", "--seeds", "3", "--passes", "8", "--out", str(folder / "c")]) == 0
    )
    return folder / "c"


@pytest.mark.kernels
def test_the_page_of_a_comparison(contest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(contest)]) == 0
    assert "report.html" in capsys.readouterr().out
    page = (contest / "report.html").read_text()
    assert Outline(page).fetched == []
    heads = re.findall(r"<h2>(.*?)</h2>", page)
    assert heads[:2] == ["Figures", "Learning"] and heads[-1] == "Do it again"
    assert "its band one standard deviation to either side" in page and 'class="band hue0"' in page
    said = json.loads((contest / "comparison.json").read_text())
    mean = said["entries"][0]["train_misses"]["mean"]
    assert f"{mean:.1f} ± " in page
    assert f"sn compare xor --seeds 3 --passes 8 --out {contest}" in page


@pytest.mark.kernels
@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"entries": []}', b'{"entries": [{"name": "<b>"}]}', b"\xff\xfe"]
)
def test_a_damaged_comparison_is_told(
    content: bytes, contest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "c"
    shutil.copytree(contest, folder)
    (folder / "comparison.json").write_bytes(content)
    assert main(["report", str(folder)]) == 1
    assert "comparison.json" in capsys.readouterr().err


@pytest.mark.kernels
@pytest.mark.parametrize("row", ['"' + 200_000 * "x" + '"', "a\rb,c"])
def test_a_damaged_table_of_passes_is_told(
    row: str, contest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "c"
    shutil.copytree(contest, folder)
    (folder / "passes.csv").write_text((folder / "passes.csv").read_text() + row + "\n", newline="")
    assert main(["report", str(folder)]) == 1
    told = capsys.readouterr().err
    assert "passes.csv' cannot be read" in told and "SN0900" not in told


@pytest.mark.kernels
def test_no_pass_of_a_comparison_is_beyond_numbers(contest: Path, tmp_path: Path) -> None:
    folder = tmp_path / "c"
    shutil.copytree(contest, folder)
    known = contest_page(folder)
    for number in ("9" * 400, "9" * 5000, "-3", "x"):
        with (folder / "passes.csv").open("a") as file:
            file.write(f"xor,sgd,0,{number},0.5,1\n")
    assert contest_page(folder) == known


@pytest.mark.kernels
def test_a_comparison_of_no_seeds_is_told(contest: Path, tmp_path: Path) -> None:
    folder = tmp_path / "c"
    shutil.copytree(contest, folder)
    said = json.loads((folder / "comparison.json").read_text())
    (folder / "comparison.json").write_text(json.dumps(said | {"seeds": []}))
    with pytest.raises(DataError, match=r"comparison\.json"):
        contest_page(folder)


@pytest.mark.kernels
def test_a_picture_too_large_for_a_page_stays_in_its_folder(contest: Path, tmp_path: Path) -> None:
    folder = tmp_path / "c"
    shutil.copytree(contest, folder)
    with (folder / "nets.svg").open("wb") as file:
        file.truncate(4_000_000_000)
    page = contest_page(folder)
    assert len(page) < 2_000_000 and "nets.svg has 4,000.0 MB" in page


def test_a_short_logarithmic_axis_has_ticks_too() -> None:
    line = Line("a", ((1, 0.031), (2, 0.024)))
    drawn = picture(chart([line], "x", "y", is_log=True)).markup
    assert drawn.count('class="grid"') >= 3


def test_the_page_in_docs_is_of_today() -> None:
    """`python scripts/make_play_page.py` makes it anew."""
    page = (ROOT / "docs" / "play" / "index.html").read_text(encoding="utf-8")
    for name in ("page.css", "play.js", "draw.js", "report.js"):
        assert asset(name) in page, f"docs/play has another {name}"
    assert javascript(Program(shipped("zipcode").plan)) in page
    assert Outline(page).fetched == [] and len(page.encode()) < 2_000_000
    assert "Creative Commons Attribution-ShareAlike 3.0" in page


@pytest.mark.kernels
@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("log.jsonl", '{"pass": 1}\n'),
        ("log.jsonl", '{"pass": -1, "train": {"half_squares": 0.1, "patterns": 3}}\n'),
        ("log.jsonl", "[1]\n"),
        ("film.safetensors", "no film"),
    ],
)
def test_a_damaged_folder_is_told(
    file: str, content: str, plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    shutil.copytree(plain, run)
    (run / file).write_text(content)
    assert main(["report", str(run)]) == 1
    told = capsys.readouterr().err
    assert file in told and "Traceback" not in told


@pytest.mark.kernels
@pytest.mark.parametrize("said", ['"x"', '{"train_error": "low"}', '{"test_misses": -3}'])
def test_published_figures_that_are_none_are_told(
    said: str, plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    shutil.copytree(plain, run)
    about = json.loads((run / "run.json").read_text())
    about["reference"] = json.loads(said)
    (run / "run.json").write_text(json.dumps(about))
    assert main(["report", str(run)]) == 1
    assert "run.json" in capsys.readouterr().err


def test_a_net_too_large_for_a_page_is_told(monkeypatch: pytest.MonkeyPatch, plain: Path) -> None:
    monkeypatch.setattr("sn.page.play.MOST_STORED", 10)
    page = run_page(open_run(plain), plain)
    assert "too many weights to be at work in a page" in page
    assert "<script" not in page and "<canvas" not in page


def test_weights_that_are_no_numbers_are_left_out_of_spreads() -> None:
    table = freeze(described(ALL_KINDS))
    broken = np.full(table.n_weights, np.nan, np.float32)
    broken[::2] = 1.0
    assert "weights after" in spreads(table, None, broken, broken, {}).markup


def test_a_seed_that_ended_keeps_its_last_figure() -> None:
    found = _carried({"0": {1: 4.0, 2: 2.0}, "1": {1: 6.0, 2: 5.0, 3: 1.0}})
    assert found == {1: [4.0, 6.0], 2: [2.0, 5.0], 3: [2.0, 1.0]}
