"""Layers and options: sizes and settings written as elsewhere, turned into lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from sn.describe.leads.words import OTHER_WORDS, elsewhere
from sn.describe.primitives import primitive
from sn.lisp.forms import Pair, Symbol, Value, number_exact, to_list
from sn.lisp.leads import infix
from sn.lisp.leads.names import misread
from sn.lisp.leads.writing import call, code, items, name_of
from sn.lisp.machine import Machine
from sn.net import expr

_SIZES = re.compile(r"\d+(?:[x×*,]\d+)*")
_PART = re.compile(r"\((?:layer|connect|expect)\s")
_KEYWORD = re.compile(r"([a-z][\w.-]*)=(\S*)")
_RATES = ("learning-rate", "rate", "lr", "eta", "momentum", "decay", "mu", "gamma", "epsilon")
_NOISE = ("x", "×", "*", "by", ",", "quote", "list", "size", "shape", "sizes", "units", "tuple")


def numbers(form: Value, depth: int = 0) -> list[float] | None:
    """Return the sizes that a form means: `16x16`, (16 x 16), [16 16], '(16 16), size=10."""
    if type(form) is float:
        return [form]
    if type(form) is Symbol:
        text = form.name.partition("=")[2] or form.name
        return [float(one) for one in re.findall(r"\d+", text)] if _SIZES.fullmatch(text) else None
    if hasattr(form, "data"):
        rank = form.data.ndim
        return (
            [float(one) for one in form.data.tolist()] if rank == 1 and form.data.size < 9 else None
        )
    found: list[float] = []
    for part in (items(form, 9) or []) if type(form) is Pair and depth < 4 else []:
        if name_of(part) in _NOISE:
            continue
        inner = numbers(part, depth + 1)
        if inner is None:
            return None
        found += inner
    return found or None


def sizes(form: Pair) -> str | None:
    """Return the hint for a layer's form whose sizes are no list of numbers."""
    args = items(form.cdr, 100) or []
    if len(args) < 2:
        return None
    title, *rest = args
    if _are_sizes(rest[0]):
        return None  # it is one of the numbers that is wrong
    if type(rest[0]) is Pair and infix.lead(rest[0], True):
        inner = code(infix.prefixed(rest[0]))
        return f"sizes are a list, in which each may be computed: ({inner})"
    found: list[float] = []
    while rest and (more := numbers(rest[0])):
        found += more
        rest = rest[1:]
    if not found:
        later = next((part for part in rest if _are_sizes(part)), None)
        if later is None:
            return None
        others = [part for part in rest if part is not later]
        return f"sizes stand behind the name: {call('layer', [title, later, *others])}"
    if not 1 <= len(found) <= 3:
        return None
    return f"sizes are a list of numbers: {call('layer', [title, to_list(found), *rest])}"


def order(form: Pair) -> str | None:
    """Return the hint for a layer whose sizes stand before its name."""
    args = items(form.cdr, 100) or []
    if len(args) < 2 or type(args[1]) is not Symbol or not _are_sizes(args[0]):
        return None
    return f"the name stands before the sizes: {call('layer', [args[1], args[0], *args[2:]])}"


def _are_sizes(form: Value) -> bool:
    parts = items(form, 9) if type(form) is Pair else None
    return bool(parts) and all(type(part) is float for part in parts or ())


def option(form: Value, known: Mapping[str, str]) -> str | None:
    """Return the hint for what stands where an option, a list, is wanted."""
    if type(form) is float:
        word = next(iter(known), "")
        if word == "kernel":
            return f"an option is a list: ({word} {number_exact(form)})"
        if word == "learning-rate" or "learning-rate" in known:
            return f"an option is a list: (learning-rate {number_exact(form)})"
        return None
    if type(form) is Pair and name_of(form.car) == "quote" and type(form.cdr) is Pair:
        form = form.cdr.car
    if type(form) is str:
        form = Symbol(form)
    if type(form) is not Symbol:
        return None
    name = form.name
    if name in known:
        return f"an option is a list: write {known[name]}"
    if match := _KEYWORD.fullmatch(name):
        word = match[1] if match[1] in known else OTHER_WORDS.get(match[1], "")
        if word in known and match[2]:
            return f"an option is a list: ({word} {match[2]})"
    if "kernel" in known and (found := numbers(form)):
        return f"an option is a list: (kernel {' '.join(map(number_exact, found))})"
    return elsewhere(name, known, ()) or misread(name)


def window_sizes(form: Pair) -> str | None:
    """Return the hint for the sizes of a window that are no two numbers: (kernel (5 5))."""
    given = items(form.cdr, 9) or []
    found = numbers(to_list(given))
    if found == given:
        return None  # they stand there already: one of them is what is wrong
    if not found or len(found) > 2 or any(one != int(one) for one in found):
        return None
    return f"the numbers stand in the option itself: {code(to_list([form.car, *found]))}"


def optimizer(args: Sequence[Value], rules: Sequence[str]) -> str | None:
    """Return the hint for (optimizer ...) without a name, or without a rule in parentheses."""
    title = next((part for part in args if type(part) is Symbol), None)
    options: list[Value] = []
    word = name_of(title) if name_of(title) in rules else "sgd"
    for part in args:
        head = name_of(part.car) if type(part) is Pair else ""
        if head in rules:
            word, options = head, [*options, *(items(part.cdr, 50) or [])]
        elif head and head not in _RATES:
            return None
        elif part is not title:
            options.append(part)
    if not any(type(part) is Pair for part in options):
        rate = next((part for part in options if type(part) is float), Symbol("R"))
        options = [to_list([Symbol("learning-rate"), rate])]
    rule = to_list([Symbol(word), *options])
    return f"write {call('optimizer', [title or Symbol(word), rule])}"


def rule(args: Sequence[Value], word: str) -> str | None:
    """Return the hint for (adam 0.001)."""
    if len(args) != 1 or type(args[0]) is not float:
        return None
    return f"its options are lists: {call(word, [to_list([Symbol('learning-rate'), args[0]])])}"


def builtin_as_formula(form: Value, function: Value, known: Iterable[str]) -> str | None:
    """Return the hint for (nlf tanh), where the function is one of SN's own."""
    word = name_of(form)
    if not word or getattr(function, "noun", "") != "function" or hasattr(function, "body"):
        return None
    if word in known:
        return f"write ({word}) in its place"
    is_formula = primitive(word, [expr.variable("x")]) is not None
    return f"write (nlf (lambda (x) ({word} x)))" if is_formula else None


def closed_early(it: Machine, form: Pair) -> str | None:
    """Return the hint for a `defnet` behind which its body goes on: a `)` too many ends it."""
    span = form.span
    lines = ((it.source(span.file) if span is not None else None) or "").split("\n")
    if span is None or span.end_line >= len(lines):
        return None
    for number in range(span.end_line, min(span.end_line + 20, len(lines))):
        rest = lines[number].strip()
        if rest and rest[0] != ";":
            goes_on = lines[number][0].isspace() and _PART.match(rest)
            place = f"a ')' too many ends the net on line {span.end_line}"
            return f"{place}: line {number + 1} goes on with {rest[:48]}" if goes_on else None
    return None
