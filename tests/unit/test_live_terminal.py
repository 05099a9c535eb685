"""The display of `sn run` and `sn compare` on a terminal: what is seen, and what remains of it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from rich.text import Text

from sn.progress.above import Above, are_one
from sn.progress.drawing import Paced
from sn.progress.terminal import _Block
from tests.screen import on_screen

SN = [sys.executable, str(Path(__file__).resolve().parents[2] / "cli.py")]
PASSES = 40
RUN = [*SN, "run", "xor", "--reference", "--no-folder", "--passes", str(PASSES)]
# three classes, a set for tests, a line that the program prints, and a warning of patterns in order
CLASSES = """
(defnet small (layer in (2)) (layer out (3)) (connect in out (full)))
(print "of the program")
(experiment small (data (csv "three.csv" (label 2)) (split (test 0.5)))
  (optimizer sgd (sgd (learning-rate 0.05))) (optimizer other (sgd (learning-rate 0.01)))
  (passes 30))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [f"{number % 3 / 2},{number % 5 / 5},{'abc'[number % 3]}" for number in range(60)]
    (tmp_path / "three.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "small.sn").write_text(CLASSES)
    return tmp_path


def until_the_end(lines: list[str]) -> list[str]:
    """Return what is printed while a run goes; of the end a terminal gets other tables."""
    return lines[: lines.index("")]


def in_pipe(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    without = {name: text for name, text in os.environ.items() if name != "COLUMNS"}
    return subprocess.run(
        words,
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        stdin=subprocess.DEVNULL,
        env={**without, "PYTHONUTF8": "1"},
    )


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50), (90, 10)])
def test_what_remains_is_what_a_pipe_gets(folder: Path, size: tuple[int, int]) -> None:
    words = [*SN, "run", "small.sn", "--reference", "--no-folder"]
    code, screen, sent = on_screen(words, folder, size)
    piped = in_pipe(words, folder)
    assert code == 0 and screen.has_cursor
    assert until_the_end(screen.text) == until_the_end(piped.stdout.split("\n"))
    assert piped.stderr == ""
    assert "pass 30/30" in sent and "missed" in sent and "100 %" in sent
    assert "\x1b" not in piped.stdout


@pytest.mark.parametrize("size", [(60, 20), (40, 12), (24, 3)])
def test_a_narrow_terminal_shows_it_too(folder: Path, size: tuple[int, int]) -> None:
    code, screen, sent = on_screen(RUN, folder, size)
    assert code == 0 and screen.has_cursor
    heads = [line for line in screen.text if line.startswith("pass ")]
    assert len(heads) == PASSES, "a line each, and nothing of the block"
    assert f"pass {PASSES}/{PASSES}" in sent


def test_a_terminal_that_can_draw_nothing_gets_plain_lines(folder: Path) -> None:
    code, screen, sent = on_screen(RUN, folder, environment={"TERM": "dumb"})
    assert code == 0
    assert "\x1b" not in sent
    piped = in_pipe(RUN, folder)
    assert until_the_end(screen.text) == until_the_end(piped.stdout.split("\n"))


def test_no_color_means_none(folder: Path) -> None:
    words = [*SN, "run", "small.sn", "--reference", "--no-folder"]
    _, _, coloured = on_screen(words, folder)
    _, _, plain = on_screen(words, folder, environment={"NO_COLOR": "1"})
    assert "\x1b[36m" in coloured and "⠤" in coloured
    assert "\x1b[3" not in plain and "o train" in plain


def test_a_terminal_without_unicode_gets_ascii(folder: Path) -> None:
    environment = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii:backslashreplace"}
    code, _, sent = on_screen(RUN, folder, environment=environment)
    assert code == 0
    assert sent.isascii() and "####" in sent


def test_lines_of_a_pipe_are_not_mixed_with_the_display(folder: Path) -> None:
    code, screen, sent = on_screen(RUN, folder, err_only=True)
    assert code == 0
    assert screen.text == [] and f"pass {PASSES}/{PASSES}" in sent


def test_ctrl_c_leaves_a_clean_terminal(folder: Path) -> None:
    rows = (folder / "three.csv").read_text()
    (folder / "three.csv").write_text(rows * 30)  # a pass takes a while: it is idle in between
    words = [*SN, "run", "small.sn", "--reference", "--passes", "100000", "--out", "stopped"]
    code, screen, _ = on_screen(words, folder, interrupt_after="pass   4  train")
    assert code == 130 and screen.has_cursor
    numbers = [line.split()[1] for line in screen.text if line.startswith("pass ")]
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]
    assert "".join(screen.text).endswith("interrupted")
    assert not any("%  " in line and "left" in line for line in screen.text)


def test_json_on_a_terminal_stays_whole(folder: Path) -> None:
    code, screen, _ = on_screen([*RUN, "--json"], folder, size=(2000, 24))
    piped = in_pipe([*RUN, "--json"], folder)
    assert code == 0
    kinds = [line.partition(",")[0] for line in screen.text]
    assert kinds == [line.partition(",")[0] for line in piped.stdout.splitlines()]


@pytest.mark.kernels
def test_a_comparison_tells_its_runs_above_the_display(folder: Path) -> None:
    words = [*SN, "compare", "small.sn", "--seeds", "2", "--jobs", "1", "--out", "here"]
    code, screen, sent = on_screen(words, folder, (100, 30))
    assert code == 0 and screen.has_cursor
    runs = [line for line in screen.text if line.startswith("run ")]
    assert [line.partition(":")[0] for line in runs] == [
        "run 1/4  sgd, seed 0",
        "run 2/4  sgd, seed 1",
        "run 3/4  other, seed 0",
        "run 4/4  other, seed 1",
    ]
    assert "run 4/4" in sent and "sgd" in sent


# --- its parts ---


def test_a_stream_that_leads_elsewhere_is_told_from_the_terminal(tmp_path: Path) -> None:
    with (tmp_path / "a").open("w") as one, (tmp_path / "b").open("w") as other:
        assert are_one(one, one) and not are_one(one, other)


def test_text_without_an_end_waits_for_it(tmp_path: Path) -> None:
    taken: list[str] = []
    held = True
    with (tmp_path / "a").open("w+") as file:
        above = Above(file, lambda: held, taken.append)
        assert above.write("one\ntw") == 6 and above.name == file.name
        above.write("o\nthree")
        assert taken == ["one\n", "two\n"]
        above.flush()
        held = False
        above.release()
        above.write("!\n")
        above.flush()
        file.seek(0)
        assert file.read() == "three!\n"


class Slow(Paced):
    """Takes two seconds of a clock to draw."""

    def __init__(self, clock: list[float]) -> None:
        super().__init__(seconds=0.125)
        self.clock, self.drawn = clock, 0

    def _draw(self) -> None:
        self.drawn += 1
        self.clock[0] += 2.0


def test_drawing_takes_no_more_than_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    slow = Slow(clock)
    slow.started(10_000, 1)
    for _ in range(10_000):
        clock[0] += 1.0
        slow.advanced(1)
    assert slow.drawn == pytest.approx(10_000 * 0.01 / 2, abs=3)


@pytest.mark.parametrize(("width", "more"), [(80, 0), (60, 0), (40, 2), (20, 4)])
def test_a_narrower_terminal_is_cleared_of_lines_that_it_broke(width: int, more: int) -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=width)
    shown = _Block()
    shown.lines, shown.width = [Text("x" * 50), Text("y" * 60), Text("z")], 80
    shown.take_back(console, width)
    assert file.getvalue() == (f"\x1b[{more}A\x1b[J" if more else "")
