"""Programs that are too large to be kept as files: nests as deep as a program text can be."""

from __future__ import annotations

DEPTH = 100_000
DEEPEST = 1_000_000
_CALLS = "too many calls inside one another"


def _closed(opener: str, inner: str, closer: str, n: int = DEPTH) -> str:
    return opener * n + inner + closer * n


# name: (text, what the output must hold)
NESTS: dict[str, tuple[str, str]] = {
    "lists never closed": ("(" * DEPTH, "this '(' is never closed"),
    "lists never opened": (")" * DEEPEST + "(print 'all-well)", "all-well"),
    "lists, evaluated": (_closed("(", "1", ")"), _CALLS),
    "lists, quoted": ("(print '" + _closed("(", "1", ")") + ")", "1))))"),
    "dotted lists": ("(print '" + _closed("(a . ", "1", ")") + ")", "a a a a a . 1)"),
    "wrong closers": (_closed("(", "1", "]"), "expected ')', found ']'"),
    "quotes": ("(print " + "'" * DEPTH + "x)", "(quote (quote (quote"),
    "quotes of nothing": ("'" * DEPTH, "nothing follows this prefix '"),
    "backquotes": ("`" * DEPTH + "x", "a backquote inside a backquote is not supported"),
    "templates": ("(setq x 1) (print " + _closed("`(,", "x", ")") + ")", _CALLS),
    "templates, spliced": ("(setq x '(1)) (print " + _closed("`(,@", "x", ")") + ")", "(1)"),
    "negations": ("(print " + "~" * DEPTH + "x)", _CALLS),
    "commas": ("`(" + "," * DEPTH + "x)", "stands outside a backquote"),
    "scopes": ("(print '" + ":a" * DEPTH + ")", "a a a a"),
    "matrices": (_closed("[", "1", "]"), "dimensions"),
    "matrices never closed": ("[" * DEPTH, "this '[' is never closed"),
    "arrays": ("(print " + _closed("#[", "1", "#]") + ")", "1]]]]"),
    "arrays of lists": ("(print " + _closed("#[(", "1", ")#]") + ")", "1)])])])]"),
    "functions": (_closed("(de f () ", "1", ")") + " (f)", "f"),
    "sums": ("(print 'sum " + _closed("(+ 1 ", "1", ")") + ")", _CALLS),
    "tests": ("(print " + _closed("(if t ", "1", ")") + ")", _CALLS),
    "bindings": ("(print " + _closed("(let ((x 1)) ", "x", ")") + ")", _CALLS),
    "loops": ("(print " + _closed("(for (i 1 1) ", "1", ")") + ")", _CALLS),
    "handlers": ("(print " + _closed("(on-error 1 ", "1", ")") + ")", _CALLS),
    "nets": (_closed("(defnet n ", "1", ")"), "is described inside net"),
    "a string of brackets": ('(print (len "' + "(" * DEEPEST + '"))', "1e+06"),
    "a string never closed": ('(print "' + "(" * DEEPEST, "this string is not closed"),
    "a string of escapes": ('(print (len "' + "\\\\" * DEPTH + '"))', "100000"),
    "comments": ("; (((\n" * DEEPEST + "(print 'all-well)", "all-well"),
    "comments in between": ("#!(((!#" * DEPTH + "(print 'all-well)", "all-well"),
    "a comment never closed": ("(list " + "#! " * DEPTH, "this comment is not closed"),
    "a long name": ("(print (len (pname '" + "a" * DEEPEST + ")))", "1e+06"),
    "a number that is none": ("(print (len (pname '" + "1" * DEPTH + "x)))", "100001"),
    "a long number": ("(print " + "1" * DEEPEST + ")", "is too large"),
    "a long list": ("(print (length '(" + "a " * DEEPEST + ")))", "1e+06"),
    "a long line": ("(print 'a)" * DEPTH + " (car 5)", "car needs a list"),
    "a word on each line": ("a\n" * DEPTH + "(print 'all-well)", "all-well"),
    "words given a value below": (
        "(list a+= 1)\n" * DEPTH + "(setq a+= (print 'all-well))",
        "all-well",
    ),
    "words bound in their form": (
        "(progn " + "(list a+= 1)\n" * DEPTH + "(let ((a+= 1)) (print 'all-well)))",
        "all-well",
    ),
    "matrices on a line": ("[1 2] " * DEPTH + "(print 'all-well)", "all-well"),
    "a layer's sizes": ("(defnet n (layer a " + _closed("(", "1", ")") + "))", "error"),
    "names of a layer": ("(defnet n (layer " + _closed("(", "1", ")") + " (2)))", "error"),
    "data": (
        "(setq p '" + _closed("(", "1", ")") + ") (setq q '((1)))"
        "(defnet n (layer a (2)) (layer b (1)) (connect a b (full)))"
        "(experiment n (data (patterns p q)) (optimizer o (sgd (learning-rate 0.1))) (passes 1))",
        "error",
    ),
    "a formula": (
        "(de nl (x) " + _closed("(+ 1 ", "x", ")") + ")"
        "(defnet n (layer a (2)) (layer b (1) (nlf nl)) (connect a b (full)))",
        "inside one another",
    ),
}
