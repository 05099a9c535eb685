"""Machine: what special forms and builtins may ask of the interpreter that runs them.

The interpreter stands above every one of them and is handed down as `it`, so they name what they
use of it here, and mypy holds both sides to that. Read next: `calls.py`, `sn/interp.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from sn.errors import EvalError, Span
from sn.lisp.files import Files
from sn.lisp.forms import Pair, Symbol, SymbolTable, Value
from sn.lisp.ports import OutputPort
from sn.lisp.random import SnRandom


class Callee(Protocol):
    """What can stand at the head of a call. As the kind of an argument it takes a symbol too."""

    def run(self, it: Machine, form: Pair) -> Value:
        """Return the value of the call `form`, whose arguments are not evaluated yet."""

    def apply(self, it: Machine, args: Sequence[Value]) -> Value:
        """Return the value for these arguments, which are not evaluated again."""


class Input(Protocol):
    """What a program reads from: forms, and the characters between them."""

    text: str
    file: str

    def next_form(self) -> Value:
        """Read the next form, or return `parser.EOF`."""

    def peek(self) -> str:
        """Return the next character without taking it, "" at the end."""

    def take(self) -> str:
        """Take and return the next character, "" at the end."""

    def take_while(self, accepts: Callable[[str], bool]) -> str:
        """Take and return the characters up to the first that `accepts` refuses."""


class Machine(Protocol):
    """A session's language state, as those see it who are called by it.

    `depth` counts calls inside one another, which from `horizon` on ask to go `further`;
    `recoveries` counts the (on-error ...) that wait for errors, `last_error` is the text of
    the one that they saw last, `unwound` counts the errors that ended a form of the top level;
    `path` has folders to search, `library` the parts of what comes with SN in Lisp; `numbers`
    prints a number, `world` is what the forms of the layers above act on, `screen` what those that
    draw act on. What a method raises is told where it is written, in `interp.py`.
    """

    t: Symbol
    symbols: SymbolTable
    depth: int
    horizon: int
    recoveries: int
    unwound: int
    last_error: str | None
    stdout: OutputPort
    out: OutputPort
    err: OutputPort
    input: Input | None
    path: list[Path]
    loaded: set[str]
    library: dict[str, Any]
    files: Files
    ask: Callable[[str], bool]
    numbers: Callable[[float], str]
    random: SnRandom
    world: Value
    screen: Value

    # --- names ---

    def intern(self, name: str) -> Symbol:
        """Return the symbol called `name`."""

    def define(self, name: str, value: Value, *, locked: bool = False) -> None:
        """Give the symbol `name` a global value, locked against assignment or not."""

    def get_global(self, name: str) -> Value:
        """Return the global value of `name`."""

    def assign(self, symbol: Symbol, value: Value) -> None:
        """Assign the innermost binding of `symbol`."""

    def locked(self, symbol: Symbol) -> EvalError:
        """Return the error for assigning a locked symbol."""

    def bound(self, values: Mapping[str, Value]) -> AbstractContextManager[None]:
        """Bind names to values for the duration of a `with` block."""

    def define_macro(self, characters: str, function: Value) -> None:
        """Have the reader call `function` where it meets `characters`: c, ^C or #c."""

    # --- evaluation ---

    def eval(self, form: Value, /) -> Value:
        """Return the value of `form`."""

    def progn(self, body: Value, /) -> Value:
        """Evaluate the forms of the list `body` and return the value of the last."""

    def eval_list(self, forms: Value) -> list[Value]:
        """Return the values of the forms of a list, from left to right."""

    def tail_values(self, tail: Value) -> list[Value]:
        """Return the arguments that the dotted tail of a call stands for."""

    def call(self, function: Value, args: Sequence[Value]) -> Value:
        """Call a function, or the function that a symbol names, with evaluated arguments."""

    def function_of(self, head: Value, value: Value, form: Value = None) -> Callee:
        """Return the function that a call's head means when its current value is none."""

    def further(self, run: Callable[[], Value]) -> Value:
        """Return what `run` gives, with as many frames as the next calls may need."""

    def reenter(self, run: Callable[[], Value]) -> Value:
        """Return what `run` gives, which evaluates while C code waits for it."""

    def too_deep(self, span: Span | None = None) -> EvalError:
        """Return the error for calls nested too deeply."""

    # --- texts and files ---

    def show(self, value: Value) -> str:
        """Return the print form, with numbers in this session's style."""

    def read(self, text: str, file: str = "<text>") -> list[Value]:
        """Return the forms of `text`, not evaluated."""

    def load(self, name: str, after: Callable[[Value], None] | None = None) -> str:
        """Evaluate a file; call `after(value)` behind each form; return the file's full name."""

    def source(self, file: str) -> str | None:
        """Return the text read under a file name, for hints."""

    def read_apart(self, file: str) -> list[Value]:
        """Return the forms of a text read before, in symbols of their own, for hints."""

    def find_program(self, name: str) -> Path:
        """Return a file to load."""

    def find_file(self, name: str, suffixes: Sequence[str] = ()) -> Path:
        """Return the file called `name`, with one of `suffixes` added where there is none such."""

    def current_input(self) -> Input:
        """Return what `read` and its kin take from: the file being loaded, else the terminal."""

    def terminal(self) -> Input:
        """Return the standard input, which waits for lines as they are needed."""

    def file_reader(self, file: Path) -> Input:
        """Return the text of a file, to read from."""
