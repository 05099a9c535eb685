"""SN Lisp in the cells of a notebook: what they share, show and tell."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import sn
from sn.net.layer import Network
from sn.notebook import Picture, begin, cells, session
from sn.notebook.cells import _Open
from sn.notebook.magics import CellError
from sn.results.record import RunRecord
from sn.trained.net import TrainedNet

NET = "(defnet small (layer in (2)) (layer out (1)) (connect in out (full)))\n"
EXPERIMENT = """
(experiment small (data (patterns '((0 1) (1 0)) '((1) (-1))))
  (optimizer sgd (sgd (learning-rate 0.1))) (optimizer slow (sgd (learning-rate 0.01)))
  (passes 3))
"""


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A shell of IPython that has the extension, with no cells yet, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    _Open.cells = None
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "sn")
    yield shell
    InteractiveShell.clear_instance()
    _Open.cells = None


def cell(shell: Any, text: str, options: str = "") -> Any:
    """Evaluate a cell; return what was printed and displayed."""
    with capture_output() as found:
        shell.run_cell_magic("sn", options, text)
    return found


def shown(shell: Any, text: str, options: str = "") -> dict[str, str]:
    """Return what a cell displays, which is one thing, by kind."""
    (one,) = cell(shell, text, options).outputs
    data: dict[str, str] = one.data
    return data


# --- cells ---


def test_cells_are_one_program(shell: Any) -> None:
    assert cell(shell, "(setq x 3) (de twice (n) (* 2 n))", "--quiet").outputs == []
    assert shown(shell, "(twice x)")["text/plain"] == "6"
    assert session() is cells().session
    assert session().evaluate("x") == 3


def test_what_is_printed_is_text(shell: Any) -> None:
    found = cell(shell, '(print "one") (printf "two\\n") ()')
    assert found.stdout == '"one"\ntwo\n' and found.outputs == []


def test_the_windows_that_a_cell_draws_into_are_shown_below_it(shell: Any) -> None:
    first = '(setq a (new-window 40 30 "a")) (draw-line 0 0 9 9) (new-window "b") ()'
    data = shown(shell, first)
    assert "M0 0L9 9" in data["image/svg+xml"] and "<title>a</title>" in data["image/svg+xml"]
    assert cell(shell, "(print 3) ()").outputs == []
    assert "M0 0L9 9L8 1" in shown(shell, "(setq window a) (draw-line 9 9 8 1) ()")["image/svg+xml"]
    with capture_output() as found, pytest.raises(CellError):
        shell.run_cell_magic("sn", "", "(draw-line 9 9 7 7) (car 5)")
    assert len(found.outputs) == 1


def test_a_net_is_a_table(shell: Any) -> None:
    data = shown(shell, NET)
    assert "<table>" in data["text/html"] and "net small: in 2, out 1" in data["text/plain"]
    assert shown(shell, "'small") == data


def test_an_experiment_is_a_table_of_its_optimizers(shell: Any) -> None:
    data = shown(shell, NET + EXPERIMENT)
    assert "slow" in data["text/html"] and "learning_rate=0.01" in data["text/html"]
    assert data["text/plain"] == "<experiment small: 3 passes of sgd, slow>"


def test_a_small_matrix_is_a_table_and_a_large_one_a_picture(shell: Any) -> None:
    assert "<td" in shown(shell, "(matrix 2 3)")["text/html"]
    assert "<img" in shown(shell, "(matrix 20 30)")["text/html"]


@pytest.mark.kernels
def test_run_trains_and_shows_the_record(shell: Any) -> None:
    data = shown(shell, NET + EXPERIMENT, "--run --as record --passes 4 --seed 2 --optimizer slow")
    assert "<svg" in data["text/html"] and "4 passes of slow" in data["text/plain"]
    record = shell.user_ns["record"]
    assert isinstance(record, RunRecord)
    assert (record.n_passes, record.seed, record.optimizer, record.folder) == (4, 2, "slow", None)


@pytest.mark.kernels
def test_a_run_may_be_kept_and_opened(shell: Any) -> None:
    cell(shell, NET + EXPERIMENT, "--run --out kept --quiet")
    assert (Path("kept") / "run.json").is_file()
    text = (Path("kept") / "source.sn").read_text()
    assert text == NET + EXPERIMENT
    net = shell.run_line_magic("sn", '(open-net "kept")')
    assert isinstance(net, TrainedNet)
    assert sn.open("kept").predict(np.zeros((1, 2))).shape == (1, 1)


def test_new_forgets_what_was_before(shell: Any) -> None:
    cell(shell, NET + "(setq x 3)")
    assert shown(shell, "(setq y 4)", "--new")["text/plain"] == "4"
    assert not cells().program.networks and cells().program.source == "(setq y 4)"
    with pytest.raises(CellError, match="x"):
        cell(shell, "(+ x 1)")


# --- values for Python ---


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("(+ 1 2)", 3),
        ('"a"', "a"),
        ("()", None),
        ('\'(1 (2 "b") ())', [1, [2, "b"], None]),
    ],
)
def test_python_gets_values(shell: Any, text: str, value: Any) -> None:
    assert shell.run_line_magic("sn", text) == value


def test_python_gets_arrays_of_its_own_and_nets(shell: Any) -> None:
    cell(shell, "(setq m (matrix 2 2)) (m 0 1 5)")
    found = shell.run_line_magic("sn", "m")
    assert found.tolist() == [[0, 5], [0, 0]]
    found[0, 0] = 9
    assert shell.run_line_magic("sn", "(m 0 0)") == 0
    cell(shell, NET)
    assert isinstance(shell.run_line_magic("sn", "'small"), Network)


def test_lists_without_an_end_end(shell: Any) -> None:
    ring = shell.run_line_magic("sn", "(progn (setq r (list 1 2)) (rplacd (cdr r) r) r)")
    assert not isinstance(ring, list)
    twice = "(progn (setq x (list 1)) (for (i 1 60) (setq x (list x x))) x)"
    found = shell.run_line_magic("sn", twice)
    assert found[0] is found[1], "converted once"


# --- errors ---


def test_an_error_is_told_with_its_place_and_no_trace(shell: Any) -> None:
    shell.user_ns["In"] = [""] * 8
    with pytest.raises(CellError) as found:
        cell(shell, "(setq x 1)\n(connect a b (full))")
    text = "\n".join(found.value._render_traceback_())
    assert text.startswith("In[7]:2:")
    assert "   2 | (connect a b (full))" in text and "^" in text and "Traceback" not in text
    assert session().evaluate("x") == 1, "what came before stays"


def test_an_error_in_an_earlier_cell_is_shown_there(shell: Any) -> None:
    shell.user_ns["In"] = ["", "one"]
    cell(shell, "(de f (x)\n  (car x))")
    shell.user_ns["In"] = ["", "one", "two"]
    with pytest.raises(CellError) as found:
        cell(shell, "(f 5)")
    assert "In[1]:2:" in str(found.value) and "(car x)" in str(found.value)


def test_an_error_of_a_run_shows_the_cell_of_the_experiment(shell: Any) -> None:
    shell.user_ns["In"] = ["", "one"]
    cell(shell, NET + EXPERIMENT)
    shell.user_ns["In"] = ["", "one", "two"]
    with pytest.raises(CellError) as found:
        shell.run_line_magic("sn", "--run --optimizer slwo")
    text = str(found.value)
    assert text.startswith("In[1]:3:1: error: experiment small has no optimizer 'slwo'")
    assert "(experiment small" in text and "did you mean 'slow'?" in text


def test_a_run_without_an_experiment_is_told(shell: Any) -> None:
    with pytest.raises(CellError, match="describes no network"):
        cell(shell, "(setq x 1)", "--run")


def test_cells_write_only_where_they_may(shell: Any) -> None:
    cell(shell, '(writing "out.txt" (print 1))')
    assert not Path("out.txt").exists(), "it is kept in memory"
    with pytest.raises(CellError, match="may not"):
        cell(shell, f'(writing "{Path.cwd().parent}/out.txt" (print 1))')
    begin(allow=sn.Allow(write=["."]))
    cell(shell, '(writing "out.txt" (print 1))')
    assert Path("out.txt").is_file()


# --- pictures ---


def pixels(page: str) -> np.ndarray[Any, Any]:
    """Return the pixels of the PNG of a page, (rows, columns, 2) of grey and opacity."""
    content = base64.b64decode(page.partition("base64,")[2].partition('"')[0])
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    columns, rows, bits, kind = struct.unpack(">IIBB", content[16:26])
    assert (bits, kind) == (8, 4)
    size = struct.unpack(">I", content[33:37])[0]
    lines = zlib.decompress(content[41 : 41 + size])
    found = np.frombuffer(lines, np.uint8).reshape(rows, 1 + 2 * columns)
    assert not found[:, 0].any()
    return found[:, 1:].reshape(rows, columns, 2)


def test_a_picture_is_black_at_the_least_and_white_at_the_largest() -> None:
    page = Picture([[0, 5], [10, 2.5]], "some")._repr_html_()
    assert pixels(page)[:, :, 0].tolist() == [[0, 128], [255, 64]]
    assert "some: black 0, white 10" in page


def test_images_lie_side_by_side_with_a_gap() -> None:
    found = pixels(Picture(np.arange(12.0).reshape(3, 2, 2), columns=2)._repr_html_())
    assert found.shape == (5, 5, 2)
    assert not found[2, :, 1].any() and not found[:, 2, 1].any(), "gaps are clear"
    assert not found[3:, 3:, 1].any(), "there is no fourth"
    assert found[0, 0, 1] == 255


def test_numbers_that_are_none_have_a_grey() -> None:
    found = pixels(Picture([[0, 1], [np.nan, np.inf]])._repr_html_())
    assert found[1, 0, 0] == 128 and found[1, 1, 0] == 255
    assert "picture" in Picture(np.zeros((0, 3)))._repr_html_()
    assert pixels(Picture([3, 3])._repr_html_())[:, :, 0].tolist() == [[0, 0]]


def test_a_title_is_text() -> None:
    page = Picture([[1, 2]], '<script>"\n')._repr_html_()
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_pillow_reads_it(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    page = Picture([[0, 5], [10, 2.5]])._repr_html_()
    file = tmp_path / "a.png"
    file.write_bytes(base64.b64decode(page.partition("base64,")[2].partition('"')[0]))
    with image.open(file) as opened:
        assert opened.mode == "LA" and opened.getpixel((0, 1)) == (255, 255)
