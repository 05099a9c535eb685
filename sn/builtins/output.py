"""Builtins that print, and the formats of printf."""

from __future__ import annotations

import re
import textwrap

from sn.builtins.pretty import WIDTH, pretty_text
from sn.display import many, number_text
from sn.errors import ArityError, EvalError, ValueKindError
from sn.lisp.calls import builtin
from sn.lisp.forms import Pair, Value, describe, refuse_ring
from sn.lisp.machine import Machine
from sn.lisp.waiting import definition
from sn.memory import need

_DIRECTIVE = re.compile(r"%(-?)(\d*)(?:\.(\d*))?(.?)", re.DOTALL)
# The widest field; chosen here: a typing error must not fill the memory.
_WIDEST = 10_000


def format_text(it: Machine, name: str, format: str, args: tuple[Value, ...]) -> str:
    """Return the text that a printf format makes of its arguments.

    Raises: ArityError for too few or too many, ValueKindError for one of the wrong kind,
    EvalError for an unknown directive.
    """
    waiting = list(reversed(args))
    total = len(format)

    def expand(match: re.Match[str]) -> str:
        nonlocal total
        left, width, precision, letter = match.groups()
        if letter == "%" and match[0] == "%%":
            return "%"
        if letter == "" or letter not in "lpsdefg":
            hint = "the directives are %l %p %s %d %e %f %g; %% prints one percent sign"
            raise EvalError(f"{name} does not know the directive '{match[0]}'", hint=hint)
        if not waiting:
            raise ArityError(f"{name} has no argument for '{match[0]}'")
        value = waiting.pop()
        widest = max(_width(width), _width(precision))
        if widest > _WIDEST:
            raise EvalError(f"{name} prints at most {_WIDEST:,} characters for '{match[0]}'")
        total += widest
        need(total, f"a text of {many(total, 'character')}")
        if letter == "l":
            return _padded(it.show(value), left, width)
        if letter == "p":
            return pretty_text(value, it.numbers)
        if letter == "s":
            if type(value) is not str:
                raise _wrong(name, match[0], "a string", value)
            return match[0] % value
        if type(value) is not float:
            raise _wrong(name, match[0], "a number", value)
        if value - value != 0:
            return _padded(it.numbers(value), left, width)
        if letter == "d":
            return match[0] % int(value)
        if not width and precision is None:
            return it.numbers(value)  # SN: %f, %e and %g alone print like %l
        return match[0] % value

    text = _DIRECTIVE.sub(expand, format)
    if waiting:
        raise ArityError(f"{name} has no directive for {describe(waiting[-1])}")
    return text


def _width(digits: str | None) -> int:
    """Return a width or precision; Python refuses to read numbers of thousands of digits."""
    digits = (digits or "").lstrip("0")
    return int(digits or 0) if len(digits) < 10 else 10**9


def _padded(text: str, left: str, width: str) -> str:
    n = int(width or 0)
    return text.ljust(n) if left else text.rjust(n)


def _wrong(name: str, directive: str, expected: str, value: Value) -> ValueKindError:
    return ValueKindError(f"{name} needs {expected} for '{directive}', found {describe(value)}")


@builtin("printf")
def printf(it: Machine, format: str, *args: Value) -> Value:
    r"""(printf format args...)

    Print text with values in it: %l any value, %s a string, %d a number as a whole number,
    %e %f %g a number as in C, %p a value in several lines, %% a percent sign. A width and
    precision as in %-8s or %6.3f are as in C; %e, %f and %g alone print like `print`.

    (printf "%s: %6.3f %l\n" "error" 0.0123 '(a b))
    => ()
    """
    it.out.write(format_text(it, "printf", format, args))
    return None


@builtin("sprintf")
def sprintf(it: Machine, format: str, *args: Value) -> str:
    """(sprintf format args...)

    Return the text that printf would print.

    (sprintf "%5.2f|%-4d|%d" 3.14159 2.7 2.7)
    => " 3.14|2   |2"
    """
    return format_text(it, "sprintf", format, args)


def _print_each(it: Machine, form: Pair) -> Value:
    """Print the arguments of a call, each before the next is evaluated (SN); return the last."""
    value: Value = None
    rest, between = form.cdr, ""
    refuse_ring(rest)
    while type(rest) is Pair:
        it.out.write(between)
        value = it.eval(rest.car)
        it.out.write(it.show(value))
        rest, between = rest.cdr, " "
    if rest is not None:
        raise EvalError("what is printed cannot end in a dotted list", hint="write (apply print l)")
    return value


def _print_line(it: Machine, form: Pair) -> Value:
    value = _print_each(it, form)
    it.out.write("\n")
    return value


@builtin("print", run=_print_line)
def print_(it: Machine, *values: Value) -> Value:
    """(print values...)

    Print values so that they can be read again, with blanks between and a line end behind, each
    before the next is evaluated; return the last.

    (print '(a "b"))
    => (a "b")
    """
    it.out.write(" ".join(it.show(value) for value in values) + "\n")
    return values[-1] if values else None


@builtin("prin", run=_print_each)
def prin(it: Machine, *values: Value) -> Value:
    """(prin values...)

    Do as `print` does, without the line end.

    (prin 3)
    => 3
    """
    it.out.write(" ".join(it.show(value) for value in values))
    return values[-1] if values else None


@builtin("tab")
def tab(it: Machine, column: int | None = None) -> int:
    """(tab [column])

    Print blanks up to a column, counted from 0; return the current column.

    (progn (print) (tab 5))
    => 5
    """
    if column is not None:
        if column > _WIDEST:
            raise EvalError(f"tab goes to column {_WIDEST:,} at most, found {number_text(column)}")
        it.out.write(" " * (column - it.out.column))
    return it.out.column


@builtin("pretty")
def pretty(it: Machine, value: Value) -> Value:
    """(pretty value)

    Print a value, or the definition of a function, in lines of moderate length; return t.

    (pretty 'a)
    => t
    """
    it.out.write(pretty_text(definition(it, value), it.numbers) + "\n")
    return it.t


@builtin("render-brace-text", locked=False)
def render_brace_text(it: Machine, text: str) -> Value:
    """(render-brace-text '{text})

    Print a text in lines of moderate length. <p> in it begins a paragraph and <br> a line; other
    marks between < and >, and inner braces, are left out.

    (render-brace-text '{<p> Any text, it's {<b> taken} as it stands.})
    => ()
    """
    for paragraph in re.split(r"<p>|\n[ \t]*\n", text):
        plain = re.sub(r"[{}]", "", re.sub(r"<(?!br>)/?\w+>", " ", paragraph))
        lines = plain.split("<br>")
        filled = [textwrap.fill(" ".join(line.split()), WIDTH) for line in lines]
        if any(filled):
            it.out.write("\n".join(filled) + "\n\n")
    return None


@builtin("beep")
def beep() -> Value:
    """(beep)

    Do nothing: there is no bell.

    (beep)
    => ()
    """
    return None
