"""Pictures of a comparison: what is drawn, and that the same figures give the same bytes."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sn.errors import TrainError
from sn.results.comparison import Comparison
from tests.sample_runs import comparison, entry, of_values

pytest.importorskip("matplotlib", reason="needs matplotlib, the extra 'plot'")
from sn.results import plots


@pytest.fixture
def two() -> Comparison:
    return comparison(entry("newton", (10, 12, 14)), entry("sgd", (20, 20, 26)))


def test_both_pictures_are_written_and_stay_the_same(two: Comparison, tmp_path: Path) -> None:
    png, svg = plots.save_curves(two, tmp_path / "curves")
    assert png.read_bytes().startswith(b"\x89PNG")
    first = svg.read_bytes()
    assert b"<svg" in first and b"newton" in first
    plots.save_curves(two, tmp_path / "curves")
    assert svg.read_bytes() == first


def test_a_panel_has_a_line_and_a_band_per_entry_and_the_published_figure(two: Comparison) -> None:
    panels = plots.curves(two).axes
    assert len(panels) == 4
    for axes in panels:
        assert len(axes.collections) == 2
        assert len(axes.lines) == 3
        assert axes.get_yscale() == "log"
    published = panels[3].lines[2].get_ydata()
    assert list(published) == pytest.approx([100 * 102 / 2007] * 2)


def test_what_the_runs_have_no_figure_for_has_no_panel() -> None:
    those = (of_values(entry("newton", (10, 12))), of_values(entry("sgd", (20, 20))))
    (axes,) = plots.curves(Comparison(those, (0, 1), 0.02)).axes
    assert axes.get_title(loc="left") == "training error per output"
    assert axes.get_xlabel() == "pass"


def test_the_legend_names_each_line_once(two: Comparison) -> None:
    (legend,) = plots.curves(two).legends
    assert [text.get_text() for text in legend.get_texts()] == ["newton", "sgd", "paper (1989)"]


def test_one_seed_has_no_band() -> None:
    axes = plots.curves(comparison(entry("newton", (10,)))).axes[0]
    assert not axes.collections


def test_nothing_missed_needs_a_plain_scale() -> None:
    panels = plots.curves(comparison(entry("newton", (0, 0)), reference=None)).axes
    assert [axes.get_yscale() for axes in panels] == ["log", "log", "linear", "linear"]


def test_a_figure_of_one_entry_has_its_colour(two: Comparison) -> None:
    paper = two.entries[0].runs[0].reference
    assert paper is not None
    other = replace(
        two.entries[1],
        runs=tuple(
            replace(run, reference=replace(paper, title="other")) for run in two.entries[1].runs
        ),
    )
    axes = plots.curves(replace(two, entries=(two.entries[0], other))).axes[0]
    assert [line.get_color() for line in axes.lines[2:]] == list(plots.COLOURS[:2])


def test_a_folder_that_is_not_there_is_told(two: Comparison, tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="cannot write"):
        plots.save_curves(two, tmp_path / "absent" / "curves")


@pytest.mark.parametrize(
    "name",
    ["a$\\x$", "$", "_hidden", "a\nb", "\udc80", "²", "\u202e", "<b>&amp;", "%s{}", "x" * 5000],
)
def test_any_name_is_drawn_as_it_is(name: str, tmp_path: Path) -> None:
    found = comparison(entry(name, (10, 12)), entry("sgd", (20, 20)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, svg = plots.save_curves(found, tmp_path / "curves")
    drawn = [
        text.text or "" for text in ElementTree.parse(svg).iter() if text.tag.endswith("}text")
    ]
    assert plots.literal(name) in drawn
    (legend,) = plots.curves(found).legends
    assert len(legend.get_texts()) == 3


def test_a_style_of_the_user_makes_no_mathematics(
    two: Comparison, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(plots.matplotlib.rcParams, "text.usetex", True)
    assert [file.exists() for file in plots.save_curves(two, tmp_path / "curves")] == [True, True]


def test_a_label_stays_in_the_picture() -> None:
    assert plots.literal("x" * 300) == "x" * 47 + "…"
    assert plots.literal("a\tb\x1b[31m") == "a\\tb\\x1b[31m"


def test_a_picture_that_fails_leaves_nothing_half_written(
    two: Comparison, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(plots.Figure, "savefig", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        plots.save_curves(two, tmp_path / "curves")
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_ended_before_others_keeps_its_last_figure() -> None:
    one = entry("newton", (10, 12))
    first, second = one.runs
    longer = replace(
        second, passes=(*second.passes, replace(second.end, number=second.end.number + 1))
    )
    made = comparison(replace(one, runs=(first, longer)))
    values = plots._values(made.entries[0], "test", "misses")
    assert values.shape == (2, len(longer.passes))
    assert values[0, -1] == values[0, -2] == first.end.test.misses  # type: ignore[union-attr]
    plots.curves(made)
