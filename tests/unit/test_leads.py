"""Newcomers' slips one by one: what the message says, where its caret stands, what its hint shows.

A program in another language's habits, word for word as people type it. The slips that need a
whole program and its golden answer are in test_slips.py, whole files in tests/corpus/slips.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from sn.errors import SnError, render
from sn.session import Session

NET = """(defnet n
  (layer input (16 16) (border -1))
  (layer h1 (4 8 8))
  (layer h2 (2 4 4))
  (layer output (10))
  (connect input h1 (conv (kernel 5 5) (stride 2 2)))
  (connect h1 h2 (conv (kernel 2 2) (stride 2 2) (maps '((0 1) (1 2 3)))))
  (connect h2 output (full)))
"""
EXPERIMENT = f"""{NET}(setq rate 0.003)
(experiment n
  (data (first-available "zipcode" "mnist-1989"))
  (optimizer sgd (sgd (learning-rate rate)))
  (passes 5))
"""


@dataclass(frozen=True)
class Slip:
    """A program, the place of its fault, and pieces of the message and of the hint."""

    program: str
    place: str
    message: str
    hint: str


def slip(program: str, place: str, message: str, hint: str) -> Slip:
    """A slip in a program of its own."""
    return Slip(program, place, message, hint)


def net(old: str, new: str, place: str, message: str, hint: str, base: str = NET) -> Slip:
    """A slip that is one change to the net."""
    assert old in base, f"the net no longer has {old}"
    return Slip(base.replace(old, new, 1), place, message, hint)


def experiment(old: str, new: str, place: str, message: str, hint: str) -> Slip:
    """A slip that is one change to the experiment."""
    return net(old, new, place, message, hint, EXPERIMENT)


RULE = "its options are lists: (adam (learning-rate 0.001))"
FULL_RULE = "(optimizer adam (adam (learning-rate 0.001)))"

DEFINITIONS = {
    "define-variable": slip(
        "(define x 5)", "1:1", "no function is called 'define'", "value: (setq x 5)"
    ),
    "define-function": slip(
        "(define (f x) (* x x))", "1:1", "'define'", "de defines a function: (de f (x) (* x x))"
    ),
    "define-lambda": slip(
        "(define f (lambda (x) (* x x)))", "1:1", "'define'", ": (de f (x) (* x x))"
    ),
    "defun": slip("(defun f (x) (* x x))", "1:1", "'defun'", ": (de f (x) (* x x))"),
    "defvar": slip("(defvar rate 0.003)", "1:1", "'defvar'", ": (setq rate 0.003)"),
    "set!": slip("(set! x 5)", "1:1", "'set!'", ": (setq x 5)"),
    "set-unquoted": slip("(set x 5)", "1:6", "found x, which has no value", ": (setq x 5)"),
    "fn": slip("(setq f (fn (x) (* x x)))", "1:9", "'fn'", ": (lambda (x) (* x x))"),
    "de-with-a-list": slip(
        "(de (f x) (* x x))", "1:5", "found the list (f x)", "(de f (x) (* x x))"
    ),
    "let-of-one-pair": slip("(let (x 5) x)", "1:7", "found the symbol x", "(let ((x 5)) x)"),
    "let-without-a-value": slip("(let ((x 5) (y)) x)", "1:13", "found the list (y)", "(y ())"),
    "lambda-of-python": slip(
        "(setq f (lambda x: (* x x)))\n(f 5)", "1:18", "behind ':'", "(lambda (x) (* x x))"
    ),
    "for-in": slip(
        "(for i in (range 0 3) (print i))", "1:6", "found the symbol i", "(each ((i (range 0 3))) "
    ),
    "for-of-a-list": slip(
        "(for (i (range 0 3)) (print i))", "1:6", "for needs", "(each ((i (range 0 3))) (print i))"
    ),
    "dotimes": slip("(dotimes (i 3) (print i))", "1:1", "'dotimes'", "(for (i 0 2) (print i))"),
    "dolist": slip("(dolist (i l) (print i))", "1:1", "'dolist'", "(each ((i l)) (print i))"),
    "begin": slip("(begin (print 1))", "1:1", "'begin'", "SN says progn: (progn (print 1))"),
    "unless": slip("(unless t 1)", "1:1", "'unless'", "write (when (not t) 1)"),
    "return": slip("(de f (x) (return x))\n(f 1)", "1:11", "'return'", "write x alone"),
    "first": slip("(first '(1 2))", "1:1", "'first'", "SN says car: (car '(1 2))"),
    "elt": slip("(elt '(1 2) 0)", "1:1", "'elt'", "counted from 0: (nth 0 '(1 2))"),
    "map": slip("(map sqrt '(1 2))", "1:1", "'map'", "(mapcar sqrt '(1 2))"),
    "len": slip("(len '(1 2))", "1:6", "found the list (1 2)", "(length list)"),
    "push": slip("(push 1 l)", "1:1", "'push'", "(setq l (cons 1 l))"),
    "not-equal": slip("(if (!= 1 3) 2)", "1:5", "'!='", "SN says <>: (<> 1 3)"),
}

INFIX = {
    "times": slip(
        "(setq rate 0.003)\n(setq faster (rate * 10))",
        "2:14",
        "rate is not a function: its value is the number 0.003",
        "the function comes first: write (* rate 10)",
    ),
    "number-first": slip("(print (10 * 3))", "1:8", "the number 10 is not", "write (* 10 3)"),
    "if": slip("(setq x 3)\n(if (x > 2) (print x))", "2:5", "x is not a function", "(> x 2)"),
    "names": slip("(setq a 1)\n(setq b 2)\n(print (a + b))", "3:8", "a is not", "(+ a b)"),
    "three": slip("(setq a 1)\n(print (a + 2 + 3))", "2:8", "a is not", "(+ a 2 3)"),
    "precedence": slip("(setq a 1)\n(print (a + 2 * a))", "2:8", "a is not", "(+ a (* 2 a))"),
    "inner": slip("(setq a 1)\n(print (a * (a - 1)))", "2:8", "a is not", "(* a (- a 1))"),
    "equals": slip("(setq a 1)\n(if (a == 1) 2)", "2:5", "a is not a function", "(= a 1)"),
    "and": slip("(setq a 1)\n(if (a and t) 2)", "2:5", "a is not a function", "(and a t)"),
    "of-no-value": slip("(print (eta * 2))", "1:8", "'eta'", "write (* eta 2)"),
    "tight": slip("(setq a 1)\n(print (a+1))", "2:8", "'a+1'", "write (+ a 1)"),
    "remainder": slip("(print (7 % 2))", "1:8", "the number 7 is not", "write (mod 7 2)"),
    "assignment": slip("(rate = 0.003)", "1:1", "'rate'", "(setq rate 0.003) gives it a value"),
    "assignment-in-setq": slip(
        "(setq rate = 0.003)", "1:12", "setq needs a value for each name", ": (setq rate 0.003)"
    ),
    "assignment-of-pascal": slip(
        "(setq rate := 0.003)", "1:12", "setq needs a value for each name", ": (setq rate 0.003)"
    ),
    "two-assignments": slip("(setq a = 1 b = 2)", "1:9", "setq assigns to", "(setq a 1 b 2)"),
    "assignment-again": slip(
        "(setq rate 1)\n(rate = 0.03)", "2:1", "rate is not", "(= rate 0.03) compares"
    ),
    "assignment-of-a-sum": slip(
        "(setq a 1)\n(a += 1)", "2:1", "a is not a function", "(setq a (+ a 1))"
    ),
    "in-an-option": experiment(
        "(learning-rate rate)", "(learning-rate (rate * 10))", "12:38", "rate is not", "(* rate 10)"
    ),
    "in-a-formula": net(
        "(4 8 8)",
        "(4 8 8) (nlf (lambda (x) (x / (1 + x))))",
        "3:38",
        "'x'",
        "write (/ x (+ 1 x))",
    ),
    "call-of-python": slip("(print sqrt(2))", "1:12", "the number 2 is not", "function: (sqrt 2)"),
    "no-sum-but-a-misspelt-word": slip(
        "(mapcra + '(1 2))", "1:1", "'mapcra'", "did you mean 'mapcar'"
    ),
}

UNSET = {
    "number": slip(
        "(setq eta 3)\n(+ 1 etta)", "2:6", "found etta, which has no value", "did you mean 'eta'?"
    ),
    "no-near-name": slip("(+ 1 slope)", "1:6", "slope, which has no value", "(setq slope ...)"),
    "second-of-two": slip(
        "(setq l '(1 2))\n(nth k l)", "2:6", "nth needs", "k has no value: (setq k ...) gives"
    ),
    "format": slip('(sprintf "%d" n)', "1:15", "sprintf needs a number", "n has no value: (setq n"),
    "comparison": slip(
        "(if (> n 3) 1)", "1:8", "> compares two numbers", "n has no value: (setq n"
    ),
    "loop": slip("(for (i 1 n) i)", "1:11", "found n, which has no value", "(setq n ...) gives"),
    "incr": slip("(incr n)", "1:7", "found n, which has no value", "(setq n ...) gives"),
    "function": slip(
        "(mapcar sqare '(1 2))", "1:9", "found sqare, which has no value", "did you mean 'sqrt'?"
    ),
    "argument": slip(
        "(setq eta 1)\n(de f (a b) (+ a b))\n(f 1 etta)",
        "2:18",
        "found b, which is ()",
        "b is etta of the call, which has no value: did you mean 'eta'?",
    ),
    "argument-of-an-argument": slip(
        "(de f (a) (+ a 1))\n(de g (b) (f b))\n(g rate)",
        "1:14",
        "found a, which is ()",
        "b is rate of the call, which has no value: (setq rate ...)",
    ),
    "parameter": slip("(de f (x) (+ x 1))\n(f ())", "1:14", "found x, which is ()", "call form"),
}

SCOPE = {
    "returned": slip(
        "(de adder (n) (lambda (x) (+ x n)))\n(setq add-two (adder 2))\n(add-two 3)",
        "1:32",
        "found n, which has no value",
        "n had its value while adder ran: scope is dynamic",
    ),
    "of-let": slip(
        "(setq f (let ((k 3)) (lambda (x) (+ x k))))\n(f 1)",
        "1:39",
        "found k, which has no value",
        "k had its value while let ran: scope is dynamic",
    ),
    "mapped": slip(
        "(de scaler (factor) (lambda (x) (* x factor)))\n(mapcar (scaler 2) '(1 2))",
        "1:38",
        "found factor, which has no value",
        "factor had its value while scaler ran",
    ),
    "in-a-formula": slip(
        "(de steep (slope) (lambda (x) (tanh (* slope x))))\n"
        + NET.replace("(4 8 8)", "(4 8 8) (nlf (steep 2))"),
        "1:40",
        "slope is not a number here: it has no value",
        "slope had its value while steep ran",
    ),
    "not-of-a-maker": slip(
        "(de f (n) (* n n))\n(de g (x) (+ x n))\n(g 1)", "2:16", "found n", "(setq n ...) gives"
    ),
}

DATA = {
    "list": slip("(setq l (1 2 3))", "1:9", "the number 1 is not a function", "quote: '(1 2 3)"),
    "table": slip(
        "(setq table ((0 1) (1 2 3)))", "1:13", "the number 0 is not", "quote: '((0 1) (1 2 3))"
    ),
    "table-in-place": net(
        "'((0 1)", "((0 1)", "7:56", "the number 0 is not a function", "quote: '((0 1) (1 2 3))"
    ),
}

TEXT = {
    "comment-of-python": slip(
        "# a net\n(setq a 1)", "1:1", "'#' starts no comment", "with the line: ; a net"
    ),
    "comment-behind-a-form": net(
        "(layer output (10))",
        "(layer output (10))  #ten classes",
        "5:24",
        "'#' starts no comment",
        ": ; ten classes",
    ),
    "comment-of-many-lines": slip("#| a net |#", "1:1", "'#|' starts no comment", "#! ... !#"),
    "true-of-scheme": slip("(if #t 1 2)", "1:5", "'#t' is no word of SN", "write t:"),
    "false-of-scheme": slip("(if #f 1 2)", "1:5", "'#f' is no word of SN", "write ():"),
    "vector-of-scheme": slip("(setq l #(1 2))", "1:9", "'#(' starts nothing", "'(1 2 3)"),
    "decimal-comma": slip(
        "(setq rate 0,003)", "1:13", "',' stands outside a backquote", "is a dot: 0.003"
    ),
    "decimal-comma-in-an-option": experiment(
        "(learning-rate rate)", "(learning-rate 0,003)", "12:39", "','", "is a dot: 0.003"
    ),
    "decimal-comma-or-two-numbers": net(
        "(border -1)",
        "(border -1,5)",
        "2:34",
        "','",
        "list, -1 5; the decimal point is a dot: -1.5",
    ),
    "thousands": slip("(setq n 60,000)", "1:11", "','", "digits stand together, 60000; the"),
    "commas-between": slip(
        "(print (+ 1, 2))", "1:12", "','", "separate what stands in a list: (+ 1 2)"
    ),
    "commas-in-sizes": net("(16 16)", "(16, 16)", "2:19", "','", "in a list: (16 16)"),
    "commas-in-brackets": slip("(setq l [1, 2, 3])", "1:11", "','", "in a list: [1 2 3]"),
    "power": slip(
        "(setq rate 10^-3)", "1:14", "'^' is no operator", "(** 10 -3), this number also 1e-3"
    ),
    "power-as-a-call": slip("(print (^ 2 3))", "1:9", "'^' is no function", "(** x y)"),
    "string-of-python": slip(
        "(print 'hello world')", "1:20", "this ' ends nothing", 'double quotes: "hello world"'
    ),
    "quotes-of-a-browser": slip(
        "(print “hello world”)", "1:8", "“ is no quote of SN", 'write "hello world"'
    ),
    "guillemets": slip("(print «hello»)", "1:8", "« is no quote of SN", 'write "hello"'),
    "quote-of-a-browser": net("'((0 1)", "’((0 1)", "7:56", "’ is no quote of SN", "write '(,"),
    "minus-of-a-browser": net(
        "(border -1)", "(border −1)", "2:32", "U+2212, minus sign", "write -1"
    ),
    "dash-in-a-name": slip("(de add–two (x) x)", "1:8", "U+2013, en dash", "write add-two"),
    "zero-width-space": net(
        "(layer h1", "(layer h\u200b1", "3:11", "invisible character U+200B", "delete it"
    ),
    "soft-hyphen": slip("(setq rate\u00ad 3)", "1:11", "U+00AD, soft hyphen", "delete it"),
    "order-of-letters-turned": slip("(setq a\u202e 3)", "1:8", "invisible character", "delete it"),
    "full-width-parenthesis": slip("（setq a 1）", "1:1", "U+FF08, fullwidth", "write (setq"),
    "full-width-digits": slip("(setq a １０)", "1:9", "U+FF11, fullwidth", "write 10"),
    "full-width-comma": slip("(list 1， 2)", "1:8", "U+FF0C, fullwidth", "blanks alone separate"),
    "utf-16": slip("(\0s\0", "1:2", "the control character 0", "save it as UTF-8"),
    "parenthesis-missing": net(
        "(layer h2 (2 4 4))",
        "(layer h2 (2 4 4)",
        "4:3",
        "this '(' is never closed",
        "missing, perhaps before line 5, by its indentation: (layer h2 (2 4 4))",
    ),
    "parenthesis-missing-in-let": slip(
        "(de f (x)\n  (let ((y (* x 2))\n    (+ y 1)))\n\n(de g (x) x)\n",
        "2:8",
        "this '(' is never closed",
        "before line 3, by its indentation: ((y (* x 2)))",
    ),
    "parenthesis-missing-behind-a-comment": slip(
        "(setq a (list 1 2) ; two\n(setq b 3)\n",
        "1:1",
        "this '('",
        "indentation: (setq a (list 1 2))",
    ),
    "parenthesis-in-a-comment": slip(
        "(setq a 2;)\n(print a)", "1:1", "this '(' is never closed", "hides the ')' behind it"
    ),
}

SILENT = {
    "else": slip(
        "(setq x 1)\n(if (> x 2)\n    (print 1)\n  else\n    (print 2))",
        "4:3",
        "'else' is no part of (if test yes no)",
        "leave it out: (if (> x 2) (print 1) (print 2))",
    ),
    "then": slip("(if t then 1 else 2)", "1:7", "'then' is no part", "(if t 1 2)"),
    "elif": slip("(if t 1 elif t 2)", "1:9", "'elif' is no word of SN", "(cond (test yes)"),
    "else-of-cond": slip("(cond (() 1) (else 2))", "1:15", "'else' is no test", "(t ...)"),
    "true": slip("(if true 1 2)", "1:5", "true is no word of SN", "SN writes t:"),
    "true-of-python": slip("(setq on True)", "1:10", "true is no word of SN", "SN writes t:"),
    "false": slip("(setq on false)", "1:10", "false is no word of SN", "SN writes ():"),
    "none": slip("(print None)", "1:8", "none is no word of SN", "SN writes ():"),
    "null-as-a-value": slip("(if (= 1 null) 1 2)", "1:10", "null is no word", "SN writes ():"),
    "null-as-a-number": slip("(setq x null)\n(+ 1 x)", "2:6", "found the function", "value is ()"),
    "in-a-function": slip("(de on () true)", "1:11", "true is no word of SN", "SN writes t:"),
    "fraction": slip("(setq rate 1/3)", "1:12", "1/3 has no value", "write 0.33333333, or (/ 1 3)"),
    "separated-digits": slip("(setq n 60_000)", "1:9", "60-000 has no value", "together: 60000;"),
    "suffix-of-c": slip("(setq rate 0.5f)", "1:12", "0.5f has no value", "digits alone: 0.5"),
    "percent": slip("(setq rate 1%)", "1:12", "1% has no value", "write 0.01"),
    "product": slip("(setq rate 1)\n(setq r rate*10)", "2:9", "rate*10 has", "write (* rate 10)"),
    "keyword": slip('(print "a" end="")', "1:12", "end= has no value", "have no names"),
    "backslash": slip("(setq a \\\n 1)", "1:9", "\\ has no value", "over several lines as it is"),
    "dollar": slip("(print $rate)", "1:8", "$rate has no value", "its name alone: rate"),
    "braces": slip('(setq o {"a" 1})', "1:9", "braces mean nothing", "lists stand in ( )"),
    "subscript": slip("(setq l '(1 2))\n(print l[0])", "2:9", "'[' cannot", "(nth 0 l)"),
    "assignment": slip(
        "rate = 0.003", "1:1", "rate has no value, and stands outside", "by (setq rate 0.003)"
    ),
    "assignment-of-another-language": slip(
        "let rate = 0.003;", "1:5", "rate has no value", "by (setq rate 0.003)"
    ),
    "def": slip("def f(x):\n    return x\n", "1:1", "def has no value", "(de f (x) ...)"),
    "import": slip("import sn\n", "1:1", "import has no value", '(load "FILE")'),
    "parenthesis-behind-the-name": slip(
        'print("hello")', "1:6", "is not a function", 'before the function: (print "hello")'
    ),
    "comment-of-c": slip("// a net\n(setq a 1)", "1:1", "'//' starts no comment", ": ; a net"),
    "comment-of-c-in-the-net": net(
        "(layer h1 (4 8 8))",
        "(layer h1 (4 8 8)) // maps",
        "3:22",
        "'//' starts no comment",
        ": ; maps",
    ),
    "comment-of-c-in-a-function": slip(
        "(de f (x)\n  (* x x) // squares\n  )", "2:11", "'//' starts no", ": ; squares"
    ),
    "comment-of-many-lines-of-c": slip("/* a net */", "1:1", "'/*' starts no", ": ; a net"),
    "comment-of-sql": slip("-- a net", "1:1", "'--' starts no comment", ": ; a net"),
    "comment-of-tex": slip("% a net", "1:1", "'%' starts no comment", ": ; a net"),
    "comment-of-nothing": slip(
        "a net for digits\n(setq a 1)", "1:1", "a has no value, and stands outside", "starts with ;"
    ),
    "value-of-an-example": slip(
        "(+ 1 2)\n=> 3", "2:1", "=> has no value", "the value of an example: leave it out"
    ),
    "word-in-the-net": net(
        "(layer h1", "hidden (layer h1", "3:3", "hidden has no value", "stands in parentheses"
    ),
    "all-arguments": slip(
        "(setq f (lambda x (* x x)))\n(f 5)", "1:22", "found the list (5)", "(lambda (x) ...)"
    ),
    "all-arguments-of-de": slip(
        "(de f x (* x x))\n(f 5)", "1:12", "found the list (5)", "one by one: (de f (x) ...)"
    ),
}

LAYERS = {
    "one-number": net(
        "(layer output (10))", "(layer output 10)", "5:17", "found", "(layer output (10))"
    ),
    "three": net(
        "(4 8 8)", "4x8x8", "3:13", "found 4x8x8, which has no value", "(layer h1 (4 8 8))"
    ),
    "computed": net("(10)", "(2 * 5)", "5:20", "a size must be", "each may be computed: ((* 2 5))"),
    "units-as-a-number": net("(10)", "(units 10)", "5:24", "made by newneurons", "the size (10)"),
    "keyword": net("(4 8 8)", "size=10", "3:13", "found size=10", "(layer h1 (10))"),
    "name-behind": net("h1 (4 8 8)", "(4 8 8) h1", "3:10", "the number 4", "(layer h1 (4 8 8))"),
    "sizes-behind": net("(4 8 8)", "(tanh) (4 8 8)", "3:14", "a size", "(layer h1 (4 8 8) (tanh))"),
    "left-out": net("(4 8 8)", "...", "3:13", "found ...", "what an example leaves out"),
    "no-number": net(
        "(10)", "(classes)", "5:18", "found classes, which has no", "(setq classes NUMBER)"
    ),
    "activation": net(
        "8 8)", "8 8) (activation relu)", "3:22", "'activation'", "by its name: (relu)"
    ),
    "activation-as-a-string": net(
        "8 8)", '8 8) (activation "sigmoid")', "3:22", "'activation'", "(logistic)"
    ),
    "activation-bare": net("8 8)", "8 8) relu", "3:21", "found the symbol relu", "write (relu)"),
    "activation-keyword": net(
        "8 8)", "8 8) :activation relu", "3:21", "found :activation", "by its"
    ),
    "sigmoid": net("8 8)", "8 8) (sigmoid)", "3:22", "'sigmoid'", "(logistic)"),
    "softmax": net(
        "(10)", "(10) (softmax)", "5:23", "'softmax'", "(cost softmax) in the experiment"
    ),
    "nlf-of-a-word": net("8 8)", "8 8) (nlf tanh)", "3:26", "expected a function", "write (tanh)"),
    "nlf-of-a-rule": net("8 8)", "8 8) (nlf relu)", "3:26", "'relu'", "write (relu) in its place"),
    "nlf-of-a-function": net("8 8)", "8 8) (nlf sin)", "3:26", "expected", "(lambda (x) (sin x))"),
    "batch-norm": net(
        "8 8)",
        "8 8) (batch-norm)",
        "3:22",
        "'batch-norm'",
        "no normalisation of layers: leave it out",
    ),
    "bias-false": net("8 8)", "8 8) (bias false)", "3:27", "'false'", "SN says none"),
    "parenthesis-too-many": net(
        "(layer h2 (2 4 4))",
        "(layer h2 (2 4 4)))",
        "4:21",
        "net n connects no layers",
        "a ')' too many ends the net on line 4: line 5 goes on with (layer output (10))",
    ),
    "net-in-parentheses": net(
        "defnet n", "defnet (n)", "1:9", "found the list (n)", "write n without"
    ),
    "network": net(
        "defnet n", "network n", "1:1", "'network'", "described by (defnet n (layer input"
    ),
    "dense": net(
        "(layer output (10))", "(dense output 10)", "5:3", "'dense'", "(layer output (10)) and"
    ),
    "input": net("(layer input", "(input", "2:3", "'input'", ": (layer input (16 16) (border -1))"),
    "train": slip("(train n)", "1:1", "'train'", "sn run FILE trains"),
}

LINKS = {
    "arrow": net("h2 output", "h2 -> output", "8:15", "'->'", ": (connect h2 output (full))"),
    "fat-arrow": net("h2 output", "h2 => output", "8:15", "'=>'", ": (connect h2 output (full))"),
    "to": net("h2 output", "h2 to output", "8:15", "'to'", ": (connect h2 output (full))"),
    "in-a-list": net("h2 output", "(h2 output)", "8:12", "'h2'", ": (connect h2 output (full))"),
    "scheme-first": net(
        "h2 output (full)", "(full) h2 output", "8:12", "'full'", "h2 output (full))"
    ),
    "scheme-between": net(
        "h2 output (full)", "h2 (full) output", "8:15", "'full'", "h2 output (full))"
    ),
    "scheme-bare": net(
        "(full)", "full", "8:22", "found the symbol full", "(connect h2 output (full))"
    ),
    "scheme-missing": net(
        " (full)", "", "8:3", "needs one connection scheme", "(connect h2 output (full))"
    ),
    "dense": net("(full)", "(dense)", "8:23", "'dense'", "SN says (full)"),
    "dense-bare": net(
        "(full)", "dense", "8:22", "found the symbol dense", "(connect h2 output (full))"
    ),
    "linear": net("(full)", "(linear)", "8:23", "'linear'", "SN says (full)"),
    "conv2d": net("(conv", "(conv2d", "6:22", "'conv2d'", "SN says (conv (kernel H W) ...)"),
    "maxpool": net(
        "(conv (kernel 5 5)", "(maxpool (kernel 2 2)", "6:22", "'maxpool'", "no maximum"
    ),
    "misspelt-layer": net("h2 output", "h2 outptu", "8:15", "'outptu'", "did you mean 'output'?"),
    "kernel-in-a-list": net(
        "5 5)", "(5 5))", "6:35", "the number 5 is not", "itself: (kernel 5 5)"
    ),
    "stride-in-a-list": net(
        "(stride 2 2)", "(stride (2 2))", "6:48", "the number 2", "(stride 2 2)"
    ),
    "kernel-5x5": net("5 5)", "5x5)", "6:35", "found 5x5", "in the option itself: (kernel 5 5)"),
    "kernel-bare": net(
        "(conv (kernel 5 5)", "(conv 5x5", "6:27", "found the symbol 5x5", "(kernel 5 5)"
    ),
    "kernel-keyword": net(
        "(kernel 5 5)", ":kernel 5", "6:27", "found :kernel", "(kernel ROWS COLS)"
    ),
    "kernel-of-python": net(
        "(kernel 5 5)", "kernel=5", "6:27", "symbol kernel=5", "a list: (kernel 5)"
    ),
    "padding": net("(stride 2 2)", "(padding 2)", "6:41", "'padding'", "(border VALUE)"),
    "filters": net("(stride 2 2)", "(filters 4)", "6:41", "'filters'", "first of three sizes"),
    "itself": net(
        "h2 output (full)", "h2 h2 (full)", "8:15", "cannot feed itself", "h2-1 and h2-2"
    ),
    "backwards": net(
        "h2 output", "output h2", "8:3", "cannot feed h2", "(connect h2 output ...)? SN"
    ),
    "recurrence": net(
        "(connect h2 output (full))",
        "(connect h2 output (full)) (connect output h2 (full))",
        "8:30",
        "layer output cannot feed h2, which is declared before it",
        "nothing recurs; to unroll, declare a layer for each step, such as h2-1 and h2-2",
    ),
}

WINDOWS = {
    "outside": net(
        "(16 16) (border -1)",
        "(16 16)",
        "6:3",
        "reach outside input, which has no border: 8 windows of 5 with stride 2 need 19 rows and "
        "columns, input has 16",
        "6 rows and columns in h1, or a kernel of 2, or 19 rows and columns in input; or (border",
    ),
    "outside-along-one-axis": net(
        "(16 16) (border -1)",
        "(19 16)",
        "6:3",
        "no border: 8 windows of 5 with stride 2 need 19 columns, input has 16",
        "along the columns: 6 columns in h1, or a kernel of 2, or 19 columns in input",
    ),
    "unseen": net(
        "(stride 2 2)",
        "(stride 1 2)",
        "6:3",
        "8 windows of 5 with stride 1 leave 4 of the 16 rows of input unseen",
        "12 rows in h1, or a kernel of 9, or 12 rows in input; or (offset ...)",
    ),
    "subsampled": slip(
        "(defnet n (layer i (2 8 8)) (layer o (2 3 4)) (connect i o (subsample (kernel 2 2))))",
        "1:47",
        "4 windows of 2 with stride 2 fit in the 8 rows of i, o has 3",
        "along the rows: 4 rows in o, or a kernel of 4, or a stride of 3, or 6 rows in i",
    ),
    "maps-last": slip(
        "(defnet n (layer i (16 16 1)) (layer o (4 12 12)) (connect i o (conv (kernel 5 5))))",
        "1:51",
        "12 windows of 5 with stride 1 need 16 columns, i has 1",
        "sizes are (MAPS ROWS COLS), the maps first: is i meant as (1 16 16)?",
    ),
    "on-a-line": slip(
        "(defnet n (layer i (8)) (layer o (8)) (connect i o (conv (kernel 3))))",
        "1:39",
        "8 windows of 3 with stride 1 need 10 units, i has 8",
        "along the units: 6 units in o, or a kernel of 1, or 10 units in i",
    ),
}

TABLES = {
    "zeros-and-ones": net(
        "'((0 1) (1 2 3))",
        "'((1 1 0 0) (0 1 1 1))",
        "7:61",
        "lists the maps of h1 by number, in a row for each map of h2; these are zeros and ones",
        "write '((0 1) (1 2 3))",
    ),
    "zeros-and-ones-turned-around": net(
        "'((0 1) (1 2 3))",
        "'((1 0) (1 1) (0 1) (0 1))",
        "7:67",
        "these are zeros and ones for each map of h1",
        "write '((0 1) (1 2 3))",
    ),
    "matrix-of-zeros-and-ones": net(
        "'((0 1) (1 2 3))", "[[1 1 0 0] [0 1 1 1]]", "7:56", "zeros and ones", "'((0 1) (1 2 3))"
    ),
    "matrix": net(
        "'((0 1) (1 2 3))", "[[0 1] [1 2]]", "7:56", "is a matrix", "write '((0 1) (1 2))"
    ),
    "turned-around": net(
        "'((0 1) (1 2 3))",
        "'((0) (0 1) (1) (1))",
        "7:68",
        "h2 has 2 maps and h1 4, the table has a row for each map of h1",
        "turned around: '((0 1) (1 2 3))",
    ),
    "counted-from-1": net(
        "'((0 1) (1 2 3))",
        "'((1 2) (2 3 4))",
        "7:69",
        "h1 has maps 0 to 3, this table counts from 1 to 4",
        "counted from 0: '((0 1) (1 2 3))",
    ),
    "in-one-list-missing": net(
        "'((0 1) (1 2 3))", "(0 1) (1 2 3)", "7:62", "maps needs 1", "(maps '((0 1) (1 2 3)))"
    ),
    "flat": net("'((0 1) (1 2 3))", "'(0 1 2 3)", "7:58", "found the number 0", "'((0 1) (1 2))"),
    "word": net("'((0 1) (1 2 3))", "full", "7:56", "found full, which has", "every map sees all"),
    "one-map-too-many-is-told-as-such": net(
        "(1 2 3)", "(1 2 4)", "7:69", "h1 has maps 0 to 3, not 4", "the last of 4 is 3"
    ),
}

OPTIONS = {
    "rate": experiment(
        "(learning-rate rate)", "(rate rate)", "12:24", "'rate'", "(learning-rate X)"
    ),
    "lr": experiment(
        "(learning-rate rate)", "(lr rate)", "12:24", "'lr'", "SN says (learning-rate X)"
    ),
    "lr-of-python": experiment(
        "(learning-rate rate)", "lr=0.1", "12:23", "lr=0.1", "(learning-rate 0.1)"
    ),
    "lr-keyword": experiment(
        "(learning-rate rate)", ":lr 0.1", "12:23", "found :lr", "(learning-rate X)"
    ),
    "number": experiment("(sgd (learning-rate rate))", "(adam 0.001)", "12:24", "the number", RULE),
    "rule-bare": experiment(
        "sgd (sgd (learning-rate rate))", "adam 0.001", "12:19", "found", FULL_RULE
    ),
    "rule-flat": experiment(
        "sgd (sgd (learning-rate rate))",
        "adam (learning-rate 0.001)",
        "12:20",
        "optimizer",
        FULL_RULE,
    ),
    "rule-alone": experiment(
        "(optimizer sgd (sgd (learning-rate rate)))",
        "(optimizer (adam 0.001))",
        "12:3",
        "2",
        FULL_RULE,
    ),
    "rule-without-optimizer": experiment(
        "(optimizer sgd (sgd (learning-rate rate)))",
        "(adam (learning-rate 0.001))",
        "12:4",
        "no option 'adam'",
        FULL_RULE,
    ),
    "misspelt-rule": experiment(
        "(sgd (", "(sdg (", "12:19", "optimizer 'sdg'", "did you mean 'sgd'?"
    ),
    "epochs": experiment("passes", "epochs", "13:4", "no option 'epochs'", "SN says (passes N)"),
    "batch-size": experiment(
        "(passes 5)", "(batch-size 32)", "13:4", "'batch-size'", "each pattern"
    ),
    "seed": experiment("(passes 5)", "(seed 1)", "13:4", "no option 'seed'", "sn run --seed N"),
    "shuffle": experiment("(passes 5)", "(shuffle t)", "13:4", "'shuffle'", "(order shuffled)"),
    "loss": experiment("(passes 5)", "(loss mse)", "13:4", "no option 'loss'", "SN says (cost"),
    "weight-decay": experiment(
        "(learning-rate rate)", "(weight-decay 1)", "12:24", "'weight", "(decay X)"
    ),
    "no-value": experiment(
        "(learning-rate rate)", "(learning-rate eta)", "12:38", "eta, which", "(setq eta"
    ),
    "percent": experiment(
        "(learning-rate rate)", "(learning-rate 1%)", "12:38", "1%, which", "write 0.01"
    ),
    "equals": experiment("(passes 5)", "(passes = 5)", "13:13", "passes needs 1", "(passes N)"),
}

WELL = {
    "one-number-for-two": NET.replace("(kernel 5 5) (stride 2 2)", "(kernel 5) (stride 2)"),
    "one-number-for-a-kernel": NET.replace("(kernel 5 5)", "(kernel 5)"),
    "names-as-strings": NET.replace("(connect h2 output", '(connect "h2" "output"'),
    "true-that-is-given": "(setq true t)\n(if true 1 2)",
    "true-that-is-given-later": "(de f () (if true 1 2))\n(setq true t)",
    "true-that-is-loaded-later": '(de f () (if true 1 2))\n(de g () (load "words"))',
    "true-that-is-bound": "(let ((true t)) (if true 1 2))",
    "true-that-is-a-parameter": "(de f (a true) (if true 1 2))",
    "true-that-is-quoted": "(list 'true 'else '// '(none 1/3))",
    "true-as-a-key": "(selectq 'true (true 1) (else 2))",
    "else-for-a-macro": "(df choose (test yes word no) (eval no))\n(choose t 1 else 2)",
    "null-as-a-function": "(mapcar null '(1 ()))\n(setq empty null)",
    "a-word-alone": "nope\n(setq a 1)\na",
    "slashes-between-bars": "(setq |//| 1)\n(list |//|)",
    "slashes-as-a-function": "(de // (a b) (div a b))\n(// 7 2)",
    "names-like-numbers": "(setq 2d 1)\n(+ 2d 1)\n(let ((3d 4)) (* 3d 2))",
    "matrices-of-other-kinds": "(list [i[1 2][3 4]] [a[a 1][a x]] [f 1 2])",
    "tabs": "(setq\ta\t1)",
    "line-ends-of-windows": "(setq a 1)\r\n(setq b 2)\r\n",
    "blanks-that-do-not-break": "(setq\u00a0a\u30001)",
    "greek-names": "(setq η 0.1)\n(* 2 η)",
    "odd-characters-in-strings": '(print "“ – １ ; )")',
    "odd-characters-between-bars": "(setq |a–b| 1)",
    "odd-characters-in-comments": "; “ – １ '\n(setq a 1)",
    "quotes": "(list 'a '(b 'c) ''d)",
    "quote-behind-a-word": "(list 1'a)",
}

SLIPS = {
    f"{kind}-{name}": found
    for kind, table in {
        "definition": DEFINITIONS,
        "infix": INFIX,
        "unset": UNSET,
        "scope": SCOPE,
        "data": DATA,
        "text": TEXT,
        "silent": SILENT,
        "layer": LAYERS,
        "link": LINKS,
        "table": TABLES,
        "window": WINDOWS,
        "option": OPTIONS,
    }.items()
    for name, found in table.items()
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_gets_its_place_and_a_right_lead(name: str) -> None:
    found = SLIPS[name]
    with pytest.raises(SnError) as caught:
        Session().evaluate(found.program, "n.sn")
    error = caught.value
    shown = render(error, lambda file: found.program)
    assert str(error.span) == f"n.sn:{found.place}", shown
    assert found.message in error.message, shown
    assert found.hint in (error.hint or ""), shown
    assert len(shown) < 2000


@pytest.mark.parametrize("name", WELL)
def test_what_is_no_slip_is_taken(name: str) -> None:
    Session().evaluate(WELL[name], "n.sn")


def test_a_symbol_that_only_looks_right_prints_between_bars() -> None:
    it = Session().interpreter
    assert it.show(it.run("'|a–b|")) == "|a–b|"
    assert it.show(it.run("'|a-b|")) == "a-b"


@pytest.mark.parametrize(
    "sizes",
    [
        "16x16",
        "16X16",
        "16×16",
        "(16x16)",
        "(16*16)",
        "(16 x 16)",
        "[16 16]",
        "'(16 16)",
        "(list 16 16)",
        "16 16",
        "(size 16 16)",
        "size=16x16",
    ],
)
def test_sizes_written_as_elsewhere_are_shown_as_a_list(sizes: str) -> None:
    with pytest.raises(SnError) as caught:
        Session().evaluate(NET.replace("(16 16)", sizes, 1), "n.sn")
    hint = "sizes are a list of numbers: (layer input (16 16) (border -1))"
    assert caught.value.hint == hint
    assert caught.value.span is not None and caught.value.span.line == 2


def test_one_number_between_images_counts_for_both_axes() -> None:
    nets = []
    for kernel in ("(kernel 5 5) (stride 2 2)", "(kernel 5) (stride 2)", "(kernel 5) (stride 2 2)"):
        session = Session()
        session.evaluate(NET.replace("(kernel 5 5) (stride 2 2)", kernel), "n.sn")
        nets.append(session.world.networks["n"].rows())
    for other in nets[1:]:
        assert all((a == b).all() for a, b in zip(nets[0], other, strict=True))


def test_one_number_between_lines_is_a_window_of_one_dimension() -> None:
    session = Session()
    session.evaluate(
        "(defnet n (layer i (3 16)) (layer o (2 12)) (connect i o (conv (kernel 5))))", "n.sn"
    )
    dst, src, _, _ = session.world.networks["n"].rows()
    assert (src > 0).sum() == 2 * 3 * 12 * 5


CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "slips"


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.sn")), ids=lambda path: path.stem)
def test_a_file_with_a_slip_says_what_its_first_line_expects(path: Path) -> None:
    expected = path.read_text(encoding="utf-8").split("\n")[0].removeprefix("; expect: ")
    with pytest.raises(SnError) as caught:
        Session().load(path)
    assert expected in render(caught.value)


def test_there_are_files_with_slips() -> None:
    assert len(list(CORPUS.glob("*.sn"))) > 40
