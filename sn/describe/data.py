"""The data option of an experiment: a data set by name, or files and numbers of the user.

What each source may say stands in `sources.py`, beside this file. Read next: sn/data/own.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sn.data import DividedData, NamedData, OwnData, Scale, Shares, dataset
from sn.data.blocks import AT_LEAST_ONE, Streaming
from sn.data.own import EVERY, SHARE
from sn.data.readers.suffixes import guessed
from sn.data.rows import Reader
from sn.data.scaling import NONE, STANDARD, UNIT
from sn.describe.options import (
    Argument,
    Clause,
    choice,
    clause,
    clauses,
    count,
    head_word,
    limited,
    told_at,
    unknown,
    whole,
    wrong,
)
from sn.describe.several import Several
from sn.describe.sources import SOURCES, Given, read_again, read_source
from sn.errors import EvalError, SnError, UnknownNameError, did_you_mean
from sn.limits import SEED, Limit
from sn.lisp.forms import Pair, Symbol, cells, element_span
from sn.lisp.machine import Machine
from sn.net.layer import Network
from sn.train.experiment import DataSource

DATA = '(data "NAME"), (data (first-available "NAME" ...)) or (data (csv "FILE" ...) ...)'
_TEXT = "--data"  # what messages call the text of a command line
_NAMED = '(data (first-available "NAME" ...))'
_OF_NAMED = "(split (validation SHARE) (seed N))"  # the test set stays as it is
_OPTIONS = {
    "test": '(test "FILE")',
    "validation": '(validation "FILE")',
    "split": "(split (validation SHARE) (test SHARE) (seed N))",
    "rows": "(rows FROM TO)",
    "scale": "(scale standard|unit|(LOW HIGH)|none)",
    "shape": "(shape ROWS COLS)",
    "missing": "(missing mean|refuse)",
    "stream": "(stream yes|no) or (stream (block N) (buffer N))",
}
_STREAM = {"block": "(block PATTERNS)", "buffer": "(buffer BLOCKS)"}
_SPLIT = {
    "train": ("(train SHARE)", SHARE),
    "validation": ("(validation SHARE)", SHARE),
    "test": ("(test SHARE)", SHARE),
    "seed": ("(seed N)", SEED),
    "every": ("(every N)", EVERY),
}


def read_data(
    it: Machine, found: Clause, net: Network | None = None, is_given: bool = False
) -> DataSource:
    """(data SOURCE OPTION ...): where patterns and targets come from, and how they make sets.

    Files are those that the program may read, unless it `is_given` by who runs it.
    """
    count(found, 1, None, DATA)
    first, *options = found.args
    if type(first.form) is not Pair:
        return _divided(it, NamedData((_name(it, first),)), options)
    inner = clause(first, DATA)
    if inner.word == "first-available":
        count(inner, 1, None, _NAMED)
        return _divided(it, NamedData(tuple(_name(it, part) for part in inner.args)), options)
    if inner.word not in SOURCES:
        known = {**{word: source.call for word, source in SOURCES.items()}}
        known["first-available"] = '(first-available "NAME" ...)'
        error = f"data cannot come from '{inner.word}'"
        raise unknown(error, inner.word, known, inner)
    given = read_source(it, inner)
    values: dict[str, Any] = {}
    errors = Several()
    for option in clauses(options, _OPTIONS, "data", errors):
        with errors:
            values |= _READERS[option.word](it, option, given)
    errors.end()
    check = None if is_given else it.files.gate.check_read
    return OwnData(given.reader, folder_of(it), check=check, **values)


def read_data_text(it: Machine, text: str, is_given: bool = True) -> DataSource:
    """Return the data that a command line says: a name, a file, or a form such as (csv "FILE").

    Unless it `is_given` by who runs the program, its files are those that the program may read.

    Raises: SnError with the place in the text.
    """
    if text.lstrip().startswith("("):
        try:
            return _read_form(it, text, is_given)
        except SnError as error:
            error.keep_texts({_TEXT: text})
            raise
    if text in dataset:
        return NamedData((text,))
    reader = guessed(text)
    if reader is not None:
        check = None if is_given else it.files.gate.check_read
        return OwnData(reader, folder_of(it), check=check)
    hint = did_you_mean(text, dataset) or (
        f"data sets: {', '.join(dataset)}; files by their suffix, or by a form such as "
        '(csv "FILE" (label 4))'
    )
    raise UnknownNameError(f"no data set is called '{text}', nor is it a file SN knows", hint=hint)


def _read_form(it: Machine, text: str, is_given: bool) -> DataSource:
    """Return the data of a text that is one form: of a source, or (data SOURCE OPTION ...)."""
    forms = it.read(text, _TEXT)
    if len(forms) != 1:
        raise EvalError(f"expected one form, found {len(forms)}", hint=DATA)
    argument = Argument(forms[0], getattr(forms[0], "span", None))
    inner = clause(argument, DATA)
    if inner.word == "data":
        return read_data(it, inner, is_given=is_given)
    whole = Clause("data", (argument,), argument.span, argument.span, inner.form)
    return read_data(it, whole, is_given=is_given)


def folder_of(it: Machine) -> Path:
    """Return where relative paths start: beside the file that is loaded, else the current one."""
    loading = it.intern("file-being-loaded").value
    return Path(loading).parent if isinstance(loading, str) else it.files.current


# --- data sets by name ---


def _divided(it: Machine, named: NamedData, options: list[Argument]) -> DataSource:
    """Return data sets by name as the options behind the names say: as they are, or split."""
    errors = Several()
    found: DataSource = named
    for option in options:
        word = head_word(option)
        if word != "split":
            raise EvalError(
                "of a data set by name the training set can be split, all else is as it is; found "
                + (f"the option '{word}'" if word else "something else")
                + " behind it",
                span=option.span,
                hint=f"{_OF_NAMED} sets some of it apart; other options belong to data of your "
                'own: (data (csv "FILE") (scale unit))',
            )
    for split in clauses(options, {"split": _OF_NAMED}, "data by name", errors):
        with errors:
            count(split, 1, None, _OF_NAMED)
            found = DividedData(named, _shares(it, split, "train", "validation", "seed"))
    errors.end()
    return found


def _name(it: Machine, part: Argument) -> str:
    value = it.eval(part.form)
    if type(value) is not str:
        word = part.form.name if type(part.form) is Symbol else ""
        hint = f'write "{word}", with quotes' if word in dataset else DATA
        if word and (reader := guessed(word)) is not None:
            hint = f"a file is data too: (data {_call(reader, word)})"
        raise wrong(it, part, value, "the name of a data set is a string", hint)
    if value in dataset:
        return value
    error = f"no data set is called '{value}'"
    reader = guessed(value)
    if reader is not None:
        hint = f"a file is data too: (data {_call(reader, value)})"
        raise UnknownNameError(error, span=part.span, hint=hint)
    if "." in value or "/" in value:
        hint = 'a file is read by a form of its kind, such as (csv "FILE" (label 4))'
        raise UnknownNameError(error, span=part.span, hint=hint)
    raise unknown(error, value, {word: f'"{word}"' for word in dataset}, part)


def _call(reader: Reader, file: str) -> str:
    """Return the form that reads a file by its suffix."""
    word = next(word for word, source in SOURCES.items() if source.make is type(reader))
    return SOURCES[word].call.replace('"FILE"', f'"{file}"').replace('"INPUTS"', f'"{file}"')


# --- options of own data ---


def _another(it: Machine, found: Clause, given: Given) -> Reader:
    """Return the reader of another file: with the options of the first, or a source of its own."""
    if len(found.args) == 1 and type(found.args[0].form) is Pair:
        inner = clause(found.args[0], given.source.call)
        if inner.word in SOURCES:
            return read_source(it, inner).reader
    return read_again(it, found, given)


def _test(it: Machine, found: Clause, given: Given) -> dict[str, Any]:
    return {"test": _another(it, found, given)}


def _validation(it: Machine, found: Clause, given: Given) -> dict[str, Any]:
    return {"validation": _another(it, found, given)}


def _split(it: Machine, found: Clause, given: Given) -> dict[str, Any]:
    count(found, 1, None, _OPTIONS["split"])
    return {"split": _shares(it, found, *_SPLIT)}


def _shares(it: Machine, found: Clause, *words: str) -> Shares:
    """Return what a split says, by some of its words."""
    known = {word: _SPLIT[word][0] for word in words}
    values = {}
    errors = Several()
    for option in clauses(list(found.args), known, "split", errors):
        with errors:
            count(option, 1, 1, known[option.word])
            limit = _SPLIT[option.word][1]
            values[option.word] = limited(it, option.args[0], f"{option.word} of a split", limit)
    errors.end()
    with told_at(found.span):
        return Shares(**values)


def _rows(it: Machine, found: Clause, given: Given) -> dict[str, Any]:
    count(found, 2, 2, _OPTIONS["rows"])
    first, last = (whole(it, argument, "a row", 0) for argument in found.args)
    if last < first:
        raise EvalError(
            f"expected the first row and the last one, found {first} and {last}", span=found.span
        )
    return {"rows": (first, last)}


def _scale(it: Machine, found: Clause, given: Given) -> dict[str, Any]:
    count(found, 1, 1, _OPTIONS["scale"])
    argument = found.args[0]
    if type(argument.form) is not Pair:
        known = dict.fromkeys((STANDARD, UNIT, NONE))
        return {"scale": Scale.named(choice(argument, "scale", known))}
    ends = [Argument(cell.car, element_span(cell)) for cell in cells(argument.form)]
    if len(ends) != 2:
        raise EvalError(
            f"a range has two ends, found {len(ends)}",
            span=argument.span,
            hint=_OPTIONS["scale"],
        )
    low, high = (limited(it, end, "an end of the range", Limit()) for end in ends)
    with told_at(argument.span):
        return {"scale": Scale("range", low, high)}


def _shape(it: Machine, found: Clause, given: Given) -> dict[str, Any]:
    count(found, 1, 3, _OPTIONS["shape"])
    return {"shape": tuple(whole(it, argument, "a size") for argument in found.args)}


def _missing(it: Machine, found: Clause, given: Given) -> dict[str, Any]:
    count(found, 1, 1, _OPTIONS["missing"])
    what = choice(found.args[0], "way with missing values", {"mean": None, "refuse": None})
    return {"may_miss": what == "mean"}


def _stream(it: Machine, found: Clause, given: Given) -> dict[str, Any]:
    """(stream): patterns stay in their file; (stream no): they are read; else how many at once."""
    if len(found.args) == 1 and type(found.args[0].form) is not Pair:
        is_wanted = choice(found.args[0], "stream", {"yes": None, "no": None}) == "yes"
        return {"stream": Streaming(is_wanted)}
    values: dict[str, int] = {}
    errors = Several()
    for option in clauses(list(found.args), _STREAM, "stream", errors):
        with errors:
            count(option, 1, 1, _STREAM[option.word])
            what = f"the {option.word} of a stream"
            values[option.word] = int(limited(it, option.args[0], what, AT_LEAST_ONE))
    errors.end()
    return {"stream": Streaming(True, **values)}


_READERS = {
    "test": _test,
    "validation": _validation,
    "split": _split,
    "rows": _rows,
    "scale": _scale,
    "shape": _shape,
    "missing": _missing,
    "stream": _stream,
}
