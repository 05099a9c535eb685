"""Objects in depth: messages inside one another, long chains, rings."""

from __future__ import annotations

import gc
import weakref

import pytest

from sn.describe import new_interpreter
from sn.errors import EvalError
from sn.interp import Interpreter
from sn.lisp.objects import Instance


@pytest.fixture
def it() -> Interpreter:
    found = new_interpreter()
    found.run("(defclass link object next (n 0))")
    return found


def test_messages_inside_one_another_end_as_calls_do(it: Interpreter) -> None:
    it.run("(defmethod link down (k) (setq n k) (if (= k 0) 0 (1+ (==> this down (1- k)))))")
    it.run("(setq o (new link))")
    assert it.run("(==> o down 4000)") == 4000
    assert it.run(":o:n") == 0
    with pytest.raises(EvalError, match="too many calls inside one another"):
        it.run("(==> o down 1000000)")
    assert not any(symbol.saved for symbol in it.symbols)
    assert it.show(it.run("(list :o:next (==> o down 3) :o:n)")) == "(() 3 0)"


def test_constructors_of_many_arguments_nest(it: Interpreter) -> None:
    it.run("(defclass tree object below)")
    it.run(
        "(defmethod tree tree (k a b c d) (when (> k 0) (setq below (new tree (1- k) 1 2 3 4))))"
    )
    assert it.show(it.run(":(new tree 1000 1 2 3 4):below:below")).startswith("::tree:")


def test_long_chains_go_without_recursion(it: Interpreter) -> None:
    it.run(
        "(setq o ()) (repeat 200000 (let ((made (new link))) (setq :made:next (list o) o made)))"
    )
    last = weakref.ref(it.intern("link").value)
    it.run("(setq o ())")
    gc.collect()
    assert last() is not None  # and Python is still here


def test_the_garbage_of_rings_is_collected(it: Interpreter) -> None:
    it.run("(setq a (new link) b (new link)) (setq :a:next b :b:next (list a))")
    it.run("(defclass probe object x) (setq :a:n (new probe))")
    count = sum(isinstance(one, Instance) for one in gc.get_objects())
    it.run("(setq a () b ())")
    it.intern("result").set_global(None)
    gc.collect()
    assert sum(isinstance(one, Instance) for one in gc.get_objects()) == count - 3


def test_an_interrupt_leaves_no_binding_of_a_slot(it: Interpreter) -> None:
    it.run("(setq o (new link)) (setq :o:n 5) (defmethod link tick () (incr n))")
    link = it.get_global("o")
    link.bound[1].append(1)  # as Ctrl-C leaves it between a binding and its end
    with pytest.raises(EvalError):
        it.run("(let ((n 77)) (car 3))")
    assert it.show(it.run("(let ((n 77)) (list :o:n (==> o tick) n))")) == "(5 6 77)"
    assert it.run(":o:n") == 6
