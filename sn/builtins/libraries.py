"""Builtins that load what a program needs once, when it is needed, and say where it is searched."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from sn.display import many
from sn.errors import EvalError, NoFileError, ValueKindError
from sn.lisp.calls import builtin, special
from sn.lisp.forms import Pair, Shown, Symbol, Value, cells, describe, element_span, show
from sn.lisp.library import library_file, part_of
from sn.lisp.machine import Callee, Machine
from sn.lisp.waiting import want_part

_MOST_FOLDERS = 1_000  # to search; chosen here


@builtin("libload")
def libload(it: Machine, file: str, again: bool = False) -> str:
    """(libload file [again])

    Load a file unless it has been loaded already, or in any case if `again` is not (); return its
    full name. Behind all other places, files of SN's own library are found.

    (libload "no-such-file" t)
    => error: no file is called 'no-such-file'
    """
    found = _part_beside(it, file) or it.find_program(file)
    if again:
        return it.load(file)
    name = str(found.resolve())
    if name not in it.loaded:
        part = part_of(Path(name))
        if part is None:
            return it.load(file)
        want_part(it, it.library[part])
    return str(found)


def _part_beside(it: Machine, name: str) -> Path | None:
    """Return the part of the library that a part of it means, whatever the program has beside."""
    loading = it.intern("file-being-loaded").value
    is_inside = type(loading) is str and part_of(Path(loading)) is not None
    return library_file(name) if is_inside and "/" in name else None


class Autoload(Shown):
    """A function that is still in its file, which the first call loads."""

    noun = "function"

    def __init__(self, symbol: Symbol, file: str) -> None:
        self.symbol = symbol
        self.file = file

    def run(self, it: Machine, form: Pair) -> Value:
        """Load the file and evaluate the call `form` again."""
        self._loaded(it)
        return it.eval(form)

    def apply(self, it: Machine, args: Sequence[Value]) -> Value:
        """Load the file and call what it defines."""
        return it.call(self._loaded(it), args)

    def show(self, numbers: object) -> str:
        """Return the printed name."""
        return f"::DE:{self.symbol.name}"

    def _loaded(self, it: Machine) -> Callee:
        libload(it, self.file)
        found: Callee = it.function_of(self.symbol, None)
        if isinstance(found, Autoload):
            raise EvalError(f"'{self.file}' does not define {show(self.symbol)}")
        return found


@special("autoload", pattern="file name . names")
def autoload(it: Machine, form: Pair) -> Value:
    """(autoload file names...)

    Define functions, whose names are not evaluated, that are in a file: the first call of one
    loads it. Return the list of the names.

    (autoload "no-such-file" f g)
    => (f g)
    """
    file = it.eval(form.cdr.car)
    if type(file) is not str:
        text = f"autoload needs the name of a file, found {describe(file)}"
        raise ValueKindError(text, span=element_span(form.cdr))
    try:
        file = str(it.find_program(file).resolve())  # as it is searched here, not at the call
    except NoFileError:
        pass
    for cell in cells(form.cdr.cdr):
        if type(cell.car) is not Symbol:
            text = f"autoload needs names of functions, found {describe(cell.car)}"
            raise ValueKindError(text, span=element_span(cell))
        it.assign(cell.car, Autoload(cell.car, file))
    return form.cdr.cdr


@builtin("path")
def path(it: Machine, *folders: str) -> list[str]:
    """(path folders...)

    Set the folders in which files are searched after the current one and that of the program;
    return the list of them. Files there that a program may not read are not found.

    (path)
    => ()
    """
    if folders:
        _set_path(it, [_full(it, folder) for folder in folders])
    return [str(folder) for folder in it.path]


@builtin("addpath")
def addpath(it: Machine, folder: str) -> list[str]:
    """(addpath folder)

    Search a folder before the others of the path; return the list of them.

    (progn (addpath "/nets") (addpath "/lib") (addpath "/nets"))
    => ("/nets" "/lib")
    """
    first = _full(it, folder)
    _set_path(it, [first, *(other for other in it.path if other != first)])
    return [str(other) for other in it.path]


def _set_path(it: Machine, folders: list[Path]) -> None:
    if len(folders) > _MOST_FOLDERS:
        raise EvalError(f"a path has at most {many(_MOST_FOLDERS, 'folder')}, found {len(folders)}")
    it.path = folders


def _full(it: Machine, folder: str) -> Path:
    return Path(os.path.abspath(it.files.current / folder))


@special("defvar", pattern="symbol [value]")
def defvar(it: Machine, form: Pair) -> Value:
    """(defvar symbol [value])

    Declare a global variable and give it a value, below all bindings, if there is one here; return
    the symbol.

    (let ((tempo 1)) (defvar tempo 5) (list tempo :tempo))
    => (1 5)
    """
    symbol, rest = form.cdr.car, form.cdr.cdr
    if type(symbol) is not Symbol:
        text = f"defvar needs a symbol, found {describe(symbol)}"
        raise ValueKindError(text, span=element_span(form.cdr))
    if rest is not None:
        if symbol.locked:
            raise it.locked(symbol)
        symbol.set_global(it.eval(rest.car))
    return symbol
