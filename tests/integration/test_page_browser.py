"""Pages in a real browser: drawn digits are read, nothing is fetched, nothing is complained of."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sn.charts.lines import Line, chart
from sn.commands import main
from sn.opened import open_run
from sn.page.html import document, picture
from sn.page.report import run_page
from tests.conftest import GOLDEN
from tests.sample_nets import shipped
from tests.unit.test_trained_net import STAND_IN

sync = pytest.importorskip("playwright.sync_api", reason="needs playwright")
CHROMIUM = next(
    (
        path
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (path := shutil.which(name))
    ),
    None,
)
pytestmark = [
    pytest.mark.kernels,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium, which shows the page"),
]

READ = """(all) => all.map((strokes) => {
  Draw.set(strokes);
  const found = SN.answers();
  return found.indexOf(Math.max(...found));
})"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The net of 1989 after ten passes on the stand-in, with its page."""
    folder = tmp_path_factory.mktemp("run")
    experiment = shipped("zipcode").experiment()
    experiment = replace(experiment, spec=replace(experiment.spec, data=STAND_IN))
    experiment.train(passes=10, folder=folder)
    (folder / "report.html").write_text(run_page(open_run(folder), folder), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync.sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield found
        found.close()


@pytest.fixture
def page(browser: Any, run: Path) -> Iterator[Any]:
    """The page, which complained of nothing and asked for nothing in the end."""
    found = browser.new_page(viewport={"width": 1200, "height": 900})
    told: list[str] = []
    found.on("console", lambda message: told.append(message.text))
    found.on("pageerror", lambda error: told.append(str(error)))
    found.on("request", lambda request: told.append(request.url))
    address = (run / "report.html").as_uri()
    found.goto(address)
    yield found
    found.close()
    assert told == [address]


def test_digits_of_several_hands_are_read(page: Any) -> None:
    drawn = json.loads((GOLDEN / "strokes.json").read_text())
    answers = page.evaluate(READ, [one["strokes"] for one in drawn])
    right = {digit: 0 for digit in range(10)}
    for one, answer in zip(drawn, answers, strict=True):
        right[one["digit"]] += one["digit"] == answer
    hands = len(drawn) // 10
    assert hands == 6
    # of nine kinds at least, two hands of three or more
    assert sum(times >= 4 for times in right.values()) >= 9, right
    assert sum(right.values()) >= 0.9 * len(drawn), right


def test_test_digits_give_what_the_kernels_give(page: Any, run: Path) -> None:
    net = open_run(run)
    digits = net.sets()["test"].inputs[::40]
    found = page.evaluate(
        "(all) => all.map((one) => { SN.send(one, ''); return Array.from(SN.outputs()); })",
        digits.tolist(),
    )
    assert np.abs(np.array(found) - net.outputs(digits)).max() < 1e-5


def test_what_feeds_a_unit_is_what_the_table_says(page: Any, run: Path) -> None:
    net = open_run(run)
    table = net.table
    for index, unit in ((1, 0), (2, 69), (3, 7), (4, 9)):
        dst = table.layers[index].first + unit
        rows = table.dst == dst
        wanted = sorted(
            zip(
                table.layer_of[table.src[rows]].tolist(),
                net.weight_vector[table.wid[rows]].tolist(),
                strict=True,
            )
        )
        found = page.evaluate(f"() => SN.feeds({index}, {unit}).map(([src, , at]) => [src, at])")
        weights = page.evaluate("() => SN.about.frames.at(-1).weights")
        stored = np.frombuffer(base64.b64decode(weights), "<f4")
        assert sorted((src, float(stored[at])) for src, at in found) == wanted


def test_a_drawing_by_mouse_and_by_keys_goes_through_the_net(page: Any) -> None:
    box = page.locator("#sheet").bounding_box()
    page.mouse.move(box["x"] + 140, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 140, box["y"] + 240, steps=8)
    page.mouse.up()
    sync.expect(page.locator("#shown")).to_have_text("what you drew")
    assert page.locator("#answer").text_content() == "1"
    page.locator("#clear").click()
    sync.expect(page.locator("#shown")).to_have_text("an empty picture")
    page.locator("#sheet").focus()
    page.keyboard.press("Space")
    for _ in range(6):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    sync.expect(page.locator("#shown")).to_have_text("what you drew")
    page.keyboard.press("Backspace")
    sync.expect(page.locator("#shown")).to_have_text("an empty picture")


def test_everything_can_be_reached_by_keys(page: Any) -> None:
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("() => document.activeElement.id || document.activeElement.className")
        )
    assert {
        "sheet",
        "clear",
        "undo",
        "fit",
        "centre",
        "blur",
        "pattern",
        "passes",
        "map",
    } <= reached
    page.locator("button.map").nth(1).press("Enter")
    assert "h1, map 0" in page.locator("#unit").text_content()
    page.keyboard.press("ArrowRight")
    assert "column 5" in page.locator("#unit").text_content()


def test_a_misread_digit_and_a_pair_of_maps_can_be_clicked(page: Any) -> None:
    first = page.locator(".gallery button").first
    title = first.get_attribute("title")
    first.click()
    shown = page.locator("#shown").text_content()
    assert title.startswith(shown.split(",")[0])
    assert page.locator("#answer").text_content() == title[-1]
    page.locator(".matrix button").nth(3).click()
    assert "h2, map 3" in page.locator("#unit").text_content()
    assert page.locator(".map.feeds").count() == 8


def test_numbers_keep_the_zeros_before_the_point(page: Any) -> None:
    shown = {
        **{"0": 0.0, "100": 100.0, "-120": -120.0, "10": 10.0, "0.5": 0.5, "0.0012": 0.0012},
        **{"1000": 999.96, "2019": 2019.25, "1.23e+8": 1.234e8, "1e-9": 1e-9, "-0.885": -0.8849},
    }
    found = page.evaluate("(all) => all.map(SN.number)", list(shown.values()))
    assert found == list(shown)
    assert page.evaluate("() => SN.number(-0)") == "0"


def test_the_slider_goes_back_to_the_weights_before(page: Any) -> None:
    slider = page.locator("#passes")
    assert page.locator("#pass").text_content() == "after pass 10"
    slider.fill("0")
    assert page.locator("#pass").text_content() == "before training"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200])
def test_nothing_is_wider_than_the_window(browser: Any, run: Path, width: int, scheme: str) -> None:
    found = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    found.goto((run / "report.html").as_uri())
    assert found.evaluate("() => document.documentElement.scrollWidth") <= width
    paint = found.evaluate(
        "() => performance.getEntriesByType('paint').map((one) => one.startTime)"
    )
    assert max(paint) < 1000
    found.close()


def test_one_finger_draws_and_the_mouse_only_when_it_is_pressed(browser: Any, run: Path) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    found = context.new_page()
    found.goto((run / "report.html").as_uri())
    box, touch = found.locator("#sheet").bounding_box(), context.new_cdp_session(found)

    def finger(kind: str, *places: tuple[int, int]) -> None:
        at = [{"x": box["x"] + x, "y": box["y"] + y, "id": n} for n, (x, y) in enumerate(places)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    def drawn(*others: tuple[int, int]) -> list[float]:
        found.locator("#clear").click()
        finger("touchStart", (140, 40))
        for step in range(1, 11):
            finger(
                "touchStart" if step == 1 and others else "touchMove",
                (140, 40 + 20 * step - 20),
                *others,
            )
        finger("touchEnd")
        sync.expect(found.locator("#shown")).to_have_text("what you drew")
        return list(found.evaluate("() => Array.from(SN.pattern())"))

    alone = drawn()
    assert len(set(alone)) > 2 and found.evaluate("() => scrollY") == 0
    assert drawn((20, 20)) == alone
    found.locator("#clear").click()
    found.locator("#sheet").focus()
    found.keyboard.press("Space")
    sync.expect(found.locator("#shown")).to_have_text("what you drew")
    dot = found.evaluate("() => Array.from(SN.pattern())")
    found.mouse.move(box["x"] + 40, box["y"] + 40)
    found.mouse.move(box["x"] + 90, box["y"] + 200, steps=4)
    found.wait_for_timeout(100)
    assert found.evaluate("() => Array.from(SN.pattern())") == dot
    context.close()


CONTRAST = """([names, property]) => {
  const on = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const light = (colour) => {
    on.fillStyle = colour;
    on.fillRect(0, 0, 1, 1);
    const parts = [...on.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => part / 255);
    const [r, g, b] = parts.map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = getComputedStyle(document.body).backgroundColor;
  return [...document.querySelectorAll(names)].map((cell) => {
    const style = getComputedStyle(cell), a = light(style[property]);
    const b = light(cell.closest("svg") ? paper : style.backgroundColor);
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_most_frequent_confusions_can_be_read(browser: Any, run: Path, scheme: str) -> None:
    """Source of the ratio: WCAG 2.1, 1.4.3 Contrast (Minimum)."""
    found = browser.new_page(color_scheme=scheme)
    found.goto((run / "report.html").as_uri())
    ratios = [
        one for one in found.evaluate(CONTRAST, [".confusion td:not(.right)", "color"]) if one > 1
    ]
    found.close()
    assert len(ratios) > 10 and min(ratios) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_names_of_many_curves_can_be_read_to_their_ends(
    browser: Any, tmp_path: Path, scheme: str
) -> None:
    names = [f"{'WIDE' * 9}-{n}" for n in range(4)] + [f"long-name-of-a-net-{n}" for n in range(14)]
    lines = [Line(name, ((1, 1.0), (2, 1 + n)), n) for n, name in enumerate([*names, "short"])]
    page = document("chart", picture(chart(lines, "pass", "error")), ())
    (tmp_path / "chart.html").write_text(page, encoding="utf-8")
    found = browser.new_page(color_scheme=scheme)
    found.goto((tmp_path / "chart.html").as_uri())
    boxes = [one.bounding_box() for one in found.locator("svg text.name").all()]
    whole = found.locator("svg").bounding_box()
    assert max(box["x"] + box["width"] for box in boxes) <= whole["x"] + whole["width"]
    assert min(found.evaluate(CONTRAST, ["svg text", "fill"])) >= 4.5
    found.close()


def test_without_patterns_the_fields_go_through_the_net(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also numbers of more than four digits, and the fields of a pattern that is sent."""
    monkeypatch.chdir(tmp_path)
    rows = [f"{2000 + n}.25,{n % 3},{n % 7}" for n in range(30)]
    Path("rows.csv").write_text("\n".join(["year,x,price", *rows, ""]))
    Path("p.sn").write_text(
        "(defnet n (layer in (2)) (layer out (1) (linear)) (connect in out (full))) (experiment n"
        ' (data (csv "rows.csv" (targets "price")) (scale standard)) (passes 1)'
        " (optimizer o (sgd (learning-rate 0.01))))"
    )
    assert main(["run", "p.sn", "--out", "run"]) == 0
    net = open_run("run")
    pages = {"with": run_page(net, Path("run"))}
    Path("rows.csv").unlink()
    pages["without"] = run_page(net, Path("run"))
    for name, text in pages.items():
        Path(f"{name}.html").write_text(text, encoding="utf-8")
        found = browser.new_page()
        found.goto((tmp_path / f"{name}.html").as_uri())
        if name == "with":
            found.locator("#next").click()
            assert found.locator("#value0").input_value() == "2001.25"
        given = [float(found.locator(f"#value{n}").input_value()) for n in (0, 1)]
        assert found.evaluate("() => SN.outputs()[0]") == pytest.approx(
            float(net.outputs([given])[0, 0]), abs=1e-5
        )
        found.close()


def test_the_page_is_not_large(run: Path) -> None:
    assert (run / "report.html").stat().st_size < 2_000_000
