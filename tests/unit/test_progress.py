"""The bar that training from Python shows: when, where, and that nothing is left of it."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sn.data.base import Dataset, Part
from sn.data.rows import TargetKind
from sn.errors import DataError, SettingError
from sn.progress import bar_for, is_notebook, showing
from sn.progress.drawing import Drawing, Lines
from sn.progress.notebook import NotebookBar
from sn.progress.terminal import TerminalBar
from sn.progress.watching import OverRuns
from sn.results.checkpoints import Position
from sn.session import Session
from sn.train.observer import Observer
from tests.sample_runs import run

PASSES = run(0, 14, "sgd").passes
SMALL = """
(defnet small (layer in (4)) (layer out (2)) (connect in out (full)))
(experiment small (data "mnist-1989") (optimizer sgd (sgd (learning-rate 0.1))) (passes 3))
"""


def patterns(width: int = 4) -> Dataset:
    """Four patterns of two classes."""
    part = Part(np.eye(4, width, dtype=np.float32), np.array([0, 1, 0, 1]))
    return Dataset("four", "", {"train": part}, TargetKind.CLASSES, ("a", "b"), (width,), "0")


class Stream(io.StringIO):
    """A stderr that says what it is."""

    def __init__(self, is_terminal: bool) -> None:
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal


class Shown:
    """What a notebook was asked to display: one output, and each of its contents."""

    def __init__(self) -> None:
        self.outputs: list[dict[str, str]] = []

    def display(self, bundle: dict[str, str], raw: bool, display_id: bool) -> Shown:
        assert raw and display_id and not self.outputs, "there is one output"
        self.outputs.append(bundle)
        return self

    def update(self, bundle: dict[str, str], raw: bool) -> None:
        assert raw
        self.outputs.append(bundle)

    @property
    def texts(self) -> list[str]:
        return [bundle["text/plain"] for bundle in self.outputs]


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Shown:
    """Make this process the kernel of a notebook."""
    shown = Shown()
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    display = SimpleNamespace(display=shown.display)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    return shown


def stderr(monkeypatch: pytest.MonkeyPatch, is_terminal: bool) -> Stream:
    stream = Stream(is_terminal)
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


# --- when there is one ---


@pytest.mark.parametrize(
    ("progress", "is_watched", "is_terminal", "kind"),
    [
        (None, False, True, TerminalBar),
        (None, False, False, None),
        (None, True, True, None),
        (True, False, True, TerminalBar),
        (True, True, True, TerminalBar),
        (True, False, False, Lines),
        (False, False, True, None),
        (False, False, False, None),
    ],
)
def test_a_bar_is_there_when_somebody_can_see_it(
    monkeypatch: pytest.MonkeyPatch,
    progress: bool | None,
    is_watched: bool,
    is_terminal: bool,
    kind: type | None,
) -> None:
    stderr(monkeypatch, is_terminal)
    assert bar_for(progress, is_watched) is kind


@pytest.mark.parametrize(
    ("progress", "is_watched", "is_shown"),
    [(None, False, True), (True, True, True), (None, True, False), (False, False, False)],
)
def test_a_notebook_has_its_own(
    notebook: Shown, progress: bool | None, is_watched: bool, is_shown: bool
) -> None:
    assert bar_for(progress, is_watched) is (NotebookBar if is_shown else None)


def test_a_notebook_is_told_from_other_shells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert not is_notebook()
    for shell in (None, SimpleNamespace()):  # imported by a script, and a shell in a terminal
        module = SimpleNamespace(get_ipython=lambda shell=shell: shell)
        monkeypatch.setitem(sys.modules, "IPython", module)
        assert not is_notebook()


def test_a_process_without_stderr_has_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert bar_for(None) is None


@pytest.mark.parametrize("wrong", [1, "yes", 0.5, object])
def test_another_value_is_refused(wrong: Any) -> None:
    with pytest.raises(SettingError, match="progress must be True, False or None, found"):
        bar_for(wrong)


# --- that it changes nothing ---


def program(tmp_path: Path, *observers: Observer) -> Any:
    file = tmp_path / "small.sn"
    file.write_text(SMALL)
    return Session(observers=observers).load(file)


def test_training_shows_a_bar_and_takes_it_away(tmp_path: Path, notebook: Shown) -> None:
    some = program(tmp_path)
    record = some.experiment().train(data=patterns(), reference=True)
    assert notebook.texts[0] == "pass 1/3, 0%"
    assert notebook.texts[-1] == ""
    assert some.observers == ()
    quiet = some.experiment().train(data=patterns(), reference=True, progress=False)
    assert np.array_equal(record.weights["out.weight"], quiet.weights["out.weight"])
    assert notebook.texts.count("") == 1, "nothing was drawn for the quiet one"


def test_others_go_on_watching(tmp_path: Path, notebook: Shown) -> None:
    listener = Observer()
    some = program(tmp_path, listener)
    some.experiment().train(data=patterns(), reference=True)
    assert not notebook.outputs
    some.experiment().train(data=patterns(), reference=True, progress=True)
    assert notebook.texts[-1] == ""
    assert some.observers == (listener,)


def test_nothing_is_left_of_it_when_a_run_fails(tmp_path: Path, notebook: Shown) -> None:
    some = program(tmp_path)
    with pytest.raises(DataError, match="has 5 numbers a pattern"):
        some.experiment().train(data=patterns(5), reference=True)
    assert some.observers == ()
    with pytest.raises(KeyboardInterrupt), showing(some, True):
        some.observers[0].started(10, 1)
        raise KeyboardInterrupt
    assert some.observers == ()
    assert notebook.texts[-1] == ""


# --- what it says ---


def test_a_notebook_sees_pass_share_and_scores(notebook: Shown) -> None:
    with NotebookBar(seconds=0) as bar:
        bar.compile_started("<b>")
        bar.started(30, 3)
        bar.advanced(5)
        bar.advanced(5)
        bar.pass_finished(PASSES[0])
    compiling, begun, half, third, scored, gone = notebook.outputs
    assert compiling["text/html"] == "<div><progress></progress> compiling &lt;b&gt; (once)…</div>"
    assert begun["text/plain"] == "pass 1/3, 0%"
    assert re.fullmatch(r"pass 1/3, 17%, \d+ s left", half["text/plain"])
    assert re.fullmatch(
        r'<div><progress value="0.3333"></progress> pass 1/3, 33%, \d+ s left</div>',
        third["text/html"],
    )
    assert re.fullmatch(
        r"pass 2/3, 33%, \d+ s left; train error 3.14e-3, 14 misses; "
        r"test error 3.01e-2, 28 misses",
        scored["text/plain"],
    )
    assert gone == {"text/html": "", "text/plain": ""}


def test_a_notebook_sees_curves_and_misses_of_each_class(tmp_path: Path, notebook: Shown) -> None:
    with NotebookBar(seconds=0) as bar:
        program(tmp_path, bar).experiment().train(data=patterns(), reference=True)
    first, last = notebook.outputs[0]["text/html"], notebook.outputs[-2]["text/html"]
    assert "<svg" not in first
    assert "<svg" in last and "misses per class, train" in last and "µs per presentation" in last
    assert last.count("<th ") == 3 + 2, "a column for each class"


def test_a_run_that_goes_on_counts_from_where_it_was(notebook: Shown) -> None:
    with NotebookBar(seconds=0) as bar:
        bar.started(100, 10)
        bar.resumed(Position(4))
        bar.advanced(40)  # told of what was presented before
        bar.advanced(1)
        before, after = notebook.texts[-2:]
    assert before == "pass 5/10, 40%"  # nothing is known of the speed
    assert re.fullmatch(r"pass 5/10, 41%, \d+ s left", after)


def test_a_notebook_is_not_flooded(notebook: Shown) -> None:
    with NotebookBar(seconds=3600) as bar:
        bar.started(1_000_000, 3)
        for _ in range(1000):
            bar.advanced(100)
        bar.pass_finished(PASSES[0])
    assert notebook.texts == ["pass 1/3, 0%", ""]


def test_a_run_without_passes_has_a_bar_too(notebook: Shown) -> None:
    with NotebookBar(seconds=0) as bar:
        bar.started(0, 0)
        bar.pass_finished(PASSES[0])
    assert notebook.texts[0] == "pass 0/0, 0%"
    with NotebookBar():
        pass  # nothing was ever drawn, and nothing is


def test_lines_are_printed_where_no_bar_can_be_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = stderr(monkeypatch, False)
    with Lines() as lines:
        lines.started(30, 3)
        lines.pass_finished(PASSES[0])
    assert stream.getvalue() == (
        "pass 1/3: train error 3.14e-3, 14 misses; test error 3.01e-2, 28 misses\n"
    )


def test_a_comparison_counts_runs(notebook: Shown) -> None:
    with NotebookBar("run", seconds=0) as bar:
        watcher = OverRuns(bar)
        watcher.started(2, 6)
        watcher.advanced(3)
        watcher.run_finished("sgd", run(4, 14, "sgd"))
    texts = [text.split(" s left") for text in notebook.texts]
    assert texts[0] == ["run 1/2, 0%"]
    assert texts[2][0].startswith("run 2/2, 50%, ")
    assert (
        texts[2][1]
        == "; sgd, seed 4: train error 1.14e-3, 14 misses; test error 1.01e-2, 28 misses"
    )


def test_a_terminal_counts_runs_too(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = stderr(monkeypatch, True)
    monkeypatch.setenv("TERM", "xterm")
    with TerminalBar("run") as bar:
        watcher = OverRuns(bar)
        watcher.started(2, 6)
        watcher.advanced(6)
        watcher.run_finished("sgd", run(4, 14, "sgd"))
        bar.goes_on(3)  # there are two
    assert "run 2/2" in stream.getvalue() and "run 3" not in stream.getvalue()


def test_every_drawing_says_what_begins() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Drawing()  # type: ignore[abstract]


def on_a_terminal(code: str, folder: Path) -> str:
    """Return what a Python that runs `code` writes to a stderr that is a terminal."""
    (folder / "small.sn").write_text(SMALL)
    ours, theirs = pty.openpty()
    done = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=folder,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:  # the other side is closed
            break
        if not chunk:
            break
        shown += chunk
    os.close(ours)
    assert done.wait() == 0, shown
    return shown.decode()


TRAIN = """
import numpy as np, sn
from sn.data.rows import TargetKind
part = sn.data.Part(np.eye(4, dtype=np.float32), np.array([0, 1, 0, 1]))
data = sn.data.Dataset("four", "", {{"train": part}}, TargetKind.CLASSES, ("a", "b"), (4,), "0")
sn.load("small.sn").experiment().train(data=data, reference=True{more})
"""


def test_python_on_a_terminal_shows_a_bar(tmp_path: Path) -> None:
    shown = on_a_terminal(TRAIN.format(more=""), tmp_path)
    assert "pass 3/3" in shown and "100 %" in shown
    assert "\x1b[?25h" in shown  # and the cursor is back


def test_a_quiet_run_says_nothing_on_a_terminal(tmp_path: Path) -> None:
    assert on_a_terminal(TRAIN.format(more=", progress=False"), tmp_path) == ""


def test_a_script_in_a_pipe_says_nothing_and_imports_no_rich(tmp_path: Path) -> None:
    (tmp_path / "small.sn").write_text(SMALL)
    code = TRAIN.format(more="") + "import sys; print('rich' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("False\n", "")
