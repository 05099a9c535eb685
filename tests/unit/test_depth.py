"""Depth: calls inside one another take no C stack, wherever and however they are made."""

from __future__ import annotations

import ctypes
import io
import itertools
import platform
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from sn.describe import new_interpreter
from sn.describe.world import World
from sn.errors import EvalError
from sn.interp import Interpreter
from sn.lisp.calls import Builtin
from sn.lisp.depth import (
    _REENTRY,
    MAX_DEPTH,
    frames_ahead,
    frames_in_use,
    most_reentries,
    stack_size,
)
from sn.lisp.forms import elements

COUNT = "(de count (l) (if l (+ 1 (count (cdr l))) 0))"


@pytest.fixture
def it() -> Interpreter:
    return new_interpreter(out=io.StringIO())


def in_thread(run: Callable[[], object], stack_bytes: int) -> object:
    """Return what `run` gives in a thread with a small C stack."""
    found: list[object] = []

    def target() -> None:
        try:
            found.append(run())
        except EvalError as error:
            found.append(error)

    threading.stack_size(stack_bytes)
    try:
        thread = threading.Thread(target=target)
        thread.start()
    finally:
        threading.stack_size(0)
    thread.join()
    return found[0]


# --- the C stack, measured ---

# glibc's getcontext keeps the stack pointer, in struct sigcontext behind 40 bytes as register 15
MEASURED = platform.libc_ver()[0] == "glibc" and platform.machine() == "x86_64"


def stack_pointer() -> float:
    room = ctypes.create_string_buffer(4096)
    ctypes.CDLL(None).getcontext(room)
    return float(ctypes.c_uint64.from_buffer(room, 160).value)


NO_STACK = {
    "functions": "(de f (n) (if (> n 0) (+ 0 (f (- n 1))) (sp)))",
    "many arguments": "(de f (n &optional a . b) (if (> n 0) (f (- n 1) 1 2) (sp)))",
    "df": "(df f (n) (let ((n (eval n))) (if (> n 0) (eval (list 'f (- n 1))) (sp))))",
    "dm": "(dm f (f n) (if (> n 0) (list 'f (- n 1)) '(sp)))",
    "dmd": "(dmd g (n) (list 'f n)) (de f (n) (if (> n 0) (eval (list 'g (- n 1))) (sp)))",
    "eval": "(de f (n) (if (> n 0) (eval 1 2 (list 'f (- n 1))) (sp)))",
    "apply": "(de f (n) (if (> n 0) (apply 'f (list (- n 1))) (sp)))",
    "mapcar": "(de f (n) (if (> n 0) (car (mapcar 'f (list (- n 1)))) (sp)))",
    "mapcar over two": "(de f (n m) (if (> n 0) (car (mapcar 'f (list (- n 1)) '(1))) (sp)))",
    "mapc": "(de f (n) (if (> n 0) (mapc 'f (list (- n 1))) (sp)))",
    "each": "(de f (n) (if (> n 0) (each ((i (list (- n 1)))) (f i)) (sp)))",
    "each over two": "(de f (n) (if (> n 0) (each ((i (list (- n 1))) (j '(1))) 1 (f i)) (sp)))",
    "all": "(de f (n) (if (> n 0) (car (all ((i (list (- n 1)))) (f i))) (sp)))",
    "for": "(de f (n) (if (> n 0) (for (i 1 1) (f (- n 1))) (sp)))",
    "mapfor": "(de f (n) (if (> n 0) (car (mapfor (i 1 1) (f (- n 1)))) (sp)))",
    "while": "(de f (n) (if (> n 0) (let ((r ())) (while (not r) (setq r (f (- n 1))))) (sp)))",
    "repeat": "(de f (n) (if (> n 0) (repeat 1 (f (- n 1))) (sp)))",
    "let": "(de f (n) (if (> n 0) (let ((m (f (- n 1))) ((a b) '(1 2))) m) (sp)))",
    "let*": "(de f (n) (if (> n 0) (let* ((m (f (- n 1)))) m) (sp)))",
    "cond": "(de f (n) (cond ((> n 0) (f (- n 1))) (t (sp))))",
    "selectq": "(de f (n) (selectq n (0 (sp)) (t (f (- n 1)))))",
    "and, or, when": "(de f (n) (or (and (= n 0) (sp)) (when t (f (- n 1)))))",
    "setq": "(de f (n) (if (> n 0) (progn (setq a 1 b (f (- n 1))) b) (sp)))",
    "on-error": "(de f (n) (if (> n 0) (on-error 1 (f (- n 1))) (sp)))",
    "in handlers": "(de f (n) (if (> n 0) (on-error (setq r (f (- n 1))) (car 1)) (setq r (sp))))",
    "subscripts": "(de f (n) (if (> n 0) ([d 1 2] (progn (setq r (f (- n 1))) 0)) (setq r (sp))))",
    "checked arguments": "(de f (n) (if (> n 0) (nth (f (- n 1)) '(1)) (setq r (sp)) 0))",
    "writing": '(de f (n) (if (> n 0) (writing "$stdout" (f (- n 1))) (sp)))',
    "load": '(de f (n) (if (> n 0) (progn (setq m (- n 1)) (load "again") r) (setq r (sp))))',
    "reading": '(de f (n) (if (> n 0) (reading "again" (eval (read))) (setq r (sp))))',
}


@pytest.mark.skipif(not MEASURED, reason="needs getcontext of glibc, on x86-64")
@pytest.mark.parametrize("text", NO_STACK.values(), ids=NO_STACK.keys())
def test_a_call_takes_no_c_stack(
    it: Interpreter, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("again").write_text("(f m)")
    it.define("sp", Builtin("sp", stack_pointer, locked=False, dotted=False))
    it.run(text)
    places = []
    for n in (20, 80):
        it.run("(setq r ())")
        try:
            value = it.run(f"(f {n})")
        except EvalError:
            value = None
        found = it.get_global("r")
        places.append(found if type(found) is float else value)
    assert places[0] == places[1], f"{(places[0] - places[1]) / 60} bytes a call"


@pytest.mark.skipif(not MEASURED, reason="needs getcontext of glibc, on x86-64")
def test_a_macro_character_takes_as_much_c_stack_as_is_counted(it: Interpreter) -> None:
    it.define("sp", Builtin("sp", stack_pointer, locked=False, dotted=False))
    it.run("(dmc |$| (car (read)))")
    it.run("(dmc |@| (sp))")
    places = [it.run("'" + "$(" * n + "@" + ")" * n) for n in (2, 12)]
    assert 0 < (places[0] - places[1]) / 10 < _REENTRY / 1.4


@pytest.mark.skipif(not MEASURED, reason="needs getcontext of glibc, on x86-64")
def test_a_size_of_a_layer_takes_less_than_is_counted(it: Interpreter) -> None:
    it.world = World()
    it.define("sp", Builtin("sp", stack_pointer, locked=False, dotted=False))
    it.run("(setq n 0 r ()) (de f () (setq r (cons (sp) r)) (incr n) (layer a ((f))))")
    with pytest.raises(EvalError, match="too many calls inside one another"):
        it.run("(defnet net (f))")
    assert it.get_global("n") == most_reentries() + 1
    places = elements(it.get_global("r"))
    assert 0 <= (places[-1] - places[0]) / (len(places) - 1) < _REENTRY


# --- limits ---


def test_recursion_over_a_list_works_from_any_thread_and_any_depth(it: Interpreter) -> None:
    it.run(f"{COUNT} (setq l (range {MAX_DEPTH - 10}))")

    def count() -> object:
        return it.run("(count l)")

    def deep(n: int) -> object:
        return deep(n - 1) if n else count()

    limit = sys.getrecursionlimit()
    most = limit - frames_in_use() - 80
    assert in_thread(count, 2**17) == MAX_DEPTH - 10
    assert deep(most) == MAX_DEPTH - 10
    assert in_thread(lambda: deep(most), 2**17) == MAX_DEPTH - 10
    assert sys.getrecursionlimit() == limit


def test_endless_recursion_ends_in_any_thread(it: Interpreter) -> None:
    texts = ["(de f () (f)) (f)", "(setq x '(eval x)) (eval x)"]
    texts += ["(dmc |$| (car (read))) " + "$(" * 1000]
    for text in texts:
        error = in_thread(lambda text=text: it.run(text), 2**17)  # type: ignore[misc]
        assert isinstance(error, EvalError)
        assert error.message == "too many calls inside one another"


def test_python_never_has_more_than_a_few_thousand_frames_ahead(it: Interpreter) -> None:
    ahead: list[int] = []
    calls = itertools.count()

    def look() -> float:
        if next(calls) % 7 == 0:  # to count frames takes a while
            ahead.append(sys.getrecursionlimit() - frames_in_use())
        return 0.0

    it.define("look", Builtin("look", look, locked=False, dotted=False))
    it.run("(de f (n) (if (> n 0) (+ (f (- n 1)) (look)) (look)))")
    for depth in (0, 150, 4900):
        it.run(f"(f {depth})")
    assert len(ahead) > 700
    assert max(ahead) <= frames_ahead() + 64
    assert min(ahead) > 500


def test_threads_go_deep_at_once() -> None:
    its = [new_interpreter(out=io.StringIO()) for _ in range(4)]
    found: list[object] = []
    threads = [
        threading.Thread(
            target=lambda it=it: found.append(  # type: ignore[misc]
                it.run(f"{COUNT} (let ((n 0)) (repeat 3 (incr n (count (range 3000)))) n)")
            )
        )
        for it in its
    ]
    limit = sys.getrecursionlimit()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [9000.0] * 4
    assert sys.getrecursionlimit() == limit


def test_reentries_are_few_where_the_c_stack_is_small() -> None:
    assert stack_size() >= 2**17
    few = in_thread(most_reentries, 2**16)
    assert isinstance(few, int)
    assert 1 <= few <= 16
    assert few < most_reentries() <= 100
