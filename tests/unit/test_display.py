"""What values show of themselves: one line at a prompt, a table without tricks in a notebook."""

from __future__ import annotations

import builtins
import re
import sys
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sn.data import load as load_data
from sn.data.base import Dataset, Part
from sn.data.own import OwnData, Shares, data_source
from sn.data.rows import Rows, TargetKind
from sn.display import LONGEST, brief, html_table, many, printable
from sn.errors import SnError
from sn.lower.ir import Plan
from sn.net.layer import Network
from sn.net.table import freeze
from sn.results.origin import ReadFile
from sn.results.record import RunRecord
from sn.results.reports import ClassReport, class_report, label_report, value_report
from sn.session import Program, Session
from sn.train.state import EngineState
from tests.sample_runs import comparison, entry, of_values, run

HOSTILE = "<script>alert('1')</script>&\n\x1b[31m\ud800"
SMALL = """
(defnet |<script>| (layer |<b>in&| (4)) (layer |"out"| (2)) (connect |<b>in&| |"out"| (full)))
(experiment |<script>| (data "mnist-1989") (optimizer sgd (sgd (learning-rate 0.1))))
"""
TABLE = {"div", "table", "thead", "tbody", "tr", "th", "td"}
# of the curves of a record or a comparison: what they are made of, none of it leads anywhere
PICTURE = {"svg", "style", "line", "polyline", "circle", "text", "title"}
DRAWN = {
    *("xmlns", "viewbox", "width", "height", "style", "role", "aria-label", "font-family"),
    *("font-size", "font-weight", "fill", "stroke", "stroke-width", "stroke-opacity"),
    *("stroke-linejoin", "points", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r"),
    *("text-anchor", "class", "textlength", "lengthadjust", "transform"),
}


class Page(HTMLParser):
    """A page as a browser reads it: its tags, and the text of its cells and lines."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.rows: list[list[str]] = []
        self.lines: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, "every tag is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.add(tag)
        names = {name for name, _ in attrs}
        assert names <= (DRAWN if tag in PICTURE else {"style"})
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open:
            assert not data.strip()
        elif self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data
        elif self.open[-1] not in PICTURE:
            self.lines.append(data)


def hostile_program(tmp_path: Path) -> Program:
    file = tmp_path / "small.sn"
    file.write_text(SMALL)
    return Session().load(file)


# --- the two functions ---


def test_a_repr_is_one_short_line() -> None:
    assert brief("net a: 3 units") == "<net a: 3 units>"
    assert brief("a\nb\x1b[31m\ud800é") == "<a\\nb\\x1b[31m\\ud800é>"
    assert len(brief("x" * LONGEST)) == LONGEST
    assert brief("x" * (LONGEST - 2)) == f"<{'x' * (LONGEST - 2)}>"
    assert brief("x" * LONGEST).endswith("x…>")


def test_counts_have_their_noun() -> None:
    found = [many(1, "pass"), many(2, "pass"), many(0, "unit"), many(9760, "weight")]
    assert found == ["1 pass", "2 passes", "0 units", "9,760 weights"]


def test_a_table_of_html_escapes_every_text() -> None:
    texts = [f"{number}{HOSTILE}" for number in range(6)]
    title, line, one, other, left, right = texts
    page = html_table([one, other], [[left, right]], title, right=[other], below=[line])
    read = Page(page)
    assert read.tags == {"div", "table", "thead", "tbody", "tr", "th", "td"}
    assert read.rows == [[printable(one), printable(other)], [printable(left), printable(right)]]
    assert read.lines == [printable(title), printable(line)]
    page.encode()  # no lone surrogates: they cannot be sent to a browser


def test_numbers_stand_at_the_right_and_no_colour_is_set() -> None:
    page = html_table(["name", "n"], [["a", "1"]], right=["n"])
    sides = re.findall(r"<t[hd] style=\"text-align: (\w+); padding: [^;\"]+\">", page)
    assert sides == ["left", "right", "left", "right"]
    assert not re.search(r"colou?r|background|#[0-9a-f]{3}", page)


def test_a_row_of_another_length_is_no_table() -> None:
    with pytest.raises(ValueError, match="longer"):
        html_table(["a", "b"], [["1"]])


# --- every value of the API ---

INSIDE = ("sn.net.expr", "sn.lower.ir", "sn.optim.rules")


def values_of(some: Any, depth: int = 3) -> dict[str, Any]:
    """Return what a user reaches from some values by their public attributes, by type and name.

    Formulas and nodes of plans are the compiler's own.
    """
    found: dict[str, Any] = {}

    def walk(name: str, value: Any, left: int) -> None:
        if isinstance(value, tuple | list | dict):
            inner = list(value.values() if isinstance(value, dict) else value)
            for number, one in enumerate(inner[:3]):
                walk(f"{name}[{number}]", one, left)
            return
        module = type(value).__module__
        if not module.startswith("sn.") or (module in INSIDE and not isinstance(value, Plan)):
            return
        found[f"{type(value).__name__} at {name}"] = value
        if left:
            names = [one.name for one in fields(value)] if is_dataclass(value) else []
            names += [n for n, v in vars(type(value)).items() if isinstance(v, property)]
            for attribute in names:
                if not attribute.startswith("_") and attribute != "interpreter":
                    with suppress(
                        SnError, AssertionError
                    ):  # such as a test set where there is none
                        walk(f"{name}.{attribute}", getattr(value, attribute), left - 1)

    walk(f"it{id(some)}", some, depth)
    return found


@dataclass(frozen=True)
class Given:
    """A reader of rows that are there already."""

    rows: Rows

    def read(self, base: Path, may_miss: bool = False) -> Rows:
        return self.rows


def numbers(count: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(count).uniform(-1, 1, (count, *shape)).astype(np.float32)


def reports() -> list[Any]:
    outputs, targets = numbers(40, 3), numbers(41, 3)[:40]
    names = ("a", HOSTILE, "c")
    return [
        class_report(outputs, targets, names),
        label_report(outputs, targets, names, 0.0),
        value_report(outputs, targets, names),
    ]


def test_every_value_of_the_api_is_one_line_at_a_prompt(tmp_path: Path) -> None:
    program = hostile_program(tmp_path)
    roots = [
        program,
        program.session,
        program.experiment(),
        program.check(),
        program.table.layers,
        load_data("mnist-1989"),
        comparison(entry("newton", (3, 4, 9)), entry("sgd", (5, 6, 11))),
        reports(),
        rows := Rows(numbers(4, 2), np.arange(4), TargetKind.CLASSES, tuple("abcd"), place=HOSTILE),
        data_source((numbers(4, 2), [0, 1, 0, 1])),
        data_source((numbers(4, 2), [0, 1, 0, 1])).load(),
        program.origin("kernels"),
        ReadFile(HOSTILE, HOSTILE.encode("utf-8", "replace")),
        EngineState(numbers(50), {"curvatures": numbers(50)}),
        OwnData(Given(rows), split=Shares(test=0.25)).load(),
    ]
    found: dict[str, Any] = {}
    for root in roots:
        found |= values_of(root)
    seen = {name.split(" at ")[0] for name in found}
    assert {"Program", "Experiment", "Session", "Network", "Layer", "ConnectionTable"} <= seen
    assert {"Plan", "CheckReport", "Dataset", "Part", "RunRecord", "PassRecord", "Scores"} <= seen
    assert {"Comparison", "Entry", "ClassReport", "LabelReport", "ValueReport"} <= seen
    for name, value in found.items():
        line = repr(value)
        assert len(line) <= LONGEST and line.isprintable(), f"{name}: {line}"
        assert "array(" not in line and " object at 0x" not in line, f"{name}: {line}"


@pytest.mark.kernels
def test_kernels_are_one_line_too() -> None:
    program = Session().load("zipcode")
    kernels = program.experiment().compile(program.experiment().spec.optimizers["sgd"].rule)
    assert re.fullmatch(
        r"<kernels of zipcode: 9,760 weights, (from the cache|compiled in \d+\.\d s)>",
        repr(kernels),
    )
    assert re.fullmatch(
        r"<source of kernels of zipcode: \d+ lines, \d+ lanes>", repr(kernels.source)
    )
    assert repr(program.check_gradients()).startswith("<gradient check of zipcode: 8 connections")


def test_what_the_lines_say(tmp_path: Path) -> None:
    program = Session().load("zipcode")
    assert repr(program.session) == "<session: zipcode>"
    assert repr(program).endswith("zipcode.sn: net zipcode; experiment zipcode>")
    assert repr(program.experiment()) == "<experiment zipcode: 23 passes of newton, sgd>"
    assert repr(program.network) == (
        "<net zipcode: input 16 x 16, h1 12 x 8 x 8, h2 12 x 4 x 4, h3 30, output 10; "
        "64,660 connections, 9,760 weights>"
    )
    assert repr(program.network.layers[1]) == (
        "<layer h1: 12 x 8 x 8, 1.7159 tanh(0.66667 x), border -1>"
    )
    assert repr(program.network.layers[0]) == "<layer input: 16 x 16, input, border -1>"
    assert repr(program.check()) == (
        "<check of zipcode: 1,256 units, 64,660 connections, 9,760 parameters>"
    )
    digits = load_data("mnist-1989")
    assert repr(digits) == (
        "<data set mnist-1989: 7,291 train + 2,007 test patterns of 16 x 16, 10 classes>"
    )
    assert repr(digits.test) == (
        "<2,007 patterns: inputs (2007, 256) float32, targets (2007,) uint8>"
    )
    assert repr(Session()) == "<session: no nets>"
    assert repr(Network("empty")) == "<net empty: 0 connections, 0 weights>"


def test_what_the_lines_of_results_say() -> None:
    record = run(2, 14, "sgd")
    assert repr(record) == (
        "<run of zipcode: 3 passes of sgd on zipcode, seed 2; "
        "train error 1.14e-3, 14 misses; test error 1.01e-2, 28 misses>"
    )
    assert repr(record.passes[0]) == (
        "<pass 1: train error 3.14e-3, 14 misses; test error 3.01e-2, 28 misses>"
    )
    assert repr(record.train) == "<error 1.14e-3, 14 misses of 7,291 patterns>"
    assert repr(of_values(entry("a", (3,))).runs[0].train) == "<error 1.03e-3 of 7,291 patterns>"
    assert repr(comparison(entry("newton", (3, 4)), entry("sgd", (5, 6)))) == (
        "<comparison of newton, sgd: 2 seeds each>"
    )
    confusion = np.array([[4, 1], [0, 5]])
    assert repr(ClassReport(("a", "b"), confusion, 0.121)) == (
        "<report of 2 classes: 1 miss of 10, 12.1 % to reject for 1 % errors>"
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('(list 1 2 (list \'a "b\\n"))', '<list (1 2 (a "b\\n"))>'),
        ("[1 2 3]", "<matrix [ 1.00  2.00  3.00 ]>"),
        ("(matrix 100 100)", "<matrix ::MAT:100x100>"),
        ("(lambda (x) x)", "<function ::DE:lambda>"),
        ("car", "<function ::DX:car>"),
        ("if", "<special form ::DY:if>"),
        ("(let ((l (list 1))) (rplacd l l) l)", "<list (...) that contains itself>"),
        ("(range 1 100000)", "<list (1 2 3 4 5 6 7 8 9 10 11 12 ...>"),
    ],
)
def test_values_of_lisp_are_shown_as_lisp(text: str, line: str) -> None:
    assert repr(Session().evaluate(text)) == line


# --- notebooks ---


def test_notebooks_get_tables_of_what_is_there(tmp_path: Path) -> None:
    program = Session().load("zipcode")
    net = Page(program.network._repr_html_())
    assert net.rows[2] == [
        "h1", "12 x 8 x 8", "768", "1.7159 tanh(0.66667 x)", "19,968", "1,068",
    ]  # fmt: skip
    assert Page(program.table._repr_html_()).rows == net.rows
    check = Page(program.check()._repr_html_())
    assert ["h1 -> h2", "conv", "38,400", "2,400"] in [row[:4] for row in check.rows]
    digits = Page(load_data("mnist-1989")._repr_html_())
    assert digits.rows[0] == ["set", "patterns", *"0123456789"]
    assert digits.rows[2][:3] == ["test", "2,007", "194"]
    record = Page(replace(run(2, 14, "sgd"), warnings=("w",), folder=Path("a"))._repr_html_())
    assert record.rows[0] == ["pass", "train error", "train misses", "test error", "test misses"]
    assert record.rows[3] == ["3", "1.14e-3", "14 (0.19 %)", "1.01e-2", "28 (1.40 %)"]
    assert record.lines[1:] == ["20.00 µs per presentation", "folder a", "warning: w"]
    both = Page(comparison(entry("newton", (3, 4)), entry("sgd", (5, 6)))._repr_html_())
    assert both.rows[0][0::2] == ["", "train misses", "test misses"]
    assert both.rows[1][2] == "3.5 ± 0.7"


def test_untrained_and_unclassed_runs_have_tables_too() -> None:
    values = of_values(entry("a", (3, 4)))
    assert Page(values.runs[0]._repr_html_()).rows[0] == ["pass", "train error"]
    untrained = replace(run(0, 3, "sgd"), passes=(replace(run(0, 3, "sgd").passes[0], number=0),))
    assert Page(untrained._repr_html_()).rows[1][0] == "0"
    assert repr(untrained).startswith("<run of zipcode: 0 passes")


def test_no_name_of_a_user_is_html(tmp_path: Path) -> None:
    program = hostile_program(tmp_path)
    record = replace(run(0, 3, HOSTILE), warnings=(HOSTILE,), folder=Path(HOSTILE))
    part = Part(numbers(4, 2), np.array([0, 1, 0, 1]))
    data = Dataset(HOSTILE, HOSTILE, {"train": part}, TargetKind.CLASSES, (HOSTILE, "b"), (2,), "0")
    shown = [
        program.network,
        program.table,
        program.check(),
        record,
        data,
        comparison(entry(HOSTILE, (3, 4)), entry("sgd", (5, 6))),
        *reports(),
    ]
    for value in shown:
        page = value._repr_html_()
        assert "script" in page, "the test has its name in it"
        assert Page(page).tags <= TABLE | PICTURE
        assert "\x1b" not in page and "\n" not in page
        page.encode()


def test_many_classes_are_not_a_column_each() -> None:
    names = tuple(f"class {number}" for number in range(200))
    part = Part(numbers(4, 2), np.arange(4))
    data = Dataset("big", "", {"train": part}, TargetKind.CLASSES, names, (2,), "0")
    assert Page(data._repr_html_()).rows == [["set", "patterns"], ["train", "4"]]
    report = ClassReport(names, np.eye(200, dtype=np.int64), None)
    assert len(Page(report._repr_html_()).rows[0]) == 2


def test_input_layers_compute_nothing(tmp_path: Path) -> None:
    file = tmp_path / "two.sn"
    file.write_text(
        "(defnet two (layer x (4)) (layer y (2) (from x 0 1)) (layer z (1))"
        " (connect x z (full)) (connect y z (full)))"
    )
    rows = Page(Session().load(file).network._repr_html_()).rows
    assert [row[0] for row in rows if row[3:] == ["", "", ""]] == ["x", "y"]


def test_a_net_that_is_half_described_can_be_shown() -> None:
    net = Network("half")
    net.add_layer("in", (3,))
    assert [row[0] for row in Page(net._repr_html_()).rows] == ["layer", "in"]
    assert repr(freeze(net)) == "<table half: 3 units, 0 connections, 0 weights; in 3>"


# --- rows and frames ---


def test_rows_have_the_figures_of_each_pass() -> None:
    record = run(2, 14, "sgd")
    assert [row["pass"] for row in record.rows()] == [1, 2, 3]
    assert record.rows()[2] == {
        "pass": 3,
        "train_error": pytest.approx(1.14e-3),
        "train_half_squares": pytest.approx(1.14e-3),
        "train_misses": 14,
        "train_percent": pytest.approx(100 * 14 / 7291),
        "test_error": pytest.approx(1.014e-2),
        "test_half_squares": pytest.approx(1.014e-2),
        "test_misses": 28,
        "test_percent": pytest.approx(100 * 28 / 2007),
        "seconds": 0.1,
    }
    plain = of_values(entry("a", (3,))).runs[0].rows()
    assert list(plain[0]) == ["pass", "train_error", "train_half_squares", "seconds"]


def test_rows_of_a_comparison_name_entry_and_seed() -> None:
    rows = comparison(entry("newton", (3, 4)), entry("sgd", (5, 6))).rows()
    assert len(rows) == 2 * 2 * 3
    assert [(row["entry"], row["seed"], row["pass"]) for row in rows][5:8] == [
        ("newton", 1, 3), ("sgd", 0, 1), ("sgd", 0, 2),
    ]  # fmt: skip
    assert rows[-1]["test_misses"] == 12
    assert (rows[-1]["name"], rows[-1]["optimizer"]) == ("zipcode", "sgd")


@pytest.mark.parametrize(
    "value", [run(2, 14, "sgd"), comparison(entry("newton", (3, 4)))], ids=["run", "comparison"]
)
def test_a_frame_is_made_of_the_rows(value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pandas = SimpleNamespace(DataFrame=lambda rows: ("frame", rows))
    monkeypatch.setitem(sys.modules, "pandas", pandas)
    assert value.frame() == ("frame", value.rows())


def test_without_pandas_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)  # as if it were not installed
    with pytest.raises(SnError, match="needs pandas, which is not here") as found:
        run(2, 14, "sgd").frame()
    assert found.value.hint is not None and "`pip install 'sn[frames]'`" in found.value.hint
    assert isinstance(run(2, 14, "sgd"), RunRecord)


def test_nothing_else_imports_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def guarded(name: str, *others: Any, **more: Any) -> Any:
        assert name.split(".")[0] != "pandas"
        return real(name, *others, **more)

    monkeypatch.setattr(builtins, "__import__", guarded)
    record = run(2, 14, "sgd")
    assert record.rows() and record._repr_html_() and repr(record)
