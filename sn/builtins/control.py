"""Builtins that evaluate, call functions, assign computed names and signal errors."""

from __future__ import annotations

from sn.display import number_text
from sn.errors import EvalError, ProgramExit, ValueKindError
from sn.lisp.calls import builtin
from sn.lisp.forms import NUMBER_FORMATS, List, Symbol, Value, describe, elements
from sn.lisp.machine import Callee, Machine


@builtin("eval")
def eval_(it: Machine, *forms: Value) -> Value:
    """(eval forms...)

    Evaluate the values of the arguments again; return the last result.

    (eval '(+ 1 2))
    => 3
    """
    result = None
    for form in forms:
        result = it.eval(form)
    return result


@builtin("apply")
def apply(it: Machine, function: Callee, list: List) -> Value:
    """(apply function list)

    Call a function, or what a symbol names, with the elements of a list, which are not evaluated
    again. A special form gets them as its arguments: (apply progn forms) evaluates the forms.

    (apply '+ '(1 2 3))
    => 6
    """
    return it.call(function, elements(list))


@builtin("mapcar")
def mapcar(it: Machine, function: Callee, first: List, *others: List) -> list[Value]:
    """(mapcar function list...)

    Call a function with the first elements of the lists, then with the second ones, and so on;
    return the list of results.

    (mapcar '+ '(1 2) '(10 20))
    => (11 22)
    """
    return [it.call(function, row) for row in _rows("mapcar", [first, *others])]


@builtin("mapc")
def mapc(it: Machine, function: Callee, first: List, *others: List) -> Value:
    """(mapc function list...)

    Do as `mapcar` does, but return the last result only.

    (mapc '1+ '(1 2 3))
    => 4
    """
    result = None
    for row in _rows("mapc", [first, *others]):
        result = it.call(function, row)
    return result


def _rows(name: str, lists: list[List]) -> list[tuple[Value, ...]]:
    columns = [elements(values) for values in lists]
    lengths = [len(column) for column in columns]
    if min(lengths) != max(lengths):
        text = f"{name} found lists with different length: {' and '.join(map(str, lengths))}"
        raise EvalError(text)
    return list(zip(*columns, strict=True))


@builtin("set")
def set_(it: Machine, symbol: Symbol, value: Value) -> Value:
    """(set symbol value)

    Assign a value to a computed symbol; return the value.

    (let ((x 1)) (set 'x 5) x)
    => 5
    """
    it.assign(symbol, value)
    return value


@builtin("error")
def error(it: Machine, *parts: Value) -> Value:
    """(error [who] message [object])

    Stop with an error message, which may name a function and show an object.

    (error 'perf "no patterns in" '(0 0))
    => error: perf: no patterns in: (0 0)
    """
    shown = list(parts)
    words: list[str] = []
    if len(shown) > 1 and (type(shown[0]) is Symbol or shown[0] is None):
        who = shown.pop(0)
        words += [it.show(who)] if who is not None else []
    if not 1 <= len(shown) <= 2:
        text = f"error needs ([who] message [object]), found {len(parts)} arguments"
        raise EvalError(text, hint="the call form is (error [who] message [object])")
    message = shown[0]
    words.append(message if type(message) is str else it.show(message))
    words += [it.show(value) for value in shown[1:]]
    raise EvalError(": ".join(words))


@builtin("errname")
def errname(it: Machine) -> Value:
    """(errname)

    Return the last error, that which the recovery form of `on-error` is for, as SN 2.8 worded it:
    function, message and object with colons between; () when there was none.

    (errname)
    => ()
    """
    return it.last_error


@builtin("exit")
def exit_(code: int = 0) -> Value:
    """(exit [code])

    End the program, and with it `sn run`, with an exit code from 0 to 255; nothing is trained.

    (exit 3)
    => error: the program ends here, with the exit code 3
    """
    if not 0 <= code <= 255:
        raise EvalError(f"an exit code is from 0 to 255, found {number_text(code)}")
    end = ProgramExit(f"the program ends here, with the exit code {code}")
    end.status = code
    raise end


@builtin("functionp")
def functionp(x: Value) -> Value:
    """(functionp x)

    Return x if it is a function, else ().

    (functionp 'car)
    => ()
    """
    return (
        x if hasattr(x, "run") and getattr(x, "noun", "") in ("function", "special form") else None
    )


@builtin("ask")
def ask(it: Machine, question: str) -> bool:
    """(ask question)

    Ask a person a question to be answered yes or no; () where there is nobody to ask.

    (ask "Plot it")
    => ()
    """
    return it.ask(question)


@builtin("number-format", locked=False)
def number_format(it: Machine, name: Symbol | str) -> Value:
    """(number-format name)

    Choose how numbers are printed: `sn` (six significant digits), `lush` (at most four decimals)
    or `exact` (all digits); return the name.

    (progn (number-format 'lush) (prog1 (str (/ 2 3)) (number-format 'sn)))
    => "0.6667"
    """
    word = name.name if type(name) is Symbol else str(name)
    if word not in NUMBER_FORMATS:
        known = ", ".join(NUMBER_FORMATS)
        raise ValueKindError(f"number-format needs one of {known}, found {describe(name)}")
    it.numbers = NUMBER_FORMATS[word]
    return it.intern(word)
