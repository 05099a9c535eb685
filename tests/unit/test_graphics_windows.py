"""Windows: what is in them, what is forgotten, and the files they become."""

from __future__ import annotations

import io
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sn.commands import main
from sn.describe import new_interpreter
from sn.errors import SnError
from sn.graphics import Screen
from sn.graphics import screen as screens
from sn.graphics.hiding import hidden
from sn.graphics.picture import pictures_of
from sn.graphics.shapes import Box, Letters, Line
from sn.interp import Interpreter
from sn.lisp.calls import builtins
from sn.session import Session
from sn.svg import number

SVG = "{http://www.w3.org/2000/svg}"


def run(program: str) -> Interpreter:
    it = new_interpreter(out=io.StringIO())
    it.run(program, "drawing.sn")
    return it


def screen(program: str) -> Screen:
    found: Screen = run(program).screen
    return found


def drawn(program: str) -> ElementTree.Element:
    """The picture of the only window of a program, parsed."""
    (figure,) = pictures_of(screen(program)).values()
    return ElementTree.fromstring(figure.svg)


def texts(picture: ElementTree.Element) -> list[str]:
    return [one.text or "" for one in picture.iter(f"{SVG}text")]


# --- what is in a window ---


def test_a_picture_has_the_pixels_of_its_window() -> None:
    picture = drawn('(new-window 300 200 "w") (draw-line 1 2 30 40)')
    assert (picture.get("width"), picture.get("height")) == ("300", "200")
    assert picture.get("viewBox") == "0 0 300 200"
    assert [one.get("d") for one in picture.iter(f"{SVG}path")] == ["M1 2L30 40"]


def test_new_window_takes_place_size_and_name_in_any_measure() -> None:
    windows = screen('(new-window) (new-window "a") (new-window 10 20) (new-window 1 2 30 40 "b")')
    found = [(one.name, one.width, one.height) for one in windows.windows]
    expected = [("window 1", 512, 512), ("a", 512, 512), ("window 3", 10, 20), ("b", 30, 40)]
    assert found == expected


@pytest.mark.parametrize("size", ["0 10", "10 0", "-5 10", "10 1e9"])
def test_a_window_has_a_size_that_a_picture_can_have(size: str) -> None:
    with pytest.raises(SnError, match="from 1 to 10,000 pixels"):
        run(f"(new-window {size})")


@pytest.mark.parametrize("place", ["1", "1 2 3", "'a", '"a" 1 2', "1 2 'b"])
def test_new_window_says_what_it_takes(place: str) -> None:
    with pytest.raises(SnError, match="new-window needs"):
        run(f"(new-window {place})")


def test_drawing_goes_to_the_window_of_the_variable() -> None:
    it = run(
        '(setq a (new-window "a")) (setq b (new-window "b"))'
        "(let ((window a)) (draw-line 0 0 1 1)) (draw-line 0 0 2 2) (draw-line 0 0 3 3)"
    )
    assert [len(one.marks) for one in it.screen.windows] == [1, 2]


def test_a_first_line_opens_a_window_and_further_ones_use_it() -> None:
    windows = screen("(draw-line 0 0 1 1) (let ((window ())) (draw-line 0 0 2 2))").windows
    assert [len(one.marks) for one in windows] == [2]


def test_cls_clears_the_window() -> None:
    it = run('(new-window) (draw-line 0 0 1 1) (gprintf 5 5 "a") (cls)')
    assert not it.screen.windows[0].marks
    assert it.screen.left == screens.MOST


def test_what_is_drawn_again_takes_the_place_of_what_it_hides() -> None:
    picture = drawn(
        '(new-window 100 100) (for (i 1 50) (gprintf 10 20 "age=%d" i) (draw-line 0 0 9 9))'
        "(draw-list 10 30 '(1 2) 2 2 10 8) (draw-list 10 30 '(2 -2) 2 2 10 8)"
    )
    assert texts(picture) == ["age=50"]
    paths = [(one.get("fill"), one.get("d")) for one in picture.iter(f"{SVG}path")]
    assert paths == [
        ("none", "M0 0L9 9"),
        ("#aaaaaa", "M10 30h20v10h-20z"),
        ("#000000", "M21 31h8v8h-8z"),
        ("#ffffff", "M11 31h8v8h-8z"),
    ]


def test_a_rectangle_as_large_as_the_window_clears_it() -> None:
    (window,) = screen("(new-window 50 40) (draw-line 0 0 1 1) (fill-rect 0 0 50 40)").windows
    assert [shape for shape, _ in window.marks.values()] == [Box(0, 0, 50, 40)]
    clipped = "(new-window 50 40) (draw-line 0 0 1 1) (clip 0 0 5 5) (fill-rect 0 0 50 40)"
    (window,) = screen(clipped).windows
    assert len(window.marks) == 2


def test_texts_of_programs_stay_texts() -> None:
    name = "</title><script>alert(1)</script>"
    picture = drawn(f'(new-window 90 90 "{name}") (draw-text 1 9 "<b>&\\"]]>")')
    assert texts(picture) == ['<b>&"]]>']
    title = picture.find(f"{SVG}title")
    assert title is not None and title.text == name
    assert not list(picture.iter(f"{SVG}script"))


def test_a_text_of_several_lines_is_written_in_lines() -> None:
    (window,) = screen('(new-window) (font "Times-Bold-10") (draw-text 5 20 "a\\n\\nb")').windows
    marks = [shape for shape, _ in window.marks.values()]
    assert [(one.y, one.text) for one in marks if type(one) is Letters] == [(20, "a"), (44, "b")]


def test_coordinates_without_an_end_draw_nothing_and_stop_nothing() -> None:
    it = run("(new-window)")
    it.set_global("x", float("nan"))
    it.set_global("y", float("inf"))
    it.run(
        '(draw-line x 0 1 1) (draw-rect 0 y 1 1) (fill-circle 0 0 x) (draw-text x 0 "a")'
        "(fill-polygon 0 0 1 1 x 2) (draw-list 0 y '(1) 1 1 1 1) (setup-axes 0 0 1 1)"
        "(plt-draw 0 0) (plt-draw x 0.5) (plt-draw 1 y) (plt-plot x x)"
        "(plot-lists (list 0 x 1) (list 0 0.5 1)) (nice-brect (list 0 x y 1)) (nice-brect x y x y)"
        "(new-plot-port (list x y 1 2) (list y x x y) ())"
    )
    shapes = {type(shape) for shape, _ in it.screen.windows[0].marks.values()}
    assert shapes == {Line, Letters}  # the axes


def test_far_coordinates_are_nearer() -> None:
    picture = drawn("(new-window 10 10) (draw-line 0 0 1e300 -1e300)")
    (path,) = picture.iter(f"{SVG}path")
    assert path.get("d") == "M0 0L1000000 -1000000"


# --- limits ---


def test_no_more_marks_are_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screens, "MOST", 10)
    windows = screen('(new-window "w") (for (i 1 25) (draw-line 0 0 i i)) (draw-line 0 0 3 3)')
    assert len(windows.windows[0].marks) == 10
    assert windows.notes == [
        "window 'w' lacks 15 marks: all windows together hold 10, until (cls) clears one"
    ]
    told = pictures_of(windows)["w"].description
    assert told.endswith("with 10 marks, 15 marks more left out.")


def test_a_large_diagram_counts_as_many_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screens, "MOST", 10)
    windows = screen("(new-window) (gray-draw-matrix 0 0 (matrix 10 10) 0 1) (draw-line 0 0 1 1)")
    assert [type(shape) for shape, _ in windows.windows[0].marks.values()] == [Line]
    assert windows.windows[0].lost == 1


@pytest.mark.parametrize(
    "cover", ["(fill-rect 10 10 40 40)", "(draw-list 10 10 '(0 0 0 0) 2 1 20 9)"]
)
def test_a_full_window_forgets_what_is_painted_over(
    cover: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each round draws at other places, below the rectangle that begins the next round."""
    monkeypatch.setattr(screens, "MOST", 40)
    windows = screen(
        f"(new-window) (draw-line 0 0 99 99) (for (i 1 20) {cover}"
        '(for (j 1 4) (draw-line 20 20 (+ 20 i) (+ 20 j)) (gprintf (+ 20 (/ i 9)) 30 "a")))'
    )
    (window,) = windows.windows
    assert window.lost == 0
    shapes = [shape for shape, _ in window.marks.values()]
    assert Line(0, 0, 99, 99) in shapes
    assert Line(20, 20, 40, 24) in shapes
    left = screens.MOST - sum(shape.cost for shape in shapes)
    assert windows.left == left


@pytest.mark.parametrize(
    ("mark", "is_hidden"),
    [
        ("(draw-line 12 12 48 48)", True),
        ("(draw-line 12 12 50 48)", False),  # its edge is seen
        ("(draw-rect 12 12 30 30)", True),
        ("(fill-rect 10 10 40 40.5)", False),
        ("(draw-circle 30 30 18)", True),
        ("(fill-circle 30 30 20)", False),
        ("(fill-polygon 10 10 50 10 30 50)", True),
        ("(fill-polygon 10 9 50 10 30 50)", False),
        ('(draw-text 28 40 "a")', True),
        ('(draw-text 45 40 "a")', False),
        ("(draw-value 30 30 1 1 30)", True),
        ("(draw-value 30 30 1 1 42)", False),
        ("(draw-list 10 10 '(1 1) 2 1 20 20)", True),
        ("(gray-draw-matrix 10 10 [1 2] 0 1 20 40)", True),
        ("(gray-draw-matrix 10 10 [1 2] 0 1 20.5 40)", False),
    ],
)
def test_a_mark_is_hidden_where_nothing_of_it_is_seen(mark: str, is_hidden: bool) -> None:
    (window,) = screen(f"(new-window) {mark} (draw-line 0 0 1 1) (fill-rect 10 10 40 40)").windows
    first = next(iter(window.marks))
    assert (hidden(window.marks) == [first]) is is_hidden


@pytest.mark.parametrize(
    "cover",
    [
        "(draw-rect 0 0 99 99)",
        "(fill-circle 20 20 99)",
        "(gray-draw-list 0 0 '(1 () 1) 3 0 1 99)",
        "(gray-draw-list 0 0 '(1 1 1) 2 0 1 99)",
        "(clip 0 0 9 9) (fill-rect 0 0 99 99)",
        "(draw-value 20 20 1 1 99)",
    ],
)
def test_what_can_be_seen_through_hides_nothing(cover: str) -> None:
    (window,) = screen(f"(new-window) (draw-line 1 1 5 5) {cover}").windows
    assert hidden(window.marks) == []


@pytest.mark.parametrize(
    "call",
    [
        "(gray-draw-matrix 0 0 (bmatrix 30000 30000) 0 1)",
        "(draw-list 0 0 (bmatrix 30000 30000) 9 1 1 1)",
        "(draw-list 0 0 l 9 1 1 1)",
        "(fill-polygon l)",
    ],
)
def test_more_numbers_than_there_is_room_for_take_neither_memory_nor_time(call: str) -> None:
    """Of a matrix of 900 MB, and of a list of 2^60 numbers in 60 cells."""
    windows = screen(f"(setq l '(1 1)) (repeat 60 (setq l (list l l))) (new-window) {call}")
    assert windows.windows[0].lost == 1
    assert not windows.windows[0].marks


def test_windows_beyond_the_limit_keep_nothing() -> None:
    most = screens.MOST_WINDOWS
    windows = screen(f"(repeat {most + 5} (new-window 10 10) (draw-line 0 0 1 1))")
    assert len(windows.windows) == most
    assert windows.notes == [f"5 windows beyond the first {most} left no picture"]


def test_a_long_loop_of_drawing_keeps_to_its_limit() -> None:
    windows = screen("(new-window) (for (i 1 1000) (draw-line 0 0 (mod i 10) 5))")
    assert len(windows.windows[0].marks) == 10
    assert windows.left == screens.MOST - 10


# --- files ---


def test_a_run_leaves_a_file_for_each_window(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "draw.sn"
    program.write_text(
        '(new-window 40 30 "a/b c") (draw-line 0 0 9 9) (new-window "A_b-c") (draw-line 0 0 8 8)'
        '(new-window "empty") (print 3)',
        encoding="utf-8",
    )
    out = tmp_path / "run"
    assert main(["run", str(program), "--out", str(out)]) == 0
    folder = out / "files" / "windows"
    assert sorted(one.name for one in folder.iterdir()) == ["A_b-c-2.svg", "a_b-c.svg"]
    assert "M0 0L9 9" in (folder / "a_b-c.svg").read_text(encoding="utf-8")
    told = " ".join(capsys.readouterr().out.split())
    assert told.startswith("3 windows ") and "a_b-c.svg, A_b-c-2.svg" in told
    assert "files " not in told.replace(str(folder), "")


def test_a_program_without_windows_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    program = tmp_path / "plain.sn"
    program.write_text("(print (+ 1 2))", encoding="utf-8")
    assert main(["run", str(program)]) == 0
    assert capsys.readouterr().out == "3\n"
    assert [one.name for one in tmp_path.iterdir()] == ["plain.sn"]


@pytest.mark.parametrize("option", [["--headless", "none"], ["--no-folder"]])
def test_all_words_work_where_nothing_is_drawn(
    option: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    program = tmp_path / "draw.sn"
    program.write_text(
        "(setq w (new-window 40 30))"
        "(graphics-batch (draw-line 0 0 9 9) (draw-list 0 0 '(1) 1 1 9 9))"
        "(setup-axes 0 0 1 1) (plot-lists '(0 1) '(0 1)) (print (xsize) (null w))",
        encoding="utf-8",
    )
    assert main(["run", str(program), *option]) == 0
    assert capsys.readouterr().out == "40 ()\n"
    assert [one.name for one in tmp_path.iterdir()] == ["draw.sn"]


def test_what_a_failing_program_drew_is_saved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "draw.sn"
    program.write_text('(new-window "w") (draw-line 0 0 9 9) (car 5)', encoding="utf-8")
    assert main(["run", str(program), "--out", str(tmp_path / "run")]) == 1
    assert (tmp_path / "run/files/windows/w.svg").exists()
    assert "car needs a list" in capsys.readouterr().err


def test_what_was_drawn_is_saved_when_the_program_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ctrl_c() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(builtins.get("beep"), "function", ctrl_c)
    program = tmp_path / "draw.sn"
    program.write_text('(new-window "w") (while t (draw-line 0 0 9 9) (beep))', encoding="utf-8")
    out = tmp_path / "run"
    assert main(["run", str(program), "--out", str(out)]) == 130
    assert (out / "files/windows/w.svg").exists()


def test_windows_are_saved_in_the_run_wherever_the_program_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not where names to write start, in a folder that is opened for the program: it may be full
    of pictures of somebody.
    """
    monkeypatch.chdir(tmp_path)
    (tmp_path / "draw.sn").write_text('(new-window "w") (draw-line 0 0 9 9)', encoding="utf-8")
    assert main(["run", "draw.sn", "--allow-write", "."]) == 0
    assert [one.name for one in tmp_path.glob("*")] in (["draw.sn", "runs"], ["runs", "draw.sn"])
    assert [one.name for one in tmp_path.glob("runs/*/files/windows/*")] == ["w.svg"]


def test_a_window_is_saved_in_between(tmp_path: Path) -> None:
    program = tmp_path / "draw.sn"
    program.write_text(
        '(new-window "w") (for (i 1 2) (cls) (draw-line 0 0 i i)'
        '(save-window (sprintf "frames/%d.svg" i)))',
        encoding="utf-8",
    )
    assert main(["run", str(program), "--out", str(tmp_path / "run")]) == 0
    frames = tmp_path / "run/files/frames"
    assert sorted(one.name for one in frames.iterdir()) == ["1.svg", "2.svg"]
    assert "M0 0L1 1" in (frames / "1.svg").read_text(encoding="utf-8")


def test_a_window_is_saved_only_where_the_program_may_write(tmp_path: Path) -> None:
    with pytest.raises(SnError, match="may not write"):
        run(f'(new-window) (save-window "{tmp_path}/a.svg")')
    with pytest.raises(SnError, match="the name of a file .svg or .png"):
        run('(new-window) (save-window "a.gif")')


def test_png_is_made_when_it_is_asked_for(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py")
    program = tmp_path / "draw.sn"
    program.write_text('(new-window 40 30 "w") (fill-rect 0 0 40 30)', encoding="utf-8")
    assert main(["run", str(program), "--out", str(tmp_path / "run"), "--headless", "png"]) == 0
    content = (tmp_path / "run/files/windows/w.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert [int.from_bytes(content[at : at + 4], "big") for at in (16, 20)] == [80, 60]


def test_png_without_its_library_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "resvg_py", None)
    program = tmp_path / "draw.sn"
    program.write_text("(print 1) (draw-line 0 0 9 9)", encoding="utf-8")
    assert main(["run", str(program), "--headless", "png"]) == 1
    told = capsys.readouterr()
    assert told.out == ""  # before the program works for hours
    assert "pip install 'sn[draw]'" in told.err


def test_a_file_that_cannot_be_written_is_told_and_no_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "draw.sn"
    program.write_text('(new-window "w") (draw-line 0 0 9 9) (print 1)', encoding="utf-8")
    (tmp_path / "run/files/windows/w.svg").mkdir(parents=True)
    assert main(["run", str(program), "--out", str(tmp_path / "run")]) == 0
    told = capsys.readouterr()
    assert told.out == "1\n"
    assert "window 'w' is not saved: cannot write" in told.err


def test_python_reads_the_pictures_of_a_program(tmp_path: Path) -> None:
    program = tmp_path / "draw.sn"
    program.write_text(
        '(new-window 40 30 "w") (draw-line 0 0 9 9) (new-window "w") (draw-line 0 0 8 8)',
        encoding="utf-8",
    )
    pictures = Session().load(program).pictures
    assert list(pictures) == ["w", "w 2"]
    pictures["w"].save(tmp_path / "w.svg")
    assert "M0 0L9 9" in (tmp_path / "w.svg").read_text(encoding="utf-8")
    assert number(pictures["w"].width) == "40"


def test_the_same_program_gives_the_same_bytes() -> None:
    program = '(new-window "w") (setup-axes 0 0 1 1) (plot-lists (range 0 1 0.1) (range 0 1 0.1))'
    first, second = (pictures_of(screen(program))["w"].svg for _ in range(2))
    assert first == second
