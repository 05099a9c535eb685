"""Waiting: functions of the library that are not read yet, and how a part of it is loaded.

A session knows their names from its start; the first call of one loads the file that it is in.
What a program defined under such a name, before or after, is the program's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sn.errors import EvalError, SnInternalError
from sn.lisp.forms import Pair, Shown, Symbol, Value, show
from sn.lisp.library import FOLDER, homes, index
from sn.lisp.machine import Callee, Machine


@dataclass
class Part:
    """A file of the library, for one session: its functions, and whether it was loaded."""

    name: str
    waiting: dict[str, Waiting] = field(default_factory=dict)  # by name
    is_loaded: bool = False


class Waiting(Shown):
    """A function of the library whose file the first call loads; then it is what is there."""

    noun = "function"
    __slots__ = ("function", "is_special", "part", "symbol")

    def __init__(self, symbol: Symbol, part: Part, is_special: bool) -> None:
        self.symbol = symbol
        self.part = part
        self.is_special = is_special  # it does not evaluate its arguments
        self.function: Callee | None = None

    def run(self, it: Machine, form: Pair) -> Value:
        """Load the file and evaluate the call `form` of what it defines."""
        return self.loaded(it).run(it, form)

    def apply(self, it: Machine, args: Sequence[Value]) -> Value:
        """Load the file and call what it defines."""
        return self.loaded(it).apply(it, args)

    def loaded(self, it: Machine) -> Callee:
        """Return the function, from its file; what the program calls by its name may be another.

        Raises: EvalError when it is called while its file is being loaded.
        """
        if self.function is None:
            load_part(it, self.part)
        if self.function is None:
            raise EvalError(f"{show(self.symbol)} is called before its file defines it")
        return self.function

    def show(self, numbers: object) -> str:
        """Return the printed name."""
        return f"::DE:{self.symbol.name}"


def install(it: Machine) -> None:
    """Tell a session the names of the library; those that mean something already are left alone."""
    for name, defines in index().items():
        part = it.library[name] = Part(name)
        for function in defines["functions"]:
            symbol = it.intern(function)
            if symbol.value is None:
                is_special = function in defines["special"]
                symbol.value = part.waiting[function] = Waiting(symbol, part, is_special)


def definition(it: Machine, value: Value) -> Value:
    """Return what a value stands for: a function that waits, read from its file, or itself."""
    return value.loaded(it) if type(value) is Waiting else value


def is_own(it: Machine, name: str) -> bool:
    """Whether a name means the library's function now, not one that the program made of it."""
    part = it.library.get(homes().get(name, ""))
    own = part.waiting.get(name) if part is not None else None
    value = it.intern(name).value
    return own is not None and value is not None and (value is own or value is own.function)


def want_part(it: Machine, part: Part) -> None:
    """Load a part, unless all that it does is to define functions: those can go on waiting."""
    if index()[part.name]["others"]:
        load_part(it, part)


def load_part(it: Machine, part: Part) -> None:
    """Load a part once, at the global level whatever is bound where it is called.

    It gives values to its own names alone, and to those of them that the program gave none.
    Raises: SnInternalError when it does not define what the index says.
    """
    if part.is_loaded:
        return
    part.is_loaded = True
    file = FOLDER / f"{part.name}.sn"
    defines = index()[part.name]
    symbols = [it.intern(name) for name in (*defines["functions"], *defines["variables"])]
    with _at_the_global_level(it):
        own = [
            (symbol, symbol.value)
            for symbol in symbols
            if symbol.value is not None and type(symbol.value) is not Waiting
        ]
        locked = [symbol for symbol in symbols if symbol.locked]
        for symbol in locked:
            symbol.locked = False
        try:
            with it.bound({"file-being-loaded": str(file)}):
                for form in it.read(file.read_text("utf-8"), str(file)):
                    it.eval(form)
            for waiting in part.waiting.values():
                if type(waiting.symbol.value) is Waiting:
                    raise SnInternalError(f"{file} does not define {waiting.symbol.name}")
                waiting.function = waiting.symbol.value
        except BaseException:
            part.is_loaded = False
            raise
        finally:
            for symbol, value in own:
                symbol.value = value
            for symbol in locked:
                symbol.locked = True
    it.loaded.add(str(file))


@contextmanager
def _at_the_global_level(it: Machine) -> Iterator[None]:
    """Hide all bindings of the program for the duration of a `with` block."""
    hidden = [(symbol, symbol.value, symbol.saved) for symbol in it.symbols if symbol.saved]
    for symbol, _, saved in hidden:
        symbol.value, symbol.saved = saved[0], []
    try:
        yield
    finally:
        for symbol, value, saved in hidden:
            saved[0] = symbol.value
            symbol.value, symbol.saved = value, saved
