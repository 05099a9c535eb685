"""Slips of newcomers in the language: what the message says, its caret and what the hint shows.

A program in another language's habits, word for word as people type it. Those that describe nets
are in test_describe_leads.py, those that need a whole program and its golden answer in
test_slips.py, whole files in tests/corpus/slips.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sn.errors import SnError, render
from sn.session import Session
from tests.slips import NET, check, experiment, named, net, slip

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
    "defparameter": slip(
        "(defparameter rate 0.003)", "1:1", "'defparameter'", ": (setq rate 0.003)"
    ),
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
    "break": slip(
        "(de f (x) (break) x)\n(f 1)", "1:11", "'break'", "there is no debugger: (print x)"
    ),
    "quit": slip("(quit)", "1:1", "'quit'", "(exit) leaves a program or the prompt"),
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
    "function-as-a-number": slip(
        "(* length 2)", "1:4", "found the function ::DX:length", "is a function, (length list)"
    ),
    "own-function-as-a-number": slip(
        "(de epsilon (l v) v) (+ epsilon 1)", "1:25", "function", "a function, (epsilon l v)"
    ),
    "function-assigned": slip(
        "(setq length 2)", "1:1", "cannot be assigned", "a function of SN, (length list); choose"
    ),
    "word-of-the-prompt": slip("(help 'car)", "1:1", "called 'help'", "the prompt: sn repl FILE"),
    "training-of-the-prompt": slip(
        "(train 5)", "1:1", "called 'train'", "of sn repl FILE; what is"
    ),
    "commas-in-the-first-list": slip("(+ 1, 2)", "1:5", "','", "stands in a list: (+ 1 2)"),
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

WELL = {
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

SLIPS = named(
    definition=DEFINITIONS,
    infix=INFIX,
    unset=UNSET,
    scope=SCOPE,
    data=DATA,
    text=TEXT,
    silent=SILENT,
)


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_gets_its_place_and_a_right_lead(name: str) -> None:
    check(SLIPS[name])


@pytest.mark.parametrize("name", WELL)
def test_what_is_no_slip_is_taken(name: str) -> None:
    Session().evaluate(WELL[name], "n.sn")


def test_a_symbol_that_only_looks_right_prints_between_bars() -> None:
    it = Session().interpreter
    assert it.show(it.run("'|a–b|")) == "|a–b|"
    assert it.show(it.run("'|a-b|")) == "a-b"


CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "slips"


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.sn")), ids=lambda path: path.stem)
def test_a_file_with_a_slip_says_what_its_first_line_expects(path: Path) -> None:
    expected = path.read_text(encoding="utf-8").split("\n")[0].removeprefix("; expect: ")
    with pytest.raises(SnError) as caught:
        Session().load(path)
    assert expected in render(caught.value)


def test_there_are_files_with_slips() -> None:
    assert len(list(CORPUS.glob("*.sn"))) > 40
