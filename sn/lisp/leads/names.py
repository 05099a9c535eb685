"""Names: what was meant by a name that has no value where one was needed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sn.errors import SnError, Span, did_you_mean
from sn.lisp.forms import Pair, Symbol, Value, describe
from sn.lisp.leads import infix
from sn.lisp.leads.writing import LONGEST, code, items, label, name_of, some_cells
from sn.lisp.library import call_forms
from sn.lisp.machine import Machine

_FRACTION = re.compile(r"([+-]?\d+)/(\d+)")
_PERCENT = re.compile(r"([+-]?\d*\.?\d+)%")
_SIZES = re.compile(r"\d+(?:[x×*]\d+)+")
_SEPARATED = re.compile(r"\d+(?:-\d+)+")  # the reader makes - of _
_UNIT = re.compile(r"([+-]?\d*\.?\d+)([a-z]+)")
_KEYWORD = re.compile(r"([a-z][\w.-]*)[=:](\S*)")
_COMMENT = re.compile(r"//.*|/\*.*|--|%+")

_MOST = 10_000  # cells of a tree of parameters looked at

TRUTH = {
    **dict.fromkeys(("true", "yes", "on"), "t"),
    **dict.fromkeys(("false", "none", "null", "no", "off", "undefined"), "()"),
}
_MAKERS = ("lambda", "flambda", "mlambda")
_DEFINERS = ("de", "df", "dm", "dmd")
_COUNTERS = ("for", "mapfor")
_BINDERS = ("let", "let*", "each", "all")


def found(form: Value, value: Value) -> str:
    """Return what messages say was found: a value, or the name that has none."""
    if type(form) is Symbol and value is None and form.name != "nil":
        return f"{label(form)}, which {'is ()' if form.saved else 'has no value'}"
    return describe(value)


def is_empty(form: Value) -> bool:
    """Whether a form is a name whose value is (), or which has none."""
    return type(form) is Symbol and form.value is None and form.name != "nil"


def is_unset(form: Value) -> bool:
    """Whether a form is a name that nothing has given a value."""
    return is_empty(form) and not form.saved


def trace_argument(it: Machine, error: SnError, taken: Sequence[Symbol], form: Pair) -> None:
    """Say in the hint of an error which argument of the call `form` was the (), where it is a
    name; `taken` are the parameters of the function, one of which is `error.lost`.
    """
    cell: Value = form.cdr
    for symbol in taken:
        if type(cell) is not Pair:
            break
        if symbol is error.lost:
            given = cell.car
            error.lost = given if is_empty(given) and given.saved else None
            if is_unset(given):
                name, about = label(given), unset(it, given, cell.car_span)
                error.hint = f"{label(symbol)} is {name} of the call, which has no value: {about}"
            return
        cell = cell.cdr
    error.lost = None


def unset(
    it: Machine,
    symbol: Symbol,
    span: Span | None,
    is_function: bool = False,
    hint: str | None = None,
) -> str:
    """Return the hint for a name without a value that stands at `span`, where a function is
    wanted or another value; `hint` is what to say where nothing is known of the name.
    """
    known = functions(it) if is_function else variables(it)
    gives = f"(de {label(symbol)} (...) ...)" if is_function else f"(setq {label(symbol)} ...)"
    return (
        misread(symbol.name)
        or gone(it, symbol, span)
        or did_you_mean(symbol.name, known)
        or hint
        or f"{gives} gives it a value"
    )


def misread(name: str) -> str | None:
    """Return the hint for a name that is not meant as one, such as `1/3` or `true`."""
    if len(name) > LONGEST:
        return None
    if name.lower() in TRUTH:
        return f"SN writes {TRUTH[name.lower()]}: t is true, () is false and empty"
    if match := _FRACTION.fullmatch(name):
        top, bottom = (int(part) for part in match.groups())
        value = f"write {top / bottom:.8g}, or " if bottom else "write "
        return f"SN Lisp has no fractions: {value}(/ {top} {bottom})"
    if _SIZES.fullmatch(name):
        numbers = re.findall(r"\d+", name)
        if "*" in name:
            return f"write {' '.join(numbers)} for two sizes, (* {' '.join(numbers)}) for a product"
        return f"numbers stand apart: {' '.join(numbers)}"
    if match := _PERCENT.fullmatch(name):
        return f"write {float(match[1]) / 100:.8g}"
    if _SEPARATED.fullmatch(name):
        together, apart = name.replace("-", ""), name.replace("-", " ")
        return f"digits stand together: {together}; (- {apart}) subtracts"
    if hint := infix.tight(name):
        return f"the function comes first, and blanks between: write {hint}"
    if match := _UNIT.fullmatch(name):
        return f"a number is digits alone: {match[1]}"
    if match := _KEYWORD.fullmatch(name):
        return f"an option is a list: ({match[1]} {match[2] or 'VALUE'})"
    if _COMMENT.fullmatch(name):
        return "a comment starts with ; and ends with the line"
    if name == "\\":
        return "a form goes on over several lines as it is: leave this out"
    if name.startswith("$") and name[1:]:
        return f"a variable is its name alone: {name[1:]}"
    if name in ("...", "…"):
        return f"{name} stands for what an example leaves out; write it here"
    return None


def taken(symbol: Symbol) -> str:
    """Return the hint for a symbol of SN that a program would assign."""
    name, usage = label(symbol), call_form(symbol)
    what = f"a function of SN, {usage}" if usage else "part of SN"
    return f"{name} is {what}; choose another name, or bind it with (let (({name} ...)) ...)"


def call_form(symbol: Symbol) -> str:
    """Return how the function is called that is the value of a symbol, "" where that is none."""
    value = symbol.global_value
    if not hasattr(value, "run"):
        return ""
    if hasattr(value, "part") and symbol.name in call_forms():  # it is still in its file
        return call_forms()[symbol.name]
    if hasattr(value, "params"):
        return code(Pair(symbol, value.params)) or f"({label(symbol)} ...)"
    first = (value.__doc__ or "").strip().partition("\n")[0]
    is_own = first.startswith(f"({label(symbol)}") and len(first) <= LONGEST
    return first if is_own else f"({label(symbol)} ...)"


def is_keyword(name: str) -> bool:
    """Whether a name looks like an argument of Python, as `size=10`."""
    return _KEYWORD.fullmatch(name) is not None


def variables(it: Machine) -> Iterator[str]:
    """Yield the names that have a value which is no function."""
    for symbol in it.symbols:
        if symbol.value is not None and not hasattr(symbol.value, "run"):
            yield symbol.name


def functions(it: Machine) -> Iterator[str]:
    """Yield the names of functions and special forms."""
    return (symbol.name for symbol in it.symbols if hasattr(symbol.value, "run"))


# --- dynamic scope ---


def gone(it: Machine, symbol: Symbol, span: Span | None) -> str | None:
    """Return the hint for a name in a lambda whose maker had bound it, and has returned."""
    if span is None:
        return None
    binder, inside = "", False
    for form in _around(it, span):
        word = name_of(form.car)
        if symbol.name in bound_by(word, form):
            name = name_of(form.cdr.car) if word in _DEFINERS else ""
            binder, inside = name or word, False
        elif word in _MAKERS:
            inside = bool(binder)
    if not inside:
        return None
    name = label(symbol)
    return (
        f"{name} had its value while {binder} ran: scope is dynamic, a lambda keeps no variables "
        f"of its maker; write the value in, (eval `(lambda (...) ... ,{name} ...)), or give "
        f"{name} as an argument"
    )


def taker(it: Machine, form: Pair, span: Span | None) -> str | None:
    """Return the hint for a parameter without parentheses, which takes all arguments."""
    cell = next(
        (
            one
            for one in some_cells(form.cdr)
            if type(one.car) is Symbol and type(one.car.value) is Pair and one.car_span == span
        ),
        None,
    )
    if cell is None or span is None:
        return None
    name = label(cell.car)
    for around in _around(it, span):
        args, word = items(around.cdr) or [], name_of(around.car)
        at = 1 if word in _DEFINERS else 0
        if word in (*_MAKERS, *_DEFINERS) and name_of((*args, None, None)[at]) == cell.car.name:
            head = f"{word} {name_of(args[0])}" if at else word
            return f"{name} takes the list of all arguments; one by one: ({head} ({name}) ...)"
    return None


def _around(it: Machine, span: Span) -> Iterator[Pair]:
    """Yield the lists around a place, outermost first, as the text has them."""
    todo = it.read_apart(span.file)
    while todo:
        form = next((one for one in todo if _holds(one, span)), None)
        if form is None:
            return
        yield form
        todo = items(form) or []


def _holds(form: Value, span: Span) -> bool:
    place = form.span if type(form) is Pair else None
    if place is None:
        return False
    start, end = (place.line, place.column), (place.end_line, place.end_column)
    return start <= (span.line, span.column) <= end


def bound_by(word: str, form: Pair) -> set[str]:
    """Return the names that a form binds for its body."""
    rest = form.cdr
    if word in _DEFINERS and type(rest) is Pair:
        rest = rest.cdr
    if type(rest) is not Pair:
        return set()
    if word in _DEFINERS or word in _MAKERS:
        return _names(rest.car)
    if word in _COUNTERS and type(rest.car) is Pair:
        return _names(rest.car.car)
    if word in _BINDERS:
        pairs = items(rest.car) or []
        return {name for pair in pairs if type(pair) is Pair for name in _names(pair.car)}
    return set()


def _names(tree: Value) -> set[str]:
    """Return the names in a tree of parameters, which may have no end."""
    found: set[str] = set()
    todo = [tree]
    for _ in range(_MOST):
        if not todo:
            break
        one = todo.pop()
        if type(one) is Pair:
            todo += (one.car, one.cdr)
        elif type(one) is Symbol:
            found.add(one.name)
    return found
