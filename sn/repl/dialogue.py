"""Dialogue: a session that is talked to, form by form, and goes on whatever becomes of a form.

All that is typed is one text, `<repl>`, so that a place in it stays what it is; values are kept in
`*1`, `*2` and `*3`, the last error in `*e`. Read next: words.py, training.py, terminal.py.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

from sn.display import unobeyed
from sn.errors import ProgramExit, SnError
from sn.lisp.calls import Builtin
from sn.lisp.forms import Pair, Symbol, Value, show, span_of
from sn.lisp.leads.lookover import look_over
from sn.lisp.leads.names import call_form
from sn.lisp.leads.writing import items, label
from sn.networds import LispNet
from sn.parser import EOF
from sn.program_text import program_text
from sn.repl.errors import Errors
from sn.repl.person import Person
from sn.repl.training import Training, Watching
from sn.repl.words import Words
from sn.session import Program, Session
from sn.shipped import find_net
from sn.watchdog import Watchdog

NAME = "<repl>"  # what errors call the text
FILE = Path("repl.sn")  # what runs call the program where no file was loaded; there is no such file
_PIECES = 1000  # words and brackets of a value that are shown; chosen here: some screens


class Dialogue:
    """A session, what was typed so far, and the words that only a prompt has.

    `seconds` and `n_bytes` limit what each text may take, None for no limit. `more` gives a further
    line to a program that reads what is typed, "" at the end. `after` is called behind each text,
    and behind the file, whatever became of it.
    Raises of `answer`: KeyboardInterrupt, and ProgramExit where the program ends itself.
    """

    def __init__(
        self,
        session: Session,
        person: Person,
        watching: Watching,
        *,
        is_kept: bool = True,
        seconds: float | None = None,
        n_bytes: int | None = None,
        more: Callable[[], str] = lambda: "",
        after: Callable[[], None] = lambda: None,
    ) -> None:
        self.session, self.it, self.person = session, session.interpreter, person
        self.errors = Errors()
        self.training = Training(lambda: self.program, watching, person.say, is_kept)
        self.words = Words(self)
        self._limits, self._more, self._after = (seconds, n_bytes), more, after
        self._text, self._start = "", 0  # what could not be read begins at `_start`
        self._kept: list[str] = []  # the texts that describe what there is
        self._file: Program | None = None
        self._is_evaluating = self._is_aside = False
        self._out = self.it.stdout.file = _Stdout()  # type: ignore[assignment]  # it writes
        self.it.recoveries += 1  # errors note the values around them, for who asks
        for kind in (self.errors, self.training, self.words):
            for name, method in kind.WORDS.items():
                word = self._aside(getattr(kind, method))
                self.it.define(name, Builtin(name, word, locked=False, dotted=False))
        self.it.define_macro("^A", self.it.get_global("ask-about"))

    @property
    def program(self) -> Program:
        """What was loaded and typed, as a program whose experiments can be trained."""
        before = [self._file.source] if self._file is not None else []
        path = self._file.path if self._file is not None else FILE
        return Program(self.session, path, "\n".join([*before, *self._kept]))

    def load(self, file: str) -> bool:
        """Evaluate a file, before anything is typed, and tell what it describes.

        What it may read may be read from then on. Of one that fails, what was evaluated stays; say
        whether all went well.
        """
        path = find_net(file)
        self._file = Program(self.session, path, program_text(path))
        try:
            with Watchdog(*self._limits):
                self._file = self.session.load(file)
        except SnError as error:
            self._fail(error)
            return False
        finally:
            gate = self.session.files.gate
            own = () if gate.own is None else (gate.own,)
            self.session.files.gate = replace(gate, own=Path(), shared=(*gate.shared, *own))
            self._end_line()
            self._after()
            self.words.note_file(self._file)
        for name in self.session.world.networks:
            self.person.say(self._described(self.it.intern(name)))
        return True

    def answer(self, text: str) -> bool:
        """Evaluate what was typed and show the values; say whether all went well."""
        try:
            with Watchdog(*self._limits):
                self._evaluate(text if text.endswith("\n") else f"{text}\n")
        except SnError as error:
            self._fail(error)
            return False
        except BrokenPipeError:  # nobody hears what is said
            raise
        except Exception as error:
            self.person.fault(error)
            return False
        finally:
            self._end_line()
            self._after()
        return True

    def tell_interrupt(self) -> None:
        """Tell that Ctrl-C ended what was going on, and how a training goes on."""
        self._end_line()
        self.person.say(f"interrupted{self.training.what_stands()}")

    def close(self) -> None:
        """Remove what is not kept of the runs."""
        self.training.close()

    def _fail(self, error: SnError) -> None:
        """Tell an error and keep it, unless the program ends itself."""
        if isinstance(error, ProgramExit):
            raise error
        error.keep_texts(self.it.texts)
        self.errors.keep(self.it, error)
        self._end_line()
        self.person.tell(error)

    def _evaluate(self, text: str) -> None:
        """Evaluate the forms of a text one by one; what went well stays, whatever follows."""
        self._text = self._text[: self._start] + _blanks(self._text[self._start :])
        self._start = len(self._text)
        reader = self.it.reader(self._text + text, NAME, self._line)
        reader.pos, outer = len(self._text), self.it.input
        self.it.input, self._text = reader, reader.text
        try:
            while True:
                self._start = start = reader.pos
                if (form := reader.next_form()) is EOF:
                    return
                self._start = reader.pos
                look_over(self.it, form, reader.span_of_last)
                self._answer_form(form)
                if not self._is_aside:
                    self._kept.append(reader.text[start : reader.pos])
        finally:
            self.it.input = outer
            # a program may have read lines behind the form
            self._text = self.it.texts[NAME] = reader.text

    def keep(self, form: Value) -> None:
        """Let a form that was read before stand once more in the program that is typed."""
        span = span_of(form)
        text = self.it.source(span.file) if span is not None else None
        if text is not None and span is not None:
            lines = text.split("\n")[span.line - 1 : span.end_line]
            lines[-1] = lines[-1][: span.end_column]
            self._kept.append("\n".join(lines)[span.column - 1 :])

    def _answer_form(self, form: Value) -> None:
        self._is_aside, self._out.has_written = False, False
        self._is_evaluating = True
        functions = _assigned_functions(form)
        try:
            value = self.it.evaluate(form)
        finally:
            self._is_evaluating = False
        self.words.note(form)
        for newer, older in (("*2", "*3"), ("*1", "*2")):
            self.it.set_global(older, self.it.get_global(newer))
        for name in ("*1", "result"):
            self.it.set_global(name, value)
        if value is not None or not self._out.has_written:
            self._show(value)
        for symbol, usage in functions:
            if not call_form(symbol):
                self.person.say(f"{label(symbol)} was a function, {usage}, and is a variable now")

    def _line(self) -> str:
        """Return a line more where a program asks for it, and not the reader for the next form."""
        return self._more() if self._is_evaluating else ""

    def _aside(self, word: Callable[..., Any]) -> Callable[..., Any]:
        """Return a word of the prompt, which is no part of the program that is typed."""

        @wraps(word)
        def asked(*args: Any) -> Any:
            self._is_aside = True
            return word(*args)

        return asked

    def _show(self, value: Value) -> None:
        self._end_line()
        text = show(value, self.it.numbers, limit=_PIECES, is_brief=False)
        self.it.stdout.write(f"= {unobeyed(text)}\n")
        if found := self._described(value):
            self.person.say(found)

    def _described(self, value: Value) -> str:
        """Return what a person may want to know of a value besides how it prints."""
        world = self.session.world
        if isinstance(value, LispNet):
            return repr(value.net)[1:-1]
        if not isinstance(value, Symbol) or value.name not in world.networks:
            return ""
        if value.name in world.experiments:
            return f"{world.experiments[value.name]!r}"[1:-1] + "; (train) trains it"
        return repr(world.networks[value.name])[1:-1]

    def _end_line(self) -> None:
        """Let what comes next begin on a line of its own."""
        if self.it.stdout.column:
            self.it.stdout.write("\n")
        self.it.stdout.flush()


def _blanks(text: str) -> str:
    """Return blanks in place of a text that could not be read, so that lines stay where they are.

    Hints look at the forms around an error, which takes a text that can be read.
    """
    return re.sub(r"[^\n]", " ", text)


def _assigned_functions(form: Value) -> list[tuple[Symbol, str]]:
    """Return the functions whose names a (setq ...) gives values, with how they are called."""
    parts = items(form, 1000) if type(form) is Pair else None
    if not parts or not isinstance(parts[0], Symbol) or parts[0].name != "setq":
        return []
    names = [one for one in parts[1::2] if isinstance(one, Symbol)]
    return [(name, usage) for name in names if (usage := call_form(name))]


class _Stdout:
    """Writes to what stdout is now, which a bar may stand in for, and knows whether it did."""

    def __init__(self) -> None:
        self.has_written = False

    def write(self, text: str) -> int:
        self.has_written = True
        return sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()

    def isatty(self) -> bool:
        return sys.stdout.isatty()
