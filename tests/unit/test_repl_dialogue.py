"""A session that is talked to: values, errors that leave it alive, and what it knows of itself."""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from sn.commands import main
from sn.errors import ProgramExit, render
from sn.lisp.calls import Builtin
from sn.lisp.gate import Allow
from sn.repl import words
from sn.repl.dialogue import Dialogue
from sn.repl.pipe import read_all
from sn.session import Session
from sn.train.observer import Observer
from tests.listening import Listener


@contextlib.contextmanager
def nobody() -> Iterator[Sequence[Observer]]:
    yield ()


@pytest.fixture
def dialogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dialogue]:
    monkeypatch.chdir(tmp_path)
    one = Dialogue(Session(), Listener(), nobody, is_kept=False)
    yield one
    one.close()


def told(dialogue: Dialogue) -> Listener:
    person = dialogue.person
    assert isinstance(person, Listener)
    return person


def answer(dialogue: Dialogue, capsys: pytest.CaptureFixture[str], text: str) -> str:
    """Return what is printed for a text."""
    capsys.readouterr()
    dialogue.answer(text)
    return capsys.readouterr().out


# --- values ---


def test_each_form_gets_its_value(dialogue: Dialogue, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(dialogue, capsys, "1 (+ 1 1) 'a") == "= 1\n= 2\n= a\n"
    assert answer(dialogue, capsys, "(list *1 *2 *3)") == "= (a 2 1)\n"
    assert answer(dialogue, capsys, "result") == "= (a 2 1)\n"


def test_nothing_is_shown_as_such_unless_something_was_printed(
    dialogue: Dialogue, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer(dialogue, capsys, "()") == "= ()\n"
    assert answer(dialogue, capsys, '(printf "one") ()') == "one\n= ()\n"
    assert answer(dialogue, capsys, '(progn (printf "one") ())') == "one\n"


def test_a_long_value_is_cut_and_a_ring_is_an_error(
    dialogue: Dialogue, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = answer(dialogue, capsys, "(range 1 100000)")
    assert shown.startswith("= (1 2 3 ") and shown.endswith("...\n") and len(shown) < 6000
    assert dialogue.answer("(let ((l '(1))) (rplacd l l))") is False
    assert "contains itself" in told(dialogue).errors[-1].message
    assert answer(dialogue, capsys, "2") == "= 2\n"


def test_what_a_terminal_would_obey_is_spelled_out(
    dialogue: Dialogue, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "\x1b" not in answer(dialogue, capsys, '(list "\\^[[2J")')


# --- errors ---


def test_errors_have_the_line_of_all_that_was_typed(dialogue: Dialogue) -> None:
    assert dialogue.answer("(de f (x)\n  (car x))")
    assert not dialogue.answer("(f 5)")
    (error,) = told(dialogue).errors
    assert str(error.span) == "<repl>:2:8"
    assert error.frames == ["(f ...) at <repl>:3:1"]
    assert "(car x))" in error.texts["<repl>"]


def test_an_error_can_be_looked_at(dialogue: Dialogue, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(dialogue, capsys, "(list *e (error-message) (error-values))") == "= (() () ())\n"
    dialogue.answer("(de f (x y) (let ((z 3)) (car y)))\n(f 1 2)")
    assert (
        answer(dialogue, capsys, "(error-message)") == '= "car needs a list, found the number 2"\n'
    )
    assert answer(dialogue, capsys, "(error-form)") == "= (car y)\n"
    assert answer(dialogue, capsys, "(error-hint)") == '= "the call form is (car list)"\n'
    assert answer(dialogue, capsys, "(error-place)") == '= ("<repl>" 2 31)\n'
    assert answer(dialogue, capsys, "(error-calls)") == '= ("(f ...) at <repl>:3:1")\n'
    values = answer(dialogue, capsys, "(error-values)")
    assert all(one in values for one in ("(x 1)", "(y 2)", "(z 3)"))
    assert answer(dialogue, capsys, "*e") == "= ::ERROR:car needs a list, found the number 2\n"
    assert answer(dialogue, capsys, "(setq first *e)").startswith("= ::ERROR:car")
    dialogue.answer("(cdr 7)")
    assert answer(dialogue, capsys, "(error-form first)") == "= (car y)\n"


def test_no_binding_is_left_behind(dialogue: Dialogue, capsys: pytest.CaptureFixture[str]) -> None:
    dialogue.answer("(setq x 1)")
    dialogue.answer("(let ((x 2)) (car x))")
    assert answer(dialogue, capsys, "x") == "= 1\n"


def test_what_follows_an_error_in_a_text_is_not_evaluated(dialogue: Dialogue) -> None:
    assert not dialogue.answer("(setq a 1) (car 5) (setq a 2)")
    assert dialogue.it.get_global("a") == 1


@pytest.mark.parametrize("text", ["(a, b)", "(a", ")) (car"])
def test_a_text_that_cannot_be_read_does_no_harm(
    dialogue: Dialogue, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    assert not dialogue.answer(text)
    assert answer(dialogue, capsys, "(+ 1 1)") == "= 2\n"


def test_a_text_that_cannot_be_read_spoils_no_hint(dialogue: Dialogue) -> None:
    assert dialogue.answer("(de f (x) (lambda (y) (+ x y)))")
    for text in ("(a, b)", "(open", "1 (a\n, b) 2"):
        assert not dialogue.answer(text)
    (first, *_, last) = told(dialogue).errors
    assert first.texts["<repl>"].endswith("(a, b)\n") and str(last.span) == "<repl>:5:1"
    assert not dialogue.answer("((f 1) 2)")
    error = told(dialogue).errors[-1]
    assert "scope is dynamic" in (error.hint or "") and str(error.span) == "<repl>:1:26"
    assert [frame.partition(" at ")[2] for frame in error.frames] == ["<repl>:6:1"]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("(define (g x) (* 2 x))", "(de g (x) (* 2 x))"),
        ("(defun g (x) (* 2 x))", "(de g (x) (* 2 x))"),
        ("(list 1, 2)", "(list 1 2)"),
    ],
)
def test_words_of_others_are_known(dialogue: Dialogue, text: str, hint: str) -> None:
    assert not dialogue.answer(text)
    assert hint in (told(dialogue).errors[-1].hint or "")


def test_a_fault_of_sn_does_not_end_the_session(
    dialogue: Dialogue, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> float:
        numbers: dict[str, float] = {}
        return numbers["of ours"]

    dialogue.it.define("broken", Builtin("broken", broken, False, False))
    assert not dialogue.answer("(broken)")
    assert [type(one) for one in told(dialogue).faults] == [KeyError]
    assert answer(dialogue, capsys, "(+ 1 1)") == "= 2\n"


def test_a_function_that_becomes_a_variable_is_told(dialogue: Dialogue) -> None:
    assert dialogue.answer("(setq epsilon 0.1)")
    assert told(dialogue).said == [
        "epsilon was a function, (epsilon [units] [values]), and is a variable now"
    ]
    assert not dialogue.answer("(epsilon 0.2)")
    hint = told(dialogue).errors[-1].hint or ""
    assert hint.startswith("SN's (epsilon [units] [values]) is gone since epsilon got a value")
    assert dialogue.answer(
        "(setq epsilon 0.3 other 5) (setq f (lambda (x) x)) (setq f (lambda (x) 1))"
    )
    assert len(told(dialogue).said) == 1


def test_functions_of_the_library_have_their_call_forms(dialogue: Dialogue) -> None:
    assert not dialogue.answer("(+ 1 epsi)")
    assert told(dialogue).errors[-1].hint == "epsi is a function, (epsi x)"


def test_the_program_may_end_the_session(dialogue: Dialogue) -> None:
    with pytest.raises(ProgramExit) as end:
        dialogue.answer("(exit 4)")
    assert end.value.status == 4


# --- help ---


def test_help_tells_of_words_of_sn_and_of_the_prompt(
    dialogue: Dialogue, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "(car list)" in answer(dialogue, capsys, "(help 'car)")
    assert "word of the prompt" in answer(dialogue, capsys, "(help 'train)")
    assert answer(dialogue, capsys, "^Acar") == answer(dialogue, capsys, "(help 'car)")
    assert not dialogue.answer("(help 'qqqq)")
    assert "tanh" in answer(dialogue, capsys, '(apropos "tan")')


def test_every_word_of_the_prompt_has_a_manual_and_is_in_the_document(dialogue: Dialogue) -> None:
    document = Path(__file__).resolve().parents[2] / "docs" / "repl.md"
    text = document.read_text(encoding="utf-8")
    for name, manual in dialogue.words.manuals.items():
        assert manual.startswith(f"({name}") and "\n\n" in manual, name
        assert name == "ask-about" or f"({name}" in text, name


def test_help_shows_what_the_program_says_of_its_functions(
    dialogue: Dialogue, capsys: pytest.CaptureFixture[str]
) -> None:
    dialogue.answer(";; Twice a number.\n;; Or a matrix.\n(de twice (n) (* 2 n))")
    found = answer(dialogue, capsys, "(help 'twice)")
    assert found == (
        "twice: defined by the program, <repl>:3\n\n  (twice n)\n\n"
        "  Twice a number.\n  Or a matrix.\n"
    )
    dialogue.answer('(de thrice (n) "Three times a number." (* 3 n))')
    assert "  Three times a number.\n" in answer(dialogue, capsys, "(help 'thrice)")
    dialogue.answer("\n(de half (n) (/ n 2))")
    assert "(de half (n) (/ n 2))" in answer(dialogue, capsys, "(help 'half)")


def test_a_function_of_the_library_has_its_manual_alone(
    dialogue: Dialogue, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "; Of the library.\n(de car-of (l) (car l))\n(de cdr-of (l) (cdr l))"
    place = Path(words.__file__).parent / "lib.sn"
    dialogue.it.run(source, str(place))
    monkeypatch.setattr(words, "manual_text", lambda name, others: f"the manual of {name}")
    assert answer(dialogue, capsys, "(help 'car-of)") == "the manual of car-of\n"
    dialogue.it.run("(de own (l) l)", "own.sn")
    assert "defined by the program" in answer(dialogue, capsys, "(help 'own)")


# --- the document ---


@pytest.mark.kernels
def test_the_sessions_in_the_document_are_true(
    dialogue: Dialogue, capsys: pytest.CaptureFixture[str]
) -> None:
    """What stands behind `? ` is typed; `...` stands for anything."""
    document = Path(__file__).resolve().parents[2] / "docs" / "repl.md"
    blocks = re.findall(r"^```text\n(.*?)^```$", document.read_text("utf-8"), re.M | re.S)
    count = 0
    for block in blocks:
        other = Dialogue(Session(), Listener(), nobody, is_kept=False)
        for part in re.split(r"^\? ", block, flags=re.MULTILINE)[1:]:
            typed, _, expected = part.partition("\n")
            seen = answer(other, capsys, typed)
            seen += "".join(f"{render(one, shows_code=True)}\n" for one in told(other).errors)
            told(other).errors.clear()
            pattern = ".*".join(re.escape(piece.strip()) for piece in expected.split("...\n"))
            assert re.fullmatch(pattern, seen.strip(), re.DOTALL), f"{typed}\n{seen}"
            count += 1
        other.close()
    assert count > 10


# --- programs and files ---


def test_words_of_the_prompt_are_no_part_of_the_program(dialogue: Dialogue) -> None:
    dialogue.answer("(setq a 1) (help) (setq b 2)")
    dialogue.answer("(setq c 3) (car 5)")
    assert dialogue.program.source.split("\n") == ["(setq a 1)", " (setq b 2)", "(setq c 3)"]


def test_files_are_read_below_the_current_folder_and_written_nowhere(
    dialogue: Dialogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "here.sn").write_text("(setq there 5)")
    (tmp_path.parent / "outside.sn").write_text("(setq outside 5)")
    assert dialogue.answer('(load "here")')
    assert answer(dialogue, capsys, "there") == "= 5\n"
    assert not dialogue.answer('(load "../outside")')
    assert "may not read" in told(dialogue).errors[-1].message


def test_a_file_is_loaded_first_and_its_folder_may_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside, outside):
        folder.mkdir()
    (outside / "main.sn").write_text('(setq a 5)\n(de more () (load "part"))')
    (outside / "part.sn").write_text("(setq b 6)")
    (inside / "own.sn").write_text("(setq c 7)")
    monkeypatch.chdir(inside)
    dialogue = Dialogue(Session(), Listener(), nobody, is_kept=False)
    assert dialogue.load(str(outside / "main.sn"))
    assert dialogue.answer(f'(load "{outside}/part") (load "own") (list a b c)')
    assert dialogue.it.show(dialogue.it.get_global("*1")) == "(5 6 7)"
    assert dialogue.program.source.startswith("(setq a 5)\n")


def test_folders_may_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other.sn").write_text("(setq b 6)")
    inside = tmp_path / "inside"
    inside.mkdir()
    monkeypatch.chdir(inside)
    dialogue = Dialogue(
        Session(allow=Allow(read=[str(tmp_path)])), Listener(), nobody, is_kept=False
    )
    assert dialogue.answer('(load "../other")')


# --- a pipe ---


def piped(dialogue: Dialogue, text: str) -> bool:
    return read_all(dialogue, io.StringIO(text))


def test_a_pipe_is_read_form_by_form(
    dialogue: Dialogue, capsys: pytest.CaptureFixture[str]
) -> None:
    assert piped(dialogue, "(list 1\n 2) 3\n\n; nothing\n'end")
    assert capsys.readouterr().out == "= (1 2)\n= 3\n= end\n"


def test_a_pipe_goes_on_after_an_error_and_tells_it(
    dialogue: Dialogue, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not piped(dialogue, "(car 1)\n(+ 1 1)\n(open")
    assert capsys.readouterr().out == "= 2\n"
    assert [str(error.span) for error in told(dialogue).errors] == ["<repl>:1:6", "<repl>:3:1"]


def test_the_command_reads_a_pipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for text, code in (("(+ 1 1)\n", 0), ("(car 5)\n", 1), ("(exit 7)\n", 7)):
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        assert main(["repl"]) == code
    seen = capsys.readouterr()
    assert seen.out == "= 2\n" and "<repl>:1:6: error[SN0203]" in seen.err
    assert list(tmp_path.iterdir()) == []


def test_windows_are_saved_when_something_was_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = '(setq window (new-window 0 0 90 90 "a"))\n(draw-line 0 0 9 9)\n(+ 1 1)\n'
    for options in ([], ["--headless", "none"], ["--no-folder"]):
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{text}(draw-line 0 1 9 9)\n"))
        assert main(["repl", *options]) == 0
    (folder,) = (tmp_path / "runs").iterdir()
    assert "M0 0L9 9M0 1L9 9" in (folder / "files" / "windows" / "a.svg").read_text()
    lines = capsys.readouterr().out.split("\n")
    where = Path("runs") / folder.name / "files" / "windows"
    assert [line for line in lines if "windows" in line] == [f"windows     {where}: a.svg"]


def test_the_command_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    assert main(["repl"]) == 1
    assert "pip install 'sn[repl]'" in capsys.readouterr().err


def test_the_command_refuses_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["repl", "zipcod"]) == 1
    assert "did you mean" in capsys.readouterr().err
    assert main(["repl", "--set", "a=1"]) == 2
