"""Evaluate: forms to values. The eval loop, the session's symbols, calls and their errors.

`Interpreter.eval` is the inner loop; `evaluate` is the way in from outside, which sets the limits
and leaves no binding behind when something fails. What forms mean is in `lisp/specials/`, what
functions do in `builtins/`, what calls check in `lisp/calls.py` and `lisp/lambdas.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from sn.codes import Code
from sn.errors import EvalError, SnError, Span, read_source
from sn.lisp import specials
from sn.lisp.calls import Builtin, special_forms
from sn.lisp.depth import MAX_DEPTH, STEP, Frames, most_reentries
from sn.lisp.files import Files
from sn.lisp.forms import (
    LONG,
    Pair,
    Symbol,
    SymbolTable,
    Value,
    element_span,
    elements,
    number_sn,
    refuse_ring,
    show,
    span_of,
    to_list,
)
from sn.lisp.gate import Gate
from sn.lisp.kinds import is_lambda_list
from sn.lisp.leads.calls import no_function
from sn.lisp.leads.explain import explain
from sn.lisp.leads.lookover import look_over
from sn.lisp.leads.names import taken
from sn.lisp.library import FOLDER
from sn.lisp.machine import Callee, Input
from sn.lisp.ports import OutputPort
from sn.lisp.random import SnRandom
from sn.lisp.recovery import noted
from sn.lisp.waiting import Part
from sn.parser import EOF, Host, Macro, MakeMatrix, Reader, read
from sn.registry import Registry, load_folder

load_folder(specials)


class Interpreter:
    """One session's language state: symbols, current input and output, random numbers, limits.

    `functions` are the builtins to define; `path` are the folders that `load` searches after the
    loading file's own; `ask(question)` answers yes or no for a person; `files` is what programs
    may read and write, by default only read below the current folder and those of `path`.
    """

    def __init__(
        self,
        functions: Registry[Builtin] | None = None,
        *,
        out: TextIO | None = None,
        err: TextIO | None = None,
        path: Iterable[Path | str] = (),
        make_matrix: MakeMatrix | None = None,
        ask: Callable[[str], bool] | None = None,
        argv: Sequence[str] = (),
        files: Files | None = None,
    ) -> None:
        self.symbols = SymbolTable()
        self.intern = self.symbols.intern
        self.t = self.intern("t")
        self.t.value, self.t.locked = self.t, True
        self.depth = 0
        self.recoveries = self.unwound = 0
        self.last_error: str | None = None
        self.horizon = STEP  # the depth at which Python is asked for more frames
        self._frames = Frames()
        self._reentries = 0
        self.stdout = self.out = OutputPort(out or sys.stdout, "$stdout")
        self.err = OutputPort(err or sys.stderr, "$stderr")
        self.input: Input | None = None  # what read-string and read take from
        self._terminal: Reader | None = None
        self.path = [Path(folder) for folder in path]
        self.loaded: set[str] = set()  # full names, for libload
        self.library: dict[str, Part] = {}  # by name
        self.files = files or Files(Gate(Path(), shared=(*self.path, FOLDER)))
        self.ask = ask or (lambda question: False)
        self.numbers: Callable[[float], str] = number_sn
        self.random = SnRandom()
        self.macros: dict[str, Macro] = {}
        self.host = Host(self.intern, make_matrix, self.macros)
        self.texts: dict[str, str] = {}  # what was read under each file name, for messages
        self._apart: dict[str, list[Value]] = {}  # its forms, for hints
        self.world: Value = None  # what the forms of the layers above act on
        self.screen: Value = None  # what those that draw act on
        self._is_outermost = True
        self._kept: list[Symbol] = []  # bound from outside `evaluate`, once per binding
        for entry in (*special_forms.describe(), *(functions.describe() if functions else ())):
            self.define(entry.name, entry.value, locked=entry.value.locked)
        for name in ("nil", "result", "file-being-loaded", "lushdir"):
            self.intern(name)
        self.intern("nil").locked = True
        self.set_global("argv", to_list(map(str, argv)))

    # --- names ---

    def define(self, name: str, value: Value, *, locked: bool = False) -> None:
        """Give the symbol `name` a global value, locked against assignment or not."""
        symbol = self.intern(name)
        symbol.set_global(value)
        symbol.locked = locked

    def set_global(self, name: str, value: Value) -> None:
        """Set the global value of `name`, also of a locked symbol."""
        self.intern(name).set_global(value)

    def get_global(self, name: str) -> Value:
        """Return the global value of `name`."""
        return self.intern(name).global_value

    def assign(self, symbol: Symbol, value: Value) -> None:
        """Assign the innermost binding of `symbol`.

        Raises: EvalError when that is the global value of a locked symbol.
        """
        if symbol.locked and not symbol.saved:
            raise self.locked(symbol)
        symbol.value = value

    def locked(self, symbol: Symbol) -> EvalError:
        """Return the error for assigning a locked symbol."""
        message = f"locked symbol: {show(symbol)} cannot be assigned"
        return EvalError(message, hint=taken(symbol))

    @contextmanager
    def bound(self, values: Mapping[str, Value]) -> Iterator[None]:
        """Bind names to values for the duration of a `with` block."""
        symbols = [self.intern(name) for name in values]
        for symbol, value in zip(symbols, values.values(), strict=True):
            symbol.saved.append(symbol.value)
            symbol.value = value
        if self._is_outermost:
            self._kept += symbols
        try:
            yield
        finally:
            for symbol in reversed(symbols):
                symbol.value = symbol.saved.pop()
                if self._is_outermost:
                    self._kept.remove(symbol)

    # --- evaluation ---

    def eval(self, form: Value) -> Value:
        """Return the value of `form`.

        Raises: EvalError (and its kin) with the span of the innermost form read from a file.
        """
        kind = type(form)
        if kind is Symbol:
            return form.value
        if kind is not Pair:
            return form
        head = form.car
        try:
            callee = head.value if type(head) is Symbol else self.eval(head)
            try:
                run = callee.run
            except AttributeError:
                run = self.function_of(head, callee, form).run
            return run(self, form)
        except SnError as error:
            if error.form is None or error.span is None or error.form is head:
                explain(self, error, form)
            if self.recoveries:
                noted(self, error)
            raise
        except RecursionError:
            raise noted(self, self.too_deep(form.span)) from None
        except ArithmeticError as error:
            failed = EvalError(f"floating exception: {error}", span=form.span)
            raise noted(self, failed) from error
        except MemoryError:
            failed = EvalError("there is not enough memory for this", span=form.span)
            raise noted(self, failed) from None

    def progn(self, body: Value) -> Value:
        """Evaluate the forms of the list `body` and return the value of the last."""
        result = None
        n = 0
        while type(body) is Pair:
            result = self.eval(body.car)
            body = body.cdr
            if body is None:
                break
            n += 1
            if n == LONG:
                refuse_ring(body)
        return result

    def eval_list(self, forms: Value) -> list[Value]:
        """Return the values of the forms of a list, from left to right."""
        values = []
        while type(forms) is Pair:
            values.append(self.eval(forms.car))
            forms = forms.cdr
            if len(values) == LONG:
                refuse_ring(forms)
        if forms is not None:
            values += self.tail_values(forms)
        return values

    def tail_values(self, tail: Value) -> list[Value]:
        """Return the arguments that the dotted tail of a call stands for."""
        return elements(self.eval(tail))

    def call(self, function: Value, args: Sequence[Value]) -> Value:
        """Call a function, or the function that a symbol names, with evaluated arguments."""
        try:
            apply = function.apply
        except AttributeError:
            apply = self.function_of(function, None).apply
        return apply(self, args)

    def function_of(self, head: Value, value: Value, form: Value = None) -> Callee:
        """Return the function that a call's head means when its current value is none.

        A symbol's hidden values are searched, innermost first: a local variable named `list` does
        not hide the function. `form` is the call, where there is one; else a list (lambda ...) is
        the function that it makes.
        Raises: UnknownNameError, or ValueKindError for another value.
        """
        if type(head) is Symbol:
            for hidden in (head.value, *reversed(head.saved)):
                if hasattr(hidden, "run"):
                    callee: Callee = hidden
                    return callee
        if form is None and is_lambda_list(head):
            made: Callee = self.eval(head)
            return made
        raise no_function(self, head, value, form)

    def further(self, run: Callable[[], Value]) -> Value:
        """Return what `run` gives, with as many frames as the next calls may need.

        Raises: EvalError when calls are nested too deeply.
        """
        if self.depth >= MAX_DEPTH:
            raise self.too_deep()
        outer = self.horizon
        self.horizon = min(outer + STEP, MAX_DEPTH)
        try:
            with self._frames.further():
                return run()
        finally:
            self.horizon = outer

    def reenter(self, run: Callable[[], Value]) -> Value:
        """Return what `run` gives, which evaluates while C code waits for it.

        Raises: EvalError when that is nested too deeply for the C stack.
        """
        if self._reentries >= most_reentries():
            raise self.too_deep()
        self._reentries += 1
        try:
            return run()
        finally:
            self._reentries -= 1

    def too_deep(self, span: Span | None = None) -> EvalError:
        """Return the error for calls nested too deeply."""
        hint = "does a function call itself without an end? a loop (for, each, while) has no limit"
        return EvalError("too many calls inside one another", span=span, hint=hint, code=Code.DEPTH)

    # --- the way in ---

    def evaluate(self, form: Value) -> Value:
        """Evaluate a top-level form. After an error or an interrupt no binding is left behind."""
        if not self._is_outermost:
            return self.eval(form)
        self._is_outermost = False
        out, source = self.out, self.input
        try:
            with self._frames.begun():
                return self.eval(form)
        except BaseException as error:
            self.depth, self._reentries, self.horizon = 0, 0, STEP
            self.unwound += 1
            self.out, self.input = out, source
            for symbol in self.symbols:
                if symbol.saved:
                    kept = self._kept.count(symbol)
                    while len(symbol.saved) > kept:
                        symbol.value = symbol.saved.pop()
            if isinstance(error, SnError):
                error.frames = shorten(error.frames)
                error.bindings = error.bindings if self.recoveries else None
            raise
        finally:
            self._is_outermost = True

    def reader(self, text: str, file: str, more: Callable[[], str] | None = None) -> Reader:
        """Return a reader of `text` that knows this session's symbols and macro-characters."""
        self.texts[file] = text
        self._apart.pop(file, None)
        return Reader(text, file, self.host, more)

    def read(self, text: str, file: str = "<text>") -> list[Value]:
        """Return the forms of `text`, not evaluated."""
        reader = self.reader(text, file)
        forms = []
        while (form := reader.next_form()) is not EOF:
            forms.append(form)
        return forms

    def run(self, text: str, file: str = "<text>") -> Value:
        """Read and evaluate `text` form by form; return the last value."""
        return self.run_stream(self.reader(text, file))

    def define_macro(self, characters: str, function: Value) -> None:
        """Have the reader call `function`, of no arguments, where it meets `characters`: a
        character c, a control character as ^C, or #c.
        """

        def run(reader: Reader) -> Value:
            outer, self.input = self.input, reader
            try:
                # inside a form it is called by the lexer, a generator, for which C code waits
                return self.reenter(lambda: self.call(function, ()))
            finally:
                self.input = outer

        self.macros[characters] = run

    def run_stream(self, reader: Reader, after: Callable[[Value], None] | None = None) -> Value:
        """Evaluate the rest of a stream form by form; call `after(value)` behind each."""
        result = None
        outer, self.input = self.input, reader
        top = self.intern("result")
        try:
            while (form := reader.next_form()) is not EOF:
                look_over(self, form, reader.span_of_last)
                result = self.evaluate(form)
                top.set_global(result)
                if after is not None:
                    after(result)
        finally:
            self.input = outer
        return result

    def load(self, name: str, after: Callable[[Value], None] | None = None) -> str:
        """Evaluate a file, found as `find_program` does; return its full name."""
        file = self.find_program(name)
        reader = self.file_reader(file)
        with self.bound({"file-being-loaded": str(file)}):
            self.run_stream(reader, after)
        self.loaded.add(str(file.resolve()))
        return str(file)

    def find_program(self, name: str) -> Path:
        """Return a file to load: beside the loading file first, as programs refer to their parts.

        Raises: EvalError when there is none.
        """
        folders = [*self._loading_folder(), self.files.current, *self.path]
        return self.files.find(name, folders, (".sn", ".lsh", ".tl"))

    def find_file(self, name: str, suffixes: Sequence[str] = ()) -> Path:
        """Return the file called `name`, with one of `suffixes` added where there is none such.

        What the program wrote comes first, then the current folder, that of the file being loaded,
        and `path`.
        Raises: EvalError when there is none.
        """
        folders = [self.files.current, *self._loading_folder(), *self.path]
        return self.files.find(name, folders, suffixes)

    def _loading_folder(self) -> list[Path]:
        loading = self.intern("file-being-loaded").value
        return [Path(loading).parent] if isinstance(loading, str) else []

    def source(self, file: str) -> str | None:
        """Return the text read under a file name, for `errors.render`."""
        return self.texts[file] if file in self.texts else read_source(file)

    def read_apart(self, file: str) -> list[Value]:
        """Return the forms of a text read before, in symbols of their own; none if it fails."""
        if file not in self._apart:
            host = Host(make_matrix=lambda *parts: None)
            try:
                self._apart[file] = read(self.source(file) or "", file, host)
            except SnError:
                self._apart[file] = []
        return self._apart[file]

    # --- for builtins and special forms ---

    def current_input(self) -> Input:
        """Return what `read` and its kin take from: the file being loaded, else the terminal."""
        return self.input or self.terminal()

    def terminal(self) -> Reader:
        """Return the reader of the standard input, which waits for lines as they are needed."""
        if self._terminal is None:
            self._terminal = Reader("", "$stdin", self.host, sys.stdin.readline)
        return self._terminal

    def file_reader(self, file: Path) -> Reader:
        """Return a reader of the text of a file.

        Raises: EvalError when it cannot be read.
        """
        return self.reader(self.files.text(file), str(file))

    def error(self, message: str, form: Value = None, hint: str | None = None) -> EvalError:
        """Return an error to raise, at the place of `form` where it has one."""
        return EvalError(message, span=self.span_of(form), hint=hint)

    def span_of(self, form: Value) -> Span | None:
        """Return where a list was read, or None."""
        return span_of(form)

    def element_span(self, cell: Value) -> Span | None:
        """Return where the first element of a list was read, or None."""
        return element_span(cell)

    def show(self, value: Value) -> str:
        """Return the print form, with numbers in this session's style."""
        return show(value, self.numbers, is_brief=False)


def shorten(frames: list[str]) -> list[str]:
    """Return the frames, innermost first, with repetitions counted and the middle left out."""
    runs: list[tuple[str, int]] = []
    for frame in frames:
        if runs and runs[-1][0] == frame:
            runs[-1] = (frame, runs[-1][1] + 1)
        else:
            runs.append((frame, 1))
    lines = [frame if n == 1 else f"{frame}, {n:,} times" for frame, n in runs]
    if len(lines) > 12:
        lines[8:-3] = [f"... {len(lines) - 11:,} more ..."]
    return lines
