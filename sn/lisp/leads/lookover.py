"""Look over: a form of the top level before it is evaluated, for what would go wrong in silence.

A name without a value is (), so `(if true 1 2)` is 2 and `// text` nothing at all. A word of
another language that stands where it would be evaluated, and that nothing gives a value, is
refused. The walk costs a fraction of what reading the form did.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator

from sn.errors import EvalError, Span, UnknownNameError
from sn.lisp.calls import Builtin, Special
from sn.lisp.forms import Pair, Symbol, Value, element_span, fold
from sn.lisp.lambdas import De, Lambda
from sn.lisp.leads import given, infix, names, text
from sn.lisp.leads.words import words
from sn.lisp.leads.writing import LONGEST, call, items, label, name_of
from sn.lisp.machine import Machine
from sn.lisp.waiting import Waiting

_MOST = 300_000  # cells looked at; a form that a macro-character made may have no end
_COMMENT = re.compile(r"//.*|/\*.*|\*/|--+|%+|<!--.*|-->")
_ASSIGNMENT = re.compile(r"(?:\S+\s+)?([\w-]+)\s*(?::=|<-|←|=)(?!=)([^;]*)")
_FUNCTION = re.compile(r"([\w-]+)\s*\(([^()]*)\)")
_BRACES = re.compile(r"[{].*|.*[}]")
_ELSE = ("else", "then", "elif", "elsif", "elseif")
_TRUTH = {word: names.TRUTH[word] for word in ("true", "false", "none", "null")}
_SUSPECTS = frozenset((*_ELSE, *_TRUTH))
_SUSPICIOUS = re.compile(r"[0-9/=%{}*+<>:!.$\\\\\u2026]|^-+$")
_TESTS = ("if", "when", "while", "do-while", "cond", "not", "and", "or", "=", "<>")
_UNEVALUATED = frozenset(
    "quote scope lock-symbol unlock-symbol layer connect experiment defclass".split()
)

# Special forms whose arguments are not all evaluated where they stand: how many precede the body.
_BODIES = {"let": 1, "let*": 1, "each": 1, "all": 1, "for": 1, "mapfor": 1}
_DEFINITIONS = {"de": 2, "df": 2, "dm": 2, "dmd": 2, "dmc": 1, "defnet": 1}
_DEFINITIONS |= {"defmethod": 3, "demethod": 3}
_MAKERS = {"lambda": 1, "flambda": 1, "mlambda": 1}


def look_over(it: Machine, form: Value, span: Span | None) -> None:
    """Refuse a form of the top level, read from `span`, that holds a word of another language.

    Raises: EvalError or UnknownNameError at the word.
    """
    if type(form) is Symbol:
        if names.is_unset(form) and span is not None:
            _refuse_bare(it, form, span)
    elif type(form) is Pair:
        bound = functools.cache(lambda: given.bound(form))
        for cell, around in _evaluated(form):
            word = cell.car
            if type(word) is not Symbol or not _is_suspect(word, around):
                continue
            found = _meant(it, word, cell, around)
            if found and not _has_a_value(it, word, bound, element_span(cell) or form.span):
                raise EvalError(found[0], span=element_span(cell) or around.span, hint=found[1])


def _is_suspect(word: Symbol, around: Pair) -> bool:
    """Whether a word is worth a closer look: most names are letters and have a value."""
    if word.value is not None:
        return word.name == "null"
    return (
        word.name in _SUSPECTS
        or _SUSPICIOUS.search(word.name) is not None
        or name_of(around.car) == "defnet"
    )


def _evaluated(form: Pair) -> Iterator[tuple[Pair, Pair]]:
    """Yield the cells of what a form evaluates, each with the call that it is an argument of."""
    todo: list[Pair] = [form]
    seen = 0
    while todo and seen < _MOST:
        around = todo.pop()
        seen += 1
        head = around.car
        if type(head) is Pair:
            todo.append(head)
        callee = head.value if type(head) is Symbol else None
        if isinstance(callee, Lambda) and not isinstance(callee, De):
            continue
        if isinstance(callee, Waiting) and callee.is_special:
            continue
        is_call = hasattr(callee, "run")
        for cell in _arguments(callee, around):
            seen += 1
            if type(cell.car) is Pair:
                todo.append(cell.car)
            elif is_call:  # else the call is what will be wrong
                yield cell, around
            if seen > _MOST:
                return


def _arguments(callee: Value, around: Pair) -> Iterator[Pair]:
    """Yield the cells of the arguments that a call evaluates."""
    name = callee.name if isinstance(callee, Special) else ""
    if name in _UNEVALUATED or (callee is not None and name_of(around.car) == "connect"):
        return
    rest = around.cdr
    if name == "cond" or name == "selectq":
        yield from _clauses(name, rest)
        return
    if name == "==>" and type(rest) is Pair and type(rest.cdr) is Pair:
        yield rest
        rest = rest.cdr.cdr
    if name == "setq":
        while type(rest) is Pair and type(rest.cdr) is Pair:
            yield rest.cdr
            rest = rest.cdr.cdr
        return
    if name in _BODIES and type(rest) is Pair:
        yield from _values(name, rest.car)
    for _ in range(_BODIES.get(name) or _DEFINITIONS.get(name) or _MAKERS.get(name) or 0):
        rest = rest.cdr if type(rest) is Pair else None
    while type(rest) is Pair:
        yield rest
        rest = rest.cdr


def _clauses(name: str, rest: Value) -> Iterator[Pair]:
    for _ in range(_MOST):
        if name == "selectq" and type(rest) is Pair:
            yield rest
            rest, name = rest.cdr, "clauses"
        if type(rest) is not Pair:
            return
        cell = rest.car if name == "cond" else rest.car.cdr if type(rest.car) is Pair else None
        while type(cell) is Pair:
            yield cell
            cell = cell.cdr
        rest = rest.cdr


def _values(name: str, bindings: Value) -> Iterator[Pair]:
    """Yield the cells of the values that a form binds names to."""
    if name in ("for", "mapfor"):
        cell = bindings.cdr if type(bindings) is Pair else None
        while type(cell) is Pair:
            yield cell
            cell = cell.cdr
        return
    for pair in items(bindings, 10_000) or []:
        if type(pair) is Pair and type(pair.cdr) is Pair:
            yield pair.cdr


# --- words inside of forms ---


def _meant(it: Machine, word: Symbol, cell: Pair, around: Pair) -> tuple[str, str] | None:
    """Return message and hint for a word where it would be evaluated to nothing."""
    callee = around.car.value if type(around.car) is Symbol else None
    caller = callee.name if isinstance(callee, Builtin | Special) else ""
    name, shown = word.name, label(word)
    if name in _ELSE:
        return _else(name, around, caller)
    if name == "null" and (caller not in _TESTS or not hasattr(word.value, "run")):
        return None
    if name in _TRUTH and (name == "null" or word.value is None):
        hint = names.misread(name) or ""
        return f"{shown} is no word of SN, and a name without a value counts as false", hint
    if word.value is not None:
        return None
    if _COMMENT.fullmatch(name):
        return f"'{shown}' starts no comment in SN", _comment(it, element_span(cell))
    if _BRACES.fullmatch(name):
        return f"'{shown}' has no value: braces mean nothing in SN", "lists stand in ( )"
    if name.endswith("=") or names.is_keyword(name):
        value = name.partition("=")[2]
        hint = f"write {label(Symbol(value))} alone"
        order = "arguments have no names, their order tells them apart"
        return f"{shown} has no value", f"{order}: {hint}" if value else order
    if caller == "setq" and name in infix.ASSIGNS:
        args = [part for part in items(around.cdr, 50) or [] if part is not word]
        return f"{shown} has no value", f"setq takes name and value: {call('setq', args)}"
    meant = names.misread(name)
    if meant is None and caller == "defnet" and names.is_unset(word):
        meant = f"every form stands in parentheses: ({shown} ...); {text.COMMENT}"
    return (f"{shown} has no value", meant) if meant else None


def _else(name: str, around: Pair, caller: str) -> tuple[str, str] | None:
    if name not in ("else", "then") and caller in ("if", "cond"):
        return (
            f"'{name}' is no word of SN",
            "(cond (test yes) (test yes) (t no)) chooses of several",
        )
    if caller == "if":
        args = [part for part in items(around.cdr, 50) or [] if name_of(part) not in _ELSE]
        return f"'{name}' is no part of (if test yes no)", f"leave it out: {call('if', args)}"
    if caller == "cond":
        return f"'{name}' is no test of cond", "the last clause starts with t: (t ...)"
    return None


def _comment(it: Machine, span: Span | None) -> str:
    lines = (it.source(span.file) or "").split("\n") if span is not None else []
    if span is None or span.line > len(lines):
        return text.COMMENT
    line = lines[span.line - 1][span.column - 1 :]
    return text.commented(re.sub(r"^(//|/\*|--|%)+|\*/\s*$", "", line.strip()), 0)


def _has_a_value(
    it: Machine, word: Symbol, bound: Callable[[], set[str] | None], span: Span | None
) -> bool:
    """Whether the form binds the word, or its file assigns it somewhere."""
    names_bound = bound()
    if names_bound is None or word.name in names_bound:
        return True
    source = (it.source(span.file) if span is not None else None) or ""
    if span is None or not source:
        return False
    # what is loaded later may give it a value
    return fold(word.name) in given.assigned(source) or given.last_load(source) > span.line


# --- words outside of forms ---


def _refuse_bare(it: Machine, word: Symbol, span: Span) -> None:
    """Refuse a word of the top level that something else follows on its line."""
    lines = given.lines(it.source(span.file) or "")
    rest = lines[span.line - 1][span.end_column :] if span.line <= len(lines) else ""
    follows = rest.strip()
    name, shown = word.name, label(word)
    is_comment = _COMMENT.fullmatch(name)
    if not is_comment and (not follows or follows[0] in ";)" or rest[0] in "([\"'"):
        return
    if is_comment:
        hint = _comment(it, span)
        raise EvalError(f"'{shown}' starts no comment in SN", span=span, hint=hint)
    message = f"{shown} has no value, and stands outside of a form"
    raise UnknownNameError(message, span=span, hint=_bare_hint(name, follows))


def _bare_hint(name: str, follows: str) -> str:
    """Return the hint for a bare word and what follows it on its line."""
    shown = label(Symbol(name))
    assigned = _ASSIGNMENT.match(f"{name} {follows}"[:LONGEST])
    defined = _FUNCTION.match(follows[:LONGEST])
    if name == "=>":
        return "=> shows the value of an example: leave it out, with what follows"
    if name in ("import", "from", "include", "require", "using"):
        return 'a program reads another by (load "FILE")'
    if assigned:
        return f"a name gets its value by (setq {assigned[1]} {assigned[2].strip() or '...'})"
    if defined and name in words:
        return f"de defines a function: (de {defined[1]} ({defined[2].replace(',', ' ')}) ...)"
    if _BRACES.fullmatch(name):
        return "braces mean nothing in SN: lists stand in ( )"
    return f"every form stands in parentheses: ({shown} ...); {text.COMMENT}"
