"""Explain: an error on its way out of a call learns where, and what a newcomer may have meant."""

from __future__ import annotations

from collections.abc import Callable

from sn.errors import ArityError, SnError, Span, ValueKindError
from sn.lisp.calls import Builtin, Special
from sn.lisp.forms import Pair, Symbol, Value, element_span, to_list
from sn.lisp.leads import calls, infix, names
from sn.lisp.leads.writing import call, items, label, name_of, some_cells
from sn.lisp.machine import Machine

_X = to_list([Symbol("x")])
_DEEPEST = 4  # lists inside one another that are shown as one table, chosen here
# Special forms that evaluate a name where it stands and need a number of it.
_COUNTING = ("for", "mapfor", "repeat", "incr")


def explain(it: Machine, error: SnError, form: Pair) -> None:
    """Note that `error` arose in the call `form`, or in the head of it, and say what may help."""
    if error.span is None:
        error.span = form.span
    if error.form is not None:
        if error.form is form.car:
            _quote_whole(error, form)
        return
    error.form = form
    name = _head_name(form)
    if not isinstance(error, ValueKindError | ArityError) and name != "scope":
        return
    hint = _LEADS.get(name, _none)(form)
    if hint:
        error.hint = hint
        signs = (cell for cell in some_cells(form.cdr) if _is_sign(cell.car))
        error.span = next(map(element_span, signs), None) or error.span
        return
    if isinstance(error, ValueKindError):
        _explain_value(it, error, form)


def _explain_value(it: Machine, error: ValueKindError, form: Pair) -> None:
    """Say what may help where an argument has a value of the wrong kind."""
    cell = _empty_argument(form, error.span)
    function = _function_argument(form, error)
    if function is not None:
        error.hint = f"{label(function)} is a function, {names.call_form(function)}"
    elif "::DX:null" in error.message:
        error.hint = "null is the function (null x); the empty value is ()"
    elif (taker := names.taker(it, form, error.span)) is not None:
        error.hint = taker
    elif cell is not None and cell.car.saved:
        error.lost = cell.car
    elif cell is not None:
        error.span = element_span(cell) or error.span
        hint = names.unset(it, cell.car, error.span, " needs a function" in error.message)
        is_told = "no value" in error.message
        error.hint = hint if is_told else f"{label(cell.car)} has no value: {hint}"


def _none(form: Pair) -> str | None:
    """Know nothing of a call."""
    return None


def _length(form: Pair) -> str | None:
    """(len list)."""
    args = items(form.cdr) or []
    value = args[0].value if args and type(args[0]) is Symbol else args[0] if args else None
    if len(args) != 1 or type(value) is not Pair:
        return None
    return "len is the length of a string, (length list) that of a list"


def _setq(form: Pair) -> str | None:
    """(setq rate = 0.003)."""
    args = items(form.cdr, 50) or []
    others = [part for part in args if not _is_sign(part)]
    if len(others) == len(args) or len(others) % 2:
        return None
    return f"setq has nothing between name and value: {call('setq', others)}"


def _is_sign(part: Value) -> bool:
    """Whether a part is a sign of assignment; the reader takes := for the global value of =."""
    if type(part) is Pair and name_of(part.car) == "scope" and type(part.cdr) is Pair:
        return name_of(part.cdr.car) == "="
    return name_of(part) in infix.ASSIGNS


def _scope(form: Pair) -> str | None:
    """(lambda x: (* x x))."""
    body = items(form.cdr, 2) or []
    if len(body) != 1 or type(body[0]) is not Pair:
        return None
    return f"a ':' stands before a name; a function is {call('lambda', [_X, body[0]])}"


def _set(form: Pair) -> str | None:
    """(set x 5)."""
    args = items(form.cdr) or []
    if len(args) != 2 or type(args[0]) is not Symbol or type(args[0].value) is Symbol:
        return None
    return f"set evaluates both; setq takes the name as it stands: {call('setq', args)}"


def _for(form: Pair) -> str | None:
    """(for i in list ...), (for (i list) ...)."""
    first, *rest = items(form.cdr) or [None]
    if type(first) is Symbol:
        is_walk = len(rest) > 1 and name_of(rest[0]) == "in"
        found, body = ([first, rest[1]], rest[2:]) if is_walk else ([], [])
    else:
        found, body = items(first) or [], rest
        if len(found) == 3 and name_of(found[1]) == "in":
            found = [found[0], found[2]]
    if len(found) != 2 or type(found[0]) is not Symbol:
        return None if len(found) in (3, 4) else "such as (for (i 0 9) ...)"
    walk = call("each", [to_list([to_list(found)]), *body])
    return f"for counts, (for (i 0 9) ...); each walks a list: {walk}"


def _let(form: Pair) -> str | None:
    """(let (x 5) ...)."""
    first, *rest = items(form.cdr) or [None]
    pair = items(first) if type(first) is Pair else None
    if pair is None or len(pair) != 2 or type(pair[0]) is not Symbol or _is_binding(pair[1]):
        alone = [name_of(one) or name_of(one.car) for one in pair or () if _is_alone(one)]
        return f"a name for later is bound to (): ({alone[0]} ())" if alone else None
    word = name_of(form.car)
    return f"bindings stand in a list of their own: {call(word, [to_list([first]), *rest])}"


def _is_alone(binding: Value) -> bool:
    """Whether a binding is (x), or x, without a value."""
    return type(binding) is Symbol or (
        type(binding) is Pair and type(binding.car) is Symbol and binding.cdr is None
    )


def _is_binding(form: Value) -> bool:
    """Whether a form is a list that starts with a name which is no function."""
    return (
        type(form) is Pair
        and type(form.car) is Symbol
        and not any(hasattr(value, "run") for value in (form.car.value, *form.car.saved))
    )


def _de(form: Pair) -> str | None:
    """(de (f x) ...)."""
    first, *rest = items(form.cdr) or [None]
    if type(first) is not Pair or type(first.car) is not Symbol:
        return None
    text = call(name_of(form.car), [first.car, first.cdr, *rest])
    return f"the name stands before the parameters: {text}"


_LEADS: dict[str, Callable[[Pair], str | None]] = {
    "len": _length,
    "setq": _setq,
    "scope": _scope,
    "set": _set,
    "for": _for,
    "mapfor": _for,
    "let": _let,
    "let*": _let,
    "de": _de,
    "df": _de,
    "dmd": _de,
}


def _quote_whole(error: SnError, form: Pair) -> None:
    """Point at the whole of `((0 1) (1 2))`, whose head was taken for a call."""
    if (error.hint or "").startswith(calls.QUOTED) and calls.depth(form) <= _DEEPEST:
        error.form, error.span = form, form.span or error.span
        error.hint = calls.quoted(form)


def _head_name(form: Pair) -> str:
    callee = form.car.value if type(form.car) is Symbol else None
    return callee.name if isinstance(callee, Builtin | Special) else ""


def _function_argument(form: Pair, error: ValueKindError) -> Symbol | None:
    """Return the name that stands for a function where a call needs another value."""
    if "found the function" not in error.message or "::DX:null" in error.message:
        return None
    for cell in some_cells(form.cdr):
        if type(cell.car) is Symbol and element_span(cell) == error.span:
            return cell.car if names.call_form(cell.car) else None
    return None


def _empty_argument(form: Pair, span: Span | None) -> Pair | None:
    """Return the cell of the name whose value is () that an error at `span` is about."""
    callee = form.car.value if type(form.car) is Symbol else None
    cell: Value = form.cdr
    if isinstance(callee, Special):
        if callee.name not in _COUNTING:
            return None
        if type(cell) is Pair and type(cell.car) is Pair:
            cell = cell.car.cdr
    elif not isinstance(callee, Builtin):
        return None
    found = (one for one in some_cells(cell) if names.is_empty(one.car))
    return next((one for one in found if span in (form.span, element_span(one))), None)
