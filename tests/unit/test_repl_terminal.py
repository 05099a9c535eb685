"""`sn repl` on a terminal, driven by keys: what a person sees who trains, stops and goes on."""

from __future__ import annotations

import random
import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.scripted import CTRL_C, CTRL_D, ENTER, ESCAPE, TAB, UP, Typed

REPL = [sys.executable, str(Path(__file__).resolve().parents[2] / "cli.py"), "repl"]
# a table of maps with two rows, and four patterns that a few presentations cannot learn
NET = """
(setq table '((0) (1)))
(defnet small
  (layer in (2 4 4)) (layer maps (2 2 2)) (layer out (2))
  (connect in maps (conv (kernel 2 2) (stride 2 2) (maps table)))
  (connect maps out (full)))
(setq bits (mapcar (lambda (i) (range i (+ i 31))) '(0 1 2 3)))
(experiment small (data (patterns bits '((1 -1) (-1 1) (1 1) (-1 -1))))
  (init (uniform 0.1))
  (optimizer sgd (sgd (learning-rate 1e-9))) (passes 2000000))
"""


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The environment of a user who has a history of their own."""
    return {"XDG_STATE_HOME": str(tmp_path / "state"), "HOME": str(tmp_path)}


def begun(
    folder: Path, home: Mapping[str, str], *words: str, size: tuple[int, int] = (80, 24)
) -> Typed:
    """Start a prompt and wait for it."""
    typed = Typed([*REPL, *words], folder, home, size)
    typed.wait("SN ", is_asking=True)
    return typed


# --- reading ---


def test_values_are_shown_and_kept(tmp_path: Path, home: dict[str, str]) -> None:
    with begun(tmp_path, home) as typed:
        typed.ask("(+ 1 2)", "= 3")
        typed.ask("(list *1 *1)", "= (3 3)")
        typed.ask("(list *1 *2)", "= ((3 3) 3)")
        assert "= ()" not in typed.ask("(print 5)", "5").replace("= 5", "")
        typed.press(CTRL_D)
        assert typed.end() == 0


def test_a_form_goes_on_until_it_is_whole(tmp_path: Path, home: dict[str, str]) -> None:
    with begun(tmp_path, home) as typed:
        typed.press("(de twice (x)", ENTER, "(* 2 x) ; it is", ENTER, ")", ENTER)
        # below the form by two columns, and two of the prompt
        typed.wait("? (de twice (x)\n    (* 2 x) ; it is\n    )\n= twice", is_asking=True)
        typed.ask("(twice 21)", "= 42")
        typed.press('(print "a', "\\", ENTER, 'b")', ENTER)
        typed.wait('"ab"', is_asking=True)


def test_a_line_more_where_the_form_is_whole(tmp_path: Path, home: dict[str, str]) -> None:
    with begun(tmp_path, home) as typed:
        typed.press("(+ 1 1)", ESCAPE + ENTER, "(+ 2 2)", ENTER)
        assert "= 2\n= 4" in typed.wait("= 4", is_asking=True)


def test_a_program_reads_what_is_typed_behind_it(tmp_path: Path, home: dict[str, str]) -> None:
    with begun(tmp_path, home) as typed:
        typed.press("(list (print 'here) (read) (read))", ENTER)
        typed.wait("\nhere")
        typed.press("(a b) 3", ENTER)
        typed.wait("= (here (a b) 3)", is_asking=True)


# --- errors ---


def test_an_error_leaves_the_session_as_it_was(tmp_path: Path, home: dict[str, str]) -> None:
    with begun(tmp_path, home) as typed:
        typed.ask("(setq kept 7)", "= 7")
        seen = typed.ask("(car kept)", "error")
        assert re.search(
            r"<repl>:2:6: error\[SN0203\]: car needs a list, found the number 7\n"
            r"   2 \| \(car kept\)\n     \|      \^\^\^\^\n",
            seen,
        )
        typed.ask("(error-form)", "= (car kept)")
        typed.ask("*e", "= ::ERROR:car needs a list, found the number 7")
        typed.ask("kept", "= 7")


# --- Ctrl-C and Ctrl-D ---


def test_ctrl_c_ends_an_evaluation_and_no_more(tmp_path: Path, home: dict[str, str]) -> None:
    with begun(tmp_path, home) as typed:
        typed.ask("(setq n 0)", "= 0")
        typed.press("(progn (print 'on) (while t (incr n)))", ENTER)
        typed.wait("\non")
        for _ in range(3):  # somebody who is in a hurry
            typed.press(CTRL_C)
        typed.wait("interrupted", is_asking=True)
        typed.ask("(>= n 0)", "= t")


def test_ctrl_c_drops_what_is_being_typed(tmp_path: Path, home: dict[str, str]) -> None:
    with begun(tmp_path, home) as typed:
        typed.press("(car", CTRL_C)
        typed.wait(is_asking=True)
        typed.ask("1", "= 1")
        assert typed.process.poll() is None


# --- help ---


def test_help_and_its_macro_character_tell_of_a_word(tmp_path: Path, home: dict[str, str]) -> None:
    with begun(tmp_path, home) as typed:
        by_name = typed.ask("(help 'cdr)", "cdr: function")
        by_sign = typed.ask("^Acdr", "cdr: function")
        assert by_name.split("\n")[1:] == by_sign.split("\n")[1:]
        typed.ask("(help)", "(train)", "*1 *2 *3")
        typed.ask("(help 'mapcarr)", "SN has no word 'mapcarr'", "did you mean 'mapcar'")


# --- completion and history ---


def test_tab_completes_words_variables_layers_and_files(
    tmp_path: Path, home: dict[str, str]
) -> None:
    (tmp_path / "patterns.csv").write_text("1,2")
    with begun(tmp_path, home, "xor") as typed:
        typed.press("(net-conf", TAB)
        typed.wait("(net-confusion")
        typed.press(CTRL_C)
        typed.wait(is_asking=True)
        typed.ask("(setq remarkable 3)", "= 3")
        for typing, completed, end, value in (
            ("(print remark", "remarkable", ")", "= 3"),
            ("'hid", "hidden", "", "= hidden"),
            ('(print "patt', "patterns.csv", '")', '= "patterns.csv"'),
        ):
            typed.press(typing, TAB)
            typed.wait(completed)
            typed.press(end, ENTER)
            typed.wait(value, is_asking=True)


def test_what_was_typed_is_there_in_the_next_session(tmp_path: Path, home: dict[str, str]) -> None:
    with begun(tmp_path, home) as typed:
        typed.ask("(+ 20 3)", "= 23")
        typed.press("(list 1", ENTER, "2)", ENTER)
        typed.wait("= (1 2)", is_asking=True)
        typed.press(CTRL_D)
        typed.end()
    with begun(tmp_path, home) as typed:
        typed.press(UP)
        typed.wait("(list 1\n        2)")
        typed.press(ENTER)
        typed.wait("= (1 2)", is_asking=True)
        typed.press("(+", UP, ENTER)  # what begins so
        typed.wait("= 23", is_asking=True)


# --- programs ---


def test_a_file_that_fails_is_told_and_the_prompt_comes(
    tmp_path: Path, home: dict[str, str]
) -> None:
    (tmp_path / "bad.sn").write_text("(setq there 5)\n(car there)\n")
    with begun(tmp_path, home, "bad.sn") as typed:
        assert "bad.sn:2:6: error[SN0203]" in "\n".join(typed.lines)
        typed.ask("there", "= 5")
        typed.press("(exit 3)", ENTER)
        assert typed.end() == 3


def test_limits_hold_for_each_form(tmp_path: Path, home: dict[str, str]) -> None:
    with begun(tmp_path, home, "--time-limit", "1") as typed:
        typed.ask("(while t)", "stopped after 1 s, the limit of --time-limit")
        typed.ask("(while t)", "stopped after 1 s, the limit of --time-limit")
        typed.ask("(+ 1 1)", "= 2")
        typed.ask('(sys "ls")', "this program may not run commands")


# --- training ---


@pytest.mark.kernels
@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80", "120"])
def test_build_train_stop_look_change_and_go_on(
    tmp_path: Path, home: dict[str, str], size: tuple[int, int]
) -> None:
    (tmp_path / "small.sn").write_text(NET)
    with begun(tmp_path, home, "small.sn", size=size) as typed:
        typed.wait("experiment small: 2,000,000 passes of sgd; (train) trains it")
        typed.press("(train)", ENTER)
        typed.wait("small sgd  pass", "µs per presentation")  # the bar and the curve
        typed.press(CTRL_C)
        typed.wait("interrupted after ", "(train) goes on from there", is_asking=True)
        typed.ask("(length (net-weights (trained)))", "= 4")
        typed.ask("(layers)", "in -> maps", "conv")
        typed.ask("(rplaca (nthcdr 1 table) '(0))", "= ((0))")
        typed.ask("(rebuild)", "= small")
        # the kernel of the other row goes on, and the new pair of maps is fresh
        typed.ask("(train 20)", "from net small", "fresh: maps.weight (1 of 2", "20 passes of sgd")
        typed.press("(train)", ENTER)
        typed.wait("small sgd  pass")
        typed.press(CTRL_C)
        typed.wait("interrupted after ", is_asking=True)
        typed.press(CTRL_D)
        assert typed.end() == 0


@pytest.mark.slow
@pytest.mark.kernels
@pytest.mark.parametrize("seed", [1, 2])
def test_ctrl_c_at_any_moment_leads_back_to_the_prompt(
    tmp_path: Path, home: dict[str, str], seed: int
) -> None:
    """While libraries are imported, while kernels compile, in destructors, deep in recursion."""
    forms = [
        "(while t)",
        "(train)",
        "(rebuild) (train 100)",
        '(net-test (trained) "train")',
        "(net-train (trained) 100000)",
        "(layers)",
        '(load "small")',
        "(de f (x) (+ 1 (f x))) (f 1)",
        "(let ((x 2)) (while t (setq x (+ x 1))))",
        "(for (i 0 100000) (prin i))",
        "(length (range 1 3000000))",
        "(sort-list (range 1 200000) (lambda (a b) (> a b)))",
    ]
    (tmp_path / "small.sn").write_text(NET)
    chance = random.Random(seed)
    with begun(tmp_path, home, "small.sn") as typed:
        typed.ask("(setq x 1)", "= 1")
        for number in range(25):
            typed.press(chance.choice(forms), ENTER)
            time.sleep(0.02 + 0.8 * chance.random() ** 2)
            for _ in range(chance.choice([1, 1, 2, 3])):
                typed.press(CTRL_C)
                time.sleep(chance.random() / 4)
            typed.settle(CTRL_C)
            assert f"= ({number} 1)" in typed.ask(f"(list {number} x)", f"= ({number} 1)")
            shown = "\n".join(typed.lines)
            assert "Traceback" not in shown and "internal error" not in shown, shown[-2000:]
