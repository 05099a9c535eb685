"""Live: programs that make a small net unit by unit and call SN 2.8's words, nearly right.

What a word takes is read off its call form, the first line of its manual; a file that adds words
is found by itself. Most arguments are right, for a call that is refused at once tries nothing.
"""

from __future__ import annotations

import functools
import random
import re
from pathlib import Path

from scripts.fuzz.mutate import FORMS, NUMBERS, STRINGS
from sn.lisp.library import index
from sn.session import Session

ROOT = Path(__file__).resolve().parents[2]
_MODULES = ("sn.sn28.", "sn.codebooks.", "sn.graphics.", "sn.builtins.")
_FIELDS = (
    "n-val", "n-sum", "n-grad", "n-backsum", "n-epsilon", "n-freedom", "n-ggrad", "n-sqbacksum",
    "n-sigma", "n-spare", "n-spare1", "n-spare2", "n-spare3",
)  # fmt: skip
_FUNCTIONS = (
    "tanh", "car", "(lambda (x) (* x x))", "(lambda (x) ())", "(lambda () 1)", "nlf", "dnlf",
    "ddnlf", "(nlf-f-tanh 1 0.666 1 0)", "(nlf-df-tanh 1 0.666 1 0)", "(nlf-f-lin 1 1 0 0)",
    "(nlf-f-lisp (lambda (x) (+ x 1)))", "(nlf-df-all tanh)", "(nlf-f-spline '(0 1 2) '(1 0 1))",
    "(nlf-f-piecewise 1 1 0 0)", "(nlf-f-threshold 1 0 0 0)", "(nlf-f-0)",
    "(nlf-f-lisp (lambda (x) (alloc-net 3 1) x))", "(lambda (x) (newneurons 90) (connect 1 9) 1)",
    "(lambda (x) (when (amont 4) (cut-connection (car (amont 4)) 4)) x)",
)  # fmt: skip
_LAYERS = (
    "input", "hidden", "output", "(list hidden output)", "net", "(car hidden)", "0", "'(0)", "()",
    "(range 1 6)", "'(1 1 1)", "(nth 2 output)",
)  # fmt: skip
_KINDS_OF = (
    "'(sgn 1)", "'(sgn 0.2 0.8)", "'(lms)", "'(hamming 0.5)", "'(thlms 0.5)", "'(thlms)", "'(max)",
    "'(quadrant 1 2)", "'(a . 5)", "'((input) (output))", "'((input) (hidden) (output))",
    "sn-class-sgn", "sn-class-lms", "nextcho-rnd", "'nextpat-seq", "1e38", "0.5", "3", "-1",
)  # fmt: skip
_BODIES = (
    "()", "0", "1", "(alloc-net 50 90)", "(clear-net)", "(newneurons 3)",
    "(setq pattern-matrix [[1 2]])",
    "(cut-connection 1 4)", "(connect 1 8)", "(setq current-pattern 9)", "(learn 1)", "(perf)",
    "(setq net-layers ())", "(setq class-kind ())", "(numeric-mode 'fast)",
    '(libload "sn28/sn28")',
)  # fmt: skip
_VARIABLES = (
    "alpha decay mu gamma theta nlf dnlf ddnlf net-layers net-functions net-struc pattern-matrix "
    "desired-matrix input-layer output-layer desired-layer init-grad classify next-pattern "
    "next-choice disp-basic-iteration disp-perf-iteration window plot-port perf-file"
).split()
_LOOPS = (
    "(learn 3)", "(perf)", "(learn-newton 3)", "(batch-iteration 0 3)", "(run 2 2)", "(trun 2 2)",
    "(learn-cycle 2)", "(cg 0 3 2)", "(batch-newton-iteration 0 3)", "(learn-lm 3)",
)  # fmt: skip
_SMALL = ("0", "1", "2", "3", "4", "5", "0.1", "0.5", "-1")
_SYMBOLS = ("'fast", "'historical", "'zipcode", "'a", "'(a b)", "()", "t")
_MATRICES = (
    "patterns", "desired", "(matrix 2 3)", "[1 2 3]", "[]", "(matrix 3)", "(int-matrix 2 2)",
    "[[1 2 3][4 5 6]]", "#[1 'a#]", "(submatrix patterns '(0 1) '(0 2))", "codes",
)  # fmt: skip
_LIBRARIES = ("sn28/sn28", "sn28/sn28ite", "sn28/sn28new", "sn28/sn28itenew")
_OPENING = """
(setq patterns [[0 0 1][0 1 0][1 0 1][1 1 0]]) (setq desired [[1][-1][1][-1]])
(setq input (newneurons 3)) (setq hidden (newneurons 4)) (setq output (newneurons 1))
(setq net (list hidden output)) (setq input-layer input) (setq output-layer output)
(connect input hidden 0.5 0.1) (connect hidden output 0.2) (connect 0 net)
(setq pattern-matrix patterns) (setq desired-matrix desired) (setq desired-layer output)
"""
_BUILT = """
(progn (build-net '((input 3) (hidden 4) (output 1)) '((input hidden) (hidden output)))
  (ensemble 0 3) (forget 1) (epsi 0.1))
""".strip()
# by what an argument is called, the words that it is drawn from
_KINDS = (
    (r"layer|units?|out$|desired|pre|post|m1|m2|n1|n2", _LAYERS),
    (r"nlf|function|^f$|driver", _FUNCTIONS),
    (r"field", _FIELDS),
    (r"matrix|patterns|^m$|array|words|codebook", _MATRICES),
    (r"file|name|string|text|format|title", STRINGS),
    (r"mode|symbol|kernel", _SYMBOLS),
)


@functools.cache
def calls() -> list[tuple[str, list[str], bool]]:
    """Return the words with their arguments; whether they are about nets, and so drawn often."""
    found = []
    for symbol in Session().interpreter.symbols:
        function = getattr(symbol.value, "function", None)
        module = getattr(function, "__module__", "")
        form = re.match(r"\((\S+)([^)]*)", getattr(function, "__doc__", None) or "")
        if form and module.startswith(_MODULES):
            arguments = re.findall(r"[\w-]+", form[2])
            found.append((symbol.name, arguments, not module.startswith("sn.builtins.")))
    return found


@functools.cache
def library() -> list[tuple[str, list[str]]]:
    """Return the functions that are written in SN Lisp, with their parameters."""
    found = []
    for path in sorted((ROOT / "sn" / "lib").rglob("*.sn")):
        source = path.read_text(encoding="utf-8")
        for name, parameters in re.findall(r"^\(de\s+(\S+)\s+\(([^)]*)\)", source, re.MULTILINE):
            found.append((name, re.findall(r"[\w-]+", parameters)))
    return found


@functools.cache
def variables() -> list[str]:
    """Return the variables of the library, which its functions and compiled loops read."""
    own = {name for part in index().values() for name in part["variables"]}
    return sorted({*own, *_VARIABLES, "class-kind", "cost-kind"})


def program(draw: random.Random) -> list[str]:
    """Return the forms of a program."""
    forms = [f'(libload "{draw.choice(_LIBRARIES)}")'] * (draw.random() < 0.5)
    if draw.random() < 0.8:
        forms.append(f"(alloc-net {draw.choice((20, 100, 9))} {draw.choice((100, 400, 12))})")
    forms += [form for form in _OPENING.strip().split("\n") if draw.random() < 0.95]
    if draw.random() < 0.4:  # a net that the library's functions train
        forms += [_BUILT] + ["(numeric-mode 'fast)"] * (draw.random() < 0.3)
    about_nets = [one for one in calls() if one[2]]
    for _ in range(draw.randint(1, 12)):
        chance = draw.random()
        if chance < 0.12:
            forms.append(_changed(draw))
        elif chance < 0.2:
            forms.append(draw.choice(_LOOPS))
        elif library() and draw.random() < 0.3:
            forms.append(_call(*draw.choice(library()), draw))
        else:
            name, arguments, _ = draw.choice(about_nets if draw.random() < 0.85 else calls())
            forms.append(_call(name, arguments, draw))
    return forms


def _changed(draw: random.Random) -> str:
    """Return a form that sets a variable of the library, or defines one of its functions anew."""
    if draw.random() < 0.6:
        value = draw.choice(draw.choice((_KINDS_OF, _LAYERS, _FUNCTIONS, _MATRICES, NUMBERS)))
        return f"(setq {draw.choice(variables())} {value})"
    name, parameters = draw.choice(library())
    return f"(de {name} ({' '.join(parameters)}) {draw.choice(_BODIES)})"


def _call(name: str, arguments: list[str], draw: random.Random) -> str:
    given = [_argument(argument, draw) for argument in arguments]
    if draw.random() < 0.1:
        given = given[: draw.randint(0, len(given))] + [_odd(draw)] * draw.randint(0, 3)
    call = f"({name} {' '.join(given)})"
    if draw.random() < 0.1:
        call = draw.choice((f"(repeat 3 {call})", f"(setq l {call})", f"(print {call})"))
    return call


def _argument(name: str, draw: random.Random) -> str:
    chance = draw.random()
    if chance < 0.08:
        return _odd(draw)
    if chance < 0.16:
        return draw.choice(NUMBERS)
    for pattern, words in _KINDS:
        if re.search(pattern, name, re.IGNORECASE):
            return draw.choice(words)
    return draw.choice(_SMALL)


def _odd(draw: random.Random) -> str:
    kinds = (NUMBERS, STRINGS, FORMS, _LAYERS, _FIELDS, _FUNCTIONS, _MATRICES, _SYMBOLS)
    return draw.choice(draw.choice(kinds))
