"""Words: what other Lisps, and Python, call a thing that SN has under another name.

One entry a word: the name here, where the arguments are the same, or a function that turns the
call around. Those of nets are added by `sn/describe/leads.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from sn.lisp.forms import Pair, Symbol, Value, to_list
from sn.lisp.leads.writing import call, code, items, name_of
from sn.registry import Registry

# Takes the arguments of a call; returns the hint, or None where it knows nothing.
Lead: TypeAlias = Callable[[list[Value]], str | None]

words: Registry[Lead] = Registry("word of another language")

# The same arguments under another name.
_SAME = {
    "car": "first head",
    "cdr": "rest tail",
    "cadr": "second",
    "caddr": "third",
    "mapcar": "map",
    "progn": "begin block",
    "print": "println display puts echo writeln write-line say console.log",
    "concat": "string-append strcat str-cat string-concat",
    "str": "number->string to-string tostring",
    "val": "string->number parse-int to-number",
    "**": "expt pow power ^",
    "log": "ln",
    "mod": "modulo remainder % rem",
    "div": "quotient",
    "int": "floor",
    "rand": "random",
    "=": "eq eql equal eq? eqv? equal? == string= ===",
    "<>": "!= /= ≠ ne neq not= not-equal",
    "<=": "≤",
    ">=": "≥",
    "*": "×",
    "/": "÷",
    "-": "– — −",
    "and": "&&",
    "not": "!",
    "1+": "add1 succ",
    "1-": "sub1 pred",
    "null": "null? empty? nil? is-empty is-null",
    "consp": "pair?",
    "listp": "list?",
    "numberp": "number?",
    "stringp": "string?",
    "symbolp": "symbol?",
    "0=": "zero? zerop",
    "nconc": "append! extend",
    "libload": "require import include use",
    "let*": "letrec let-values",
    "matrix": "zeros make-array make-matrix",
    "cond": "case",
    "dmd": "defmacro define-syntax define-macro",
    "selectq": "switch match",
}


def same_in(ours: str) -> Lead:
    """Return a lead that shows the call with our name in front."""
    return lambda args: f"SN says {ours}: {call(ours, args)}"


for _ours, _theirs in _SAME.items():
    for _word in _theirs.split():
        if _word != "==":  # a function of SN too
            words.add(_word, same_in(_ours))


@words("define", "def", "defparameter", "defconstant", "global", "var", "const", "val")
def define(args: list[Value]) -> str | None:
    """(define x 5), (define (f x) ...), (def f (x) ...)."""
    if not args:
        return None
    first, *rest = args
    if type(first) is Pair and type(first.car) is Symbol:
        return _function(first.car, first.cdr, rest)
    if type(first) is not Symbol:
        return None
    if len(rest) > 1:
        return _function(first, rest[0], rest[1:])
    if rest and type(rest[0]) is Pair and name_of(rest[0].car) in ("lambda", "fn"):
        inner = items(rest[0].cdr) or [None]
        return _function(first, inner[0], inner[1:])
    return f"setq gives a name its value: {call('setq', [first, *rest])}"


@words("defun", "defn", "fun", "function", "func", "proc", "defmethod")
def defun(args: list[Value]) -> str | None:
    """(defun f (x) ...)."""
    if args and type(args[0]) is Symbol and len(args) > 1:
        return _function(args[0], args[1], args[2:])
    return anonymous(args)


def _function(name: Symbol, parameters: Value, body: list[Value]) -> str:
    return f"de defines a function: {call('de', [name, parameters, *body])}"


@words("set!", "setf", "assign", "let!")
def assign(args: list[Value]) -> str | None:
    """(set! x 5)."""
    return f"setq gives a name its value: {call('setq', args)}"


@words("fn", "λ", "\\")
def anonymous(args: list[Value]) -> str | None:
    """(fn (x) ...)."""
    if not args or not (args[0] is None or type(args[0]) is Pair):
        return None
    return f"lambda makes a function: {call('lambda', args)}"


@words("unless")
def unless(args: list[Value]) -> str | None:
    """(unless test body...)."""
    if not args:
        return None
    return f"write {call('when', [to_list([Symbol('not'), args[0]]), *args[1:]])}"


@words("dotimes")
def dotimes(args: list[Value]) -> str | None:
    """(dotimes (i n) body...)."""
    head = items(args[0]) if args else None
    if head is None or len(head) < 2:
        return None
    last = head[1] - 1 if type(head[1]) is float else to_list([Symbol("1-"), head[1]])
    counted = to_list([head[0], 0.0, last])
    return f"for counts with both ends included: {call('for', [counted, *args[1:]])}"


@words("dolist", "foreach", "for-each", "doseq")
def dolist(args: list[Value]) -> str | None:
    """(dolist (x list) body...)."""
    head = items(args[0]) if args else None
    if head is None or len(head) != 2:
        return "each walks lists: (each ((x list)) body...)"
    return f"each walks lists: {call('each', [to_list([args[0]]), *args[1:]])}"


@words("elt", "list-ref", "get", "aref")
def elt(args: list[Value]) -> str | None:
    """(elt list i)."""
    if len(args) != 2:
        return None
    return f"nth takes the number first, counted from 0: {call('nth', args[::-1])}"


@words("format")
def format_(args: list[Value]) -> str | None:
    """(format t "~a" x)."""
    to_string = bool(args) and (args[0] is None or name_of(args[0]) == "nil")
    rest = args[1:] if to_string or (args and name_of(args[0]) == "t") else args
    word = "sprintf" if to_string or rest is args else "printf"
    return f"{call(word, rest)}, with %d, %g, %s and %l for the values"


@words("push", "append-to")
def push(args: list[Value]) -> str | None:
    """(push x list)."""
    if len(args) != 2 or type(args[1]) is not Symbol:
        return None
    cons = to_list([Symbol("cons"), args[0], args[1]])
    return f"write {call('setq', [args[1], cons])}"


@words("return")
def return_(args: list[Value]) -> str | None:
    """(return x)."""
    value = code(args[0]) if len(args) == 1 else ""
    return "the value of a function is that of its last form: write " + (
        f"{value} alone" if value else "it without return"
    )


@words("true", "false", "else", "elif", "then", "none")
def truth(args: list[Value]) -> str | None:
    """(else ...), (true)."""
    return "(if test yes no) and (cond (test yes) (t no)) choose; t is true and () is false"


@words("do", "loop")
def do(args: list[Value]) -> str | None:
    """(do ((i 0 (+ i 1))) ((= i 3)) body...)."""
    return "(for (i 0 9) ...) counts, both ends included; (while test ...) repeats"


@words("quit", "bye", "halt")
def quit_(args: list[Value]) -> str | None:
    """(quit)."""
    return "(exit) leaves a program or the prompt; behind the last form it is not needed"


@words("break", "debug", "nodebug", "trace-on", "trace-off", "where")
def debug(args: list[Value]) -> str | None:
    """(break), (debug)."""
    return (
        "there is no debugger: (print x) shows values, and `sn repl FILE` keeps them after an error"
    )


@words("gc")
def collect(args: list[Value]) -> str | None:
    """(gc)."""
    return "memory is freed by itself: leave this out"


@words("filter", "remove-if", "remove-if-not", "reduce", "fold", "foldl")
def walk(args: list[Value]) -> str | None:
    """(filter f list)."""
    return "walk the list: (all ((x list)) ...) collects, (each ((x list)) ...) only computes"


@words("square", "sqr")
def square(args: list[Value]) -> str | None:
    """(square x)."""
    x = args[0] if len(args) == 1 and type(args[0]) is not Pair else Symbol("x")
    return f"write {call('*', [x, x])}, or (de square (x) (* x x)) before it"


@words("sigmoid", "logistic")
def sigmoid(args: list[Value]) -> str | None:
    """(sigmoid x)."""
    return "(de sigmoid (x) (/ 1 (+ 1 (exp (- x))))) defines it"


@words("relu")
def relu(args: list[Value]) -> str | None:
    """(relu x)."""
    return "the function is (max 0 x); the non-linearity of a layer is (relu)"
