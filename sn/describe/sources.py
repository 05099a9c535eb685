"""Sources of data: what a form such as (csv "FILE" (label 4)) may say, and the reader it makes.

A source is one entry in `SOURCES`: its call form, what stands behind the word, and its options.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from sn.builtins.matrix import Matrix
from sn.data.readers.arrays import KINDS, Arrays, usual_kind_of_numbers
from sn.data.readers.csv import Csv
from sn.data.readers.fann import Fann
from sn.data.readers.idx import Idx
from sn.data.readers.images import Images
from sn.data.readers.matrices import Matrices, TextMatrices
from sn.data.readers.npz import Npy, Npz
from sn.data.readers.raw import AT_LEAST_ONE, BYTES, TYPES, Raw
from sn.data.rows import Reader
from sn.describe.options import (
    Argument,
    Clause,
    choice,
    clauses,
    count,
    head_word,
    limited,
    told_at,
    whole,
    wrong,
)
from sn.describe.several import Several
from sn.errors import ArityError, EvalError
from sn.limits import Limit
from sn.lisp.forms import Pair, Symbol, Value, describe, elements
from sn.lisp.machine import Machine
from sn.lisp.sizes import CELL, NUMBER
from sn.memory import need

PATTERN = CELL + NUMBER + 24  # bytes of a number of a pattern: in a list and in two arrays
DEEPEST = (
    32  # lists in one another that are rows; chosen here: an array of NumPy 1 has no more axes
)
_COLUMN = Limit(is_whole=True)
Option = tuple[str, Callable[[Machine, Clause, str], Any]]


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of source.

    call: its form; make: what makes its reader from what stands behind the word and the options;
    takes: how each argument behind the word is read; needed: how many of them must stand
    """

    call: str
    make: Callable[..., Reader]
    takes: tuple[Callable[[Machine, Argument], Any], ...]
    options: Mapping[str, Option]
    needed: int = 1


@dataclass(frozen=True, slots=True)
class Given:
    """A source as a program says it: its reader, and the options that another file shares."""

    source: Source
    word: str
    options: Mapping[str, Any]
    reader: Reader


def read_source(it: Machine, found: Clause) -> Given:
    """Return the source of a clause whose word is in `SOURCES`.

    Raises: EvalError with its place for whatever it may not say.
    """
    source = SOURCES[found.word]
    options = (i for i, part in enumerate(found.args) if head_word(part) in source.options)
    # beyond what may stand there, a list with a misspelt word is an option
    n = min(next(options, len(found.args)), len(source.takes))
    known = {word: call for word, (call, _) in source.options.items()}
    behind, rest = found.args[:n], list(found.args[n:])
    values = {}
    errors = Several()
    for option in clauses(rest, known, found.word, errors):
        with errors:
            values[option.word] = source.options[option.word][1](it, option, known[option.word])
    errors.end()
    return Given(source, found.word, values, _made(it, found, source, behind, values))


def read_again(it: Machine, found: Clause, given: Given) -> Reader:
    """Return the reader of a clause that says other files for a source with the same options."""
    return _made(it, found, given.source, found.args, given.options)


def _made(
    it: Machine,
    found: Clause,
    source: Source,
    behind: Sequence[Argument],
    values: Mapping[str, Any],
) -> Reader:
    least, most = source.needed, len(source.takes)
    if not least <= len(behind) <= most:
        need = str(most) if least == most else f"{least} or {most}"
        noun = "argument" if need == "1" else "arguments"
        span = behind[most].span if len(behind) > most else found.span
        raise ArityError(
            f"{found.word} needs {need} {noun} before its options, found {len(behind)}",
            span=span,
            hint=f"the call form is {source.call}",
        )
    taken = [take(it, part) for take, part in zip(source.takes, behind, strict=False)]
    with told_at(found.span):
        reader = source.make(*taken, **values)
    file = it.intern("file-being-loaded").value
    if isinstance(reader, Arrays) and isinstance(file, str):
        return replace(reader, place=file)
    return reader


# --- what may stand behind the word ---


def _file(it: Machine, argument: Argument) -> str:
    value = it.eval(argument.form)
    if type(value) is not str:
        word = argument.form.name if type(argument.form) is Symbol else ""
        hint = f'write "{word}", with quotes' if word else None
        raise wrong(it, argument, value, "the name of a file is a string", hint)
    if not value or "\0" in value:
        raise EvalError("the name of a file has characters, found none", span=argument.span)
    return value


def _array(it: Machine, argument: Argument) -> Any:
    """Return a matrix or a list of numbers or names as an array."""
    value = it.eval(argument.form)
    if type(value) is not Pair and not isinstance(value, Matrix):
        raise wrong(it, argument, value, "expected a matrix or a list")
    with told_at(argument.span):
        return array_of(value)


def array_of(value: Value, depth: int = 1) -> Any:
    """Return a matrix or a list, `depth` deep in others, as an array of float64, or of strings.

    Raises: EvalError for rows of different lengths, lists too deep in one another, or anything but
    numbers and names.
    """
    if depth > DEEPEST:
        raise EvalError(f"rows of numbers may be lists {DEEPEST} deep in one another, not more")
    if isinstance(value, Matrix) and not value.storage.holds_objects:
        return value.numbers()
    items = value.values() if isinstance(value, Matrix) else elements(value)
    return _stacked(items, depth)


def _stacked(items: list[Value], depth: int) -> Any:
    """Return items as the rows of an array; see `array_of`."""
    parts = [_item(item, depth) for item in items]
    shapes = [np.shape(part) for part in parts]
    for row, shape in enumerate(shapes):
        if shape != shapes[0]:
            found = f"row {row} has {_size(shape)}, row 0 has {_size(shapes[0])}"
            raise EvalError(f"rows are alike: {found}")
    is_text = [np.asarray(part).dtype.kind == "U" for part in parts]
    if any(is_text) and not all(is_text):
        row = is_text.index(not is_text[0])
        raise EvalError(f"expected numbers alone or names alone, found {describe(items[row])}")
    return np.array(parts)


def _item(item: Value, depth: int) -> Any:
    if type(item) is float or type(item) is str:
        return item
    if type(item) is Symbol:
        return item.name
    if type(item) is Pair or isinstance(item, Matrix):
        return array_of(item, depth + 1)
    raise EvalError(f"expected numbers or names, found {describe(item)}")


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) + " values" if shape else "one value"


# --- options ---


def _arguments(it: Machine, found: Clause, call: str, least: int, most: int | None) -> list[Any]:
    """Return each argument with its value; that of a list is taken apart."""
    pairs: list[Any] = []
    for argument in found.args:
        value = it.eval(argument.form)
        items = elements(value) if type(value) is Pair else [value]
        pairs += [(argument, item) for item in items]
    if len(pairs) < least or (most is not None and len(pairs) > most):
        need = f"at least {least}" if most is None else str(most)
        noun = "argument" if need.endswith("1") else "arguments"
        raise ArityError(
            f"{found.word} needs {need} {noun}, found {len(pairs)}",
            span=found.span,
            hint=f"the call form is {call}",
        )
    return pairs


def _columns(it: Machine, found: Clause, call: str) -> tuple[int | str, ...]:
    return tuple(
        _column(it, argument, value) for argument, value in _arguments(it, found, call, 1, None)
    )


def _one_column(it: Machine, found: Clause, call: str) -> int | str:
    ((argument, value),) = _arguments(it, found, call, 1, 1)
    return _column(it, argument, value)


def _column(it: Machine, argument: Argument, value: Value) -> int | str:
    if type(value) is str:
        return value
    if type(value) is not float:
        hint = None
        if type(argument.form) is Symbol:
            hint = f'write "{argument.form.name}", with quotes, for the column of this name'
        raise wrong(it, argument, value, "a column is a number from 0 or a name, a string", hint)
    with told_at(argument.span):
        return int(_COLUMN.take("a column", value))


def _names(it: Machine, found: Clause, call: str) -> tuple[str, ...]:
    names = []
    for argument, value in _arguments(it, found, call, 1, None):
        if type(value) is Symbol:
            value = value.name
        if type(value) is float:
            value = it.numbers(value)
        if type(value) is not str:
            raise wrong(it, argument, value, "a class is a name, a string, or a number")
        names.append(value)
    if len(set(names)) < len(names):
        raise EvalError("a class stands twice", span=found.span)
    return tuple(names)


def _text(it: Machine, found: Clause, call: str) -> str:
    ((argument, value),) = _arguments(it, found, call, 1, 1)
    if type(value) is not str:
        raise wrong(it, argument, value, f"{found.word} takes a string")
    return value


def _word(**known: Any) -> Callable[[Machine, Clause, str], Any]:
    """Return the reader of an option that is one of some words, each with its value."""

    def read(it: Machine, found: Clause, call: str) -> Any:
        if len(found.args) != 1:
            text = f"{found.word} needs 1 argument, found {len(found.args)}"
            raise ArityError(text, span=found.span, hint=f"the call form is {call}")
        return known[choice(found.args[0], f"{found.word}", known)]

    return read


def _shape(it: Machine, found: Clause, call: str) -> tuple[int, ...]:
    count(found, 1, 3, call)
    return tuple(whole(it, argument, "a size") for argument in found.args)


def _number(limit: Limit) -> Callable[[Machine, Clause, str], int]:
    """Return the reader of an option that is one number within a limit."""

    def read(it: Machine, found: Clause, call: str) -> int:
        count(found, 1, 1, call)
        return int(limited(it, found.args[0], found.word, limit))

    return read


def _sizes(it: Machine, found: Clause, call: str) -> tuple[int, int]:
    if len(found.args) != 2:
        text = f"{found.word} needs 2 arguments, found {len(found.args)}"
        raise ArityError(text, span=found.span, hint=f"the call form is {call}")
    rows, cols = (whole(it, argument, "a size") for argument in found.args)
    return rows, cols


def _raw(inputs: str, targets: str | None = None, **options: Any) -> Reader:
    named = {word.replace("-", "_"): value for word, value in options.items()}
    return Raw(inputs, targets, shape=named.pop("size", ()), **named)


_KIND: Option = ("(kind classes|labels|values)", _word(**{kind: kind for kind in KINDS}))
_CLASSES: Option = ('(classes "NAME" ...)', _names)
_OF_ARRAYS: Mapping[str, Option] = {"kind": _KIND, "classes": _CLASSES}

# --- numbers of the program itself ---


def _patterns(inputs: Any, targets: Any = None, kind: str | None = None, **options: Any) -> Reader:
    if targets is not None and kind is None:
        kind = usual_kind_of_numbers(targets)
    made = Arrays(inputs, targets, kind, place="", **options)
    made.read(Path())  # what is wrong is told at the form
    return made


def _number_of_patterns(it: Machine, argument: Argument) -> int:
    return int(limited(it, argument, "the number of patterns", Limit(1, 2**24, is_whole=True)))


def _function(it: Machine, argument: Argument) -> Callable[[int], tuple[Value, Value]]:
    """Return what makes pattern n; it is called while the form is evaluated."""
    function = it.eval(argument.form)
    if not hasattr(function, "apply"):
        raise wrong(it, argument, function, "expected a function that makes a pattern")

    def make(n: int) -> tuple[Value, Value]:
        value = it.call(function, [float(n)])
        parts = elements(value) if type(value) is Pair else []
        if len(parts) != 2:
            raise EvalError(
                f"pattern {n}: expected the list of its inputs and its targets, found "
                f"{describe(value)}",
                span=argument.span,
                hint="(function N F): F of the number of a pattern gives (INPUTS TARGETS)",
            )
        return parts[0], parts[1]

    return make


def _made_patterns(n: int, make: Callable[[int], tuple[Value, Value]], **options: Any) -> Reader:
    first = make(0)
    n_values = sum(np.size(_item(side, 1)) for side in first)
    need(PATTERN * n * n_values, f"{n:,} patterns of {n_values:,} numbers")
    pairs = [first, *(make(index) for index in range(1, n))]
    inputs, targets = ([pair[side] for pair in pairs] for side in (0, 1))
    return _patterns(_stacked(inputs, 1), _stacked(targets, 1), **options)


SOURCES: Mapping[str, Source] = {
    "csv": Source(
        '(csv "FILE" (inputs C ...) (label C))',
        Csv,
        (_file,),
        {
            "inputs": ("(inputs C ...)", _columns),
            "label": ("(label C)", _one_column),
            "labels": ("(labels C ...)", _columns),
            "targets": ("(targets C ...)", _columns),
            "categories": ("(categories C ...)", _columns),
            "separator": ('(separator ";")', _text),
            "header": ("(header yes|no)", _word(yes=True, no=False)),
            "classes": _CLASSES,
        },
    ),
    "npz": Source(
        '(npz "FILE" (inputs "NAME") (targets "NAME"))',
        Npz,
        (_file,),
        {
            "inputs": ('(inputs "NAME")', _text),
            "targets": ('(targets "NAME")', _text),
            **_OF_ARRAYS,
        },
    ),
    "npy": Source('(npy "INPUTS" "TARGETS")', Npy, (_file, _file), _OF_ARRAYS),
    "idx": Source('(idx "IMAGES" "LABELS")', Idx, (_file, _file), _OF_ARRAYS),
    "raw": Source(
        '(raw "FILE" "TARGETS" (size ROWS COLS) (type uint8))',
        _raw,
        (_file, _file),
        {
            "size": ("(size ROWS COLS)", _shape),
            "type": ("(type uint8|int16|float32|...)", _word(**{one: one for one in TYPES})),
            "skip": ("(skip BYTES)", _number(BYTES)),
            "byte-order": ("(byte-order little|big)", _word(little="little", big="big")),
            "target-type": ("(target-type uint8|...)", _word(**{one: one for one in TYPES})),
            "target-size": ("(target-size N)", _number(AT_LEAST_ONE)),
            "target-skip": ("(target-skip BYTES)", _number(BYTES)),
            **_OF_ARRAYS,
        },
    ),
    "images": Source(
        '(images "FOLDER")',
        Images,
        (_file,),
        {
            "mode": ("(mode grey|rgb)", _word(grey="grey", rgb="rgb")),
            "size": ("(size ROWS COLS)", _sizes),
            "classes": _CLASSES,
        },
    ),
    "matrix": Source('(matrix "INPUTS" "TARGETS")', Matrices, (_file, _file), _OF_ARRAYS),
    "text-matrix": Source(
        '(text-matrix "INPUTS" "TARGETS")', TextMatrices, (_file, _file), _OF_ARRAYS
    ),
    "fann": Source('(fann "FILE")', Fann, (_file,), _OF_ARRAYS),
    "patterns": Source("(patterns X D)", _patterns, (_array, _array), _OF_ARRAYS),
    "function": Source(
        "(function N F)", _made_patterns, (_number_of_patterns, _function), _OF_ARRAYS, needed=2
    ),
}
