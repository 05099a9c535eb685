"""The interpreter: places of errors, limits, bindings after failures, the way in from Python."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from sn.builtins import new_interpreter
from sn.errors import (
    ArityError,
    EvalError,
    ReadError,
    SnError,
    UnknownNameError,
    ValueKindError,
    render,
)
from sn.interp import Interpreter, shorten
from sn.lisp.calls import Builtin, special_forms
from sn.lisp.forms import Pair, Value, number_lush, show


@pytest.fixture
def it() -> Interpreter:
    return new_interpreter(out=io.StringIO())


def fault(it: Interpreter, text: str, file: str = "t.sn") -> SnError:
    with pytest.raises(SnError) as caught:
        it.run(text, file)
    return caught.value


# --- places ---


@pytest.mark.parametrize(
    ("text", "kind", "place", "message"),
    [
        ("(+ 1\n   (car 5))", ValueKindError, "2:9-2:9", "car needs a list, found the number 5"),
        ("(nth 'a (b))", UnknownNameError, "1:9-1:11", "no function is called 'b'"),
        ('(left "abc" \'x)', ValueKindError, "1:13-1:14", "left needs a number as argument 2 (n)"),
        ("(car)", ArityError, "1:1-1:5", "car needs 1 argument, found 0"),
        ("(car 1 2)", ArityError, "1:8-1:8", "car needs 1 argument, found 2"),
        ("(progn 1 (if))", ArityError, "1:10-1:13", "if needs at least 2 arguments, found 0"),
        ("(quote a b)", ArityError, "1:10-1:10", "quote needs 1 argument, found 2"),
        ("(/ 1 0)", EvalError, "1:1-1:7", "floating exception"),
        ("(let ((a 1)\n      (b)) a)", ValueKindError, "2:7-2:9", "let needs bindings"),
        ("(for (i 1 'x) i)", ValueKindError, "1:11-1:12", "for counts with numbers"),
        ("(each ((x 5)) x)", ValueKindError, "1:11-1:11", "each needs a list to walk"),
        ("([1 2] 7)", EvalError, "1:8-1:8", "subscript out of range"),
        ("(de f (x y) x)\n(f 1)", ArityError, "2:1-2:5", "f: missing arguments: (y)"),
        ("(de f (3) x)", EvalError, "1:8-1:8", "expected a parameter"),
        ("(setq car 1)", EvalError, "1:1-1:12", "locked symbol: car"),
        ("(mapcar 'car '(1))", ValueKindError, "1:1-1:18", "car needs a list"),
    ],
)
def test_errors_point_at_the_innermost_place(
    it: Interpreter, text: str, kind: type[SnError], place: str, message: str
) -> None:
    error = fault(it, text)
    assert type(error) is kind
    assert message in error.message
    span = error.span
    assert span is not None
    assert f"{span.line}:{span.column}-{span.end_line}:{span.end_column}" == place


def test_code_made_by_a_program_fails_at_the_form_that_ran_it(it: Interpreter) -> None:
    error = fault(it, "(progn\n  (eval (list 'car 5)))")
    assert str(error.span) == "t.sn:2:3"


def test_a_message_is_complete(it: Interpreter) -> None:
    error = fault(it, "(de inner (x)\n  (car x))\n(de outer (y) (inner y))\n(outer 5)\n")
    assert error.frames == ["(inner ...) at t.sn:3:15", "(outer ...) at t.sn:4:1"]
    assert render(error, it.source) == (
        "t.sn:2:8: error: car needs a list, found the number 5\n"
        "   2 |   (car x))\n"
        "     |        ^\n"
        "  hint: the call form is (car list)\n"
        "  in (inner ...) at t.sn:3:15\n"
        "  in (outer ...) at t.sn:4:1"
    )


def test_a_wrong_call_shows_the_definition(it: Interpreter) -> None:
    error = fault(it, "(de scale (x factor) (* x factor))\n(scale 3)")
    (label,) = error.labels
    assert (str(label.span), label.text) == ("t.sn:1:5", "scale is defined here")
    assert error.hint == "the call form is (scale x factor)"


def test_near_names_are_offered(it: Interpreter) -> None:
    error = fault(it, "(mapcarr 'car ())")
    assert error.hint is not None and "mapcar" in error.hint


def test_many_frames_are_counted_not_listed() -> None:
    assert shorten(["(f ...)"] * 5 + ["(g ...)"]) == ["(f ...), 5 times", "(g ...)"]
    many = shorten([f"(f{i} ...)" for i in range(100)])
    assert len(many) == 12 and many[8] == "... 89 more ..."


def test_a_read_fault_stops_the_run_where_it_is(it: Interpreter) -> None:
    with pytest.raises(ReadError) as caught:
        it.run("(setq before 1)\n(car (cdr x)", "t.sn")
    assert str(caught.value.span) == "t.sn:2:1"
    assert it.get_global("before") == 1.0


# --- limits and interrupts ---


DEEP = {
    "function": "(de f (n) (+ 1 (f n))) (f 0)",
    "through mapcar": "(de f (n) (mapcar 'f (list n))) (f 0)",
    "through apply": "(de f (n) (apply 'f (list n))) (f 0)",
    "through eval": "(de f (n) (eval (list 'f n))) (f 0)",
    "macro": "(dm f (n) (list 'f)) (f)",
    "many forms": "(de f (n) (let ((x n)) (each ((i (list n))) (cond (t (if t (f i))))))) (f 0)",
    "data": "(setq x ()) (repeat 100000 (setq x (list 'progn x))) (eval x)",
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP.keys())
def test_endless_recursion_is_an_error_of_the_program(it: Interpreter, text: str) -> None:
    limit = sys.getrecursionlimit()
    error = fault(it, text)
    assert type(error) is EvalError
    assert error.message == "too many calls inside one another"
    assert error.hint is not None
    assert it.depth == 0
    assert sys.getrecursionlimit() == limit
    assert it.run("(+ 1 2)") == 3.0


def test_recursion_over_a_list_of_thousands_works(it: Interpreter) -> None:
    it.run("(de count (l) (if l (1+ (count (cdr l))) 0))")
    assert it.run("(count (range 4000))") == 4000.0


def test_an_error_can_be_handled_at_the_bottom_of_the_stack(it: Interpreter) -> None:
    fault(it, "(de f (n) (on-error (setq seen t) (f (1+ n)))) (f 0)")
    assert it.get_global("seen") is it.t


def test_an_interrupt_passes_through_and_leaves_no_binding(it: Interpreter) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    it.define("interrupt", Builtin("interrupt", interrupt, locked=False, dotted=False))
    with pytest.raises(KeyboardInterrupt):
        it.run("(let ((x 1)) (on-error (setq handled t) (for (i 1 3) (interrupt))))")
    assert not any(symbol.saved for symbol in it.symbols)
    assert it.get_global("handled") is None


def test_output_and_input_are_restored_after_an_error(
    it: Interpreter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fault(it, '(writing "x" (reading "x" (car 5)))')
    assert it.out is it.stdout
    assert it.input is None


# --- the way in from Python ---


def test_sessions_share_nothing() -> None:
    a, b = new_interpreter(), new_interpreter()
    a.run("(setq x 1) (dmc |!| () 5) (seed 3)")
    assert b.run("x") is None
    assert b.run("'!a") is b.intern("!a")
    assert a.intern("x") is not b.intern("x")


def test_bound_names_hold_for_a_block_and_under_errors(it: Interpreter) -> None:
    with it.bound({"x": 5.0}):
        assert it.run("x") == 5.0
        fault(it, "(let ((x 6)) (car x))")
        assert it.run("x") == 5.0
    assert it.run("x") is None


def test_functions_are_called_from_python(it: Interpreter) -> None:
    it.run("(de twice (x) (* 2 x))")
    assert it.call(it.intern("twice"), [4.0]) == 8.0
    assert it.call(it.get_global("twice"), [4.0]) == 8.0
    assert it.call(it.intern("if"), [it.t, 1.0, 2.0]) == 1.0
    with pytest.raises(UnknownNameError):
        it.call(it.intern("nothing"), [])


def test_values_of_a_file_form_by_form(it: Interpreter) -> None:
    seen: list[Value] = []
    it.run_stream(it.reader("1 (+ 1 1) 'x", "t.sn"), seen.append)
    assert seen == [1.0, 2.0, it.intern("x")]
    assert it.get_global("result") is it.intern("x")


def test_files_are_found_beside_the_loading_one_and_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lib" / "deep").mkdir(parents=True)
    (tmp_path / "lib" / "main.sn").write_text('(load "part") (load "deep/leaf.sn")')
    (tmp_path / "lib" / "part.lsh").write_text("(setq part 1)")
    (tmp_path / "lib" / "deep" / "leaf.sn").write_text("(setq leaf 2)")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    it = new_interpreter(path=[tmp_path / "lib"])
    assert it.load("main") == str(tmp_path / "lib" / "main.sn")
    assert (it.get_global("part"), it.get_global("leaf")) == (1.0, 2.0)
    assert it.get_global("file-being-loaded") is None


def test_old_files_in_latin_1_are_read(tmp_path: Path) -> None:
    it = new_interpreter(path=[tmp_path])
    (tmp_path / "old.sn").write_bytes(b'(setq name "r\xe9seau") ; \xe0 la main\r\n')
    it.load("old")
    assert it.get_global("name") == "réseau"


def test_numbers_print_in_the_style_of_the_session() -> None:
    it = new_interpreter()
    it.numbers = number_lush
    assert it.show(it.run("(/ 1 3)")) == "0.3333"


def test_questions_go_to_the_person_asked() -> None:
    asked: list[str] = []

    def ask(question: str) -> bool:
        asked.append(question)
        return True

    it = new_interpreter(ask=ask)
    assert it.run('(ask "Go on")') is it.t
    assert asked == ["Go on"]


def test_special_forms_can_be_added_for_a_test_only() -> None:
    assert "if" in special_forms
    it = new_interpreter()

    def spans(machine: Interpreter, form: Pair) -> Value:
        cell = form.cdr
        raise machine.error(f"no {show(cell.car)}", cell.car, hint="none")

    it.define("refuse", type(special_forms.get("if"))("refuse", spans, "thing"))
    error = fault(it, "(refuse\n  (a b))")
    assert (error.message, str(error.span), error.hint) == ("no (a b)", "t.sn:2:3", "none")
    assert type(fault(it, "(refuse)")) is ArityError


def test_the_language_runs_without_numpy() -> None:
    program = (
        "import sys\n"
        "sys.modules['numpy'] = None\n"
        "from sn.interp import Interpreter\n"
        "it = Interpreter()\n"
        "print(it.show(it.run('(let ((x 2)) (if x (quote (a b)) x))')))\n"
        "try:\n"
        "    it.run('[1 2]')\n"
        "except Exception as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "(a b)\nmatrices need NumPy, which is not here\n", done.stderr


@pytest.mark.parametrize(
    "text",
    [
        "(makelist 1e12 0)",
        "(range 1e12)",
        "(matrix 1e6 1e6)",
        "(matrix 1e300)",
        '(sprintf "%999999999d" 3)',
        "(tab 1e9)",
        "(chr 1e9)",
        "(** 1e300 1e300)",
        "(nth 1e300 5)",
    ],
)
def test_no_call_takes_all_memory_or_crashes(it: Interpreter, text: str) -> None:
    assert isinstance(fault(it, text), EvalError)


def test_the_limits_of_repeat_are_those_of_time_only(it: Interpreter) -> None:
    assert "car needs a list" in fault(it, "(repeat 1e15 (car 5))").message
