"""Words: what only a prompt has: help, what a net is made of, and describing it anew."""

from __future__ import annotations

import re
from contextlib import nullcontext, suppress
from functools import cache
from inspect import cleandoc
from pathlib import Path
from typing import ClassVar

from sn.builtins.pretty import pretty_text
from sn.errors import EvalError, SnError, Span
from sn.lisp.forms import Pair, Symbol, Value, show, span_of, to_list
from sn.lisp.lambdas import Lambda
from sn.lisp.machine import Machine
from sn.repl.errors import Errors
from sn.repl.manual import apropos, folded, manual_text
from sn.repl.person import Talk
from sn.repl.training import Training
from sn.session import Program

_DESCRIBING = ("defnet", "experiment")
_SN = Path(__file__).resolve().parents[1]
_COMMENT = re.compile(r"(?:;+|#\?) ?(.*)")
OVERVIEW = """\
(help 'WORD) or ^AWORD  what a word means; (apropos "PART") finds words
(train) (train 5)       train what was described last, or go on; Ctrl-C stops it
(trained)               the net as it stands, for net-weights, net-test ...
(layers)                what the net is made of
(rebuild)               describe the net anew, with variables that were changed
(train-anew)            forget the weights
*1 *2 *3                the last three values
*e                      the last error; (error-form), (error-values) tell more
Tab completes, Ctrl-D leaves; docs/repl.md tells more\
"""


class Words:
    """The words of a dialogue that need it, and the forms that described its nets."""

    WORDS: ClassVar = {
        "help": "help",
        "apropos": "apropos",
        "layers": "layers",
        "rebuild": "rebuild",
        "ask-about": "ask_about",
    }

    def __init__(self, dialogue: Talk) -> None:
        self._dialogue = dialogue
        self._forms: dict[tuple[str, str], Value] = {}  # by defnet or experiment, and net
        self._file: Program | None = None  # whose forms are not among them yet

    @property
    def manuals(self) -> dict[str, str]:
        """The manuals of the words of the prompt that no program has replaced, by name."""
        it = self._dialogue.it
        return {name: doc for name, doc in manuals().items() if it.get_global(name) is not None}

    def note(self, form: Value) -> None:
        """Keep a form of the top level that describes a net or an experiment."""
        if type(form) is Pair and type(form.car) is Symbol and form.car.name in _DESCRIBING:
            if type(form.cdr) is Pair and type(form.cdr.car) is Symbol:
                self._forms[form.car.name, form.cdr.car.name] = form

    def note_file(self, program: Program) -> None:
        """Keep where the forms of a file that was loaded are read again, if somebody asks."""
        self._file = program

    def _form(self, word: str, net: str) -> Value:
        """Return the form of the top level that described a net, or its experiment; () for none."""
        program, self._file = self._file, None
        if program is not None:
            typed = self._forms
            self._forms = {}
            with suppress(SnError):  # its macro-characters may need what it has read since
                for form in self._dialogue.it.read(program.source, str(program.path)):
                    self.note(form)
            self._forms |= typed
        return self._forms.get((word, net))

    def help(self, it: Machine, word: Value = None) -> None:
        """(help 'WORD)

        Print what a word means: a function, a form, what stands in nets, or what a program
        defines, with the comment above it. ^AWORD does the same. Without a word, print the words
        of this prompt.
        """
        if word is None:
            it.out.write(OVERVIEW + "\n")
            return
        it.out.write(folded(self.manual(it, word), self._dialogue.person.width) + "\n")

    def manual(self, it: Machine, word: Value) -> str:
        """Return what is known of a word, a symbol or a string.

        Raises: UnknownNameError for one that nothing is known of.
        """
        name = word.name if isinstance(word, Symbol) else str(word)
        own = definition(it, name)
        try:
            known = manual_text(name, self.manuals)
        except SnError:
            if own is None:
                raise
            return own
        return known if own is None or _is_ours(it, name) else f"{own}\n\n{known}"

    def apropos(self, it: Machine, part: str | Symbol) -> None:
        """(apropos "PART")

        Print the words whose names hold a text, with their call forms.
        """
        text = part.name if isinstance(part, Symbol) else part
        found = apropos(text, self.manuals)
        width = max((len(name) for name, _ in found), default=0)
        for name, usage in found:
            it.out.write(f"{name:<{width}}  {usage}\n")
        if not found:
            raise EvalError(f'no word of SN holds "{text}"')

    def ask_about(self, it: Machine) -> Value:
        """(ask-about)

        Read the word that follows, and return the form that tells of it: ^A calls this.
        """
        word = it.current_input().next_form()
        quoted = to_list([it.intern("quote"), word])
        is_word = isinstance(word, Symbol)
        return to_list([it.intern("help"), *([quoted] if is_word else [])])

    def layers(self, name: Symbol | None = None) -> None:
        """(layers ['NET])

        Show the layers and connections of the net described last, or of that name, with the loops
        that the compiler finds in them.
        """
        program = self._dialogue.program
        net = program.network.name if name is None else name.name
        if net not in program.networks:
            raise EvalError(f"there is no net '{net}'", hint=_known(program))
        self._dialogue.person.show_parts(program.compiled(net).report())

    def rebuild(self, it: Machine, name: Symbol | None = None) -> Value:
        """(rebuild ['NET])

        Evaluate the (defnet ...) and (experiment ...) of a net again, as they were written, with
        the variables as they are: a changed row of a table of maps, another number of units. A
        (train) behind it takes over the weights that still fit. The value is the name.
        """
        program = self._dialogue.program
        net = program.network.name if name is None else name.name
        forms = [self._form(word, net) for word in _DESCRIBING]
        if forms[0] is None:
            raise EvalError(
                f"no (defnet {net} ...) was written at the prompt, nor at the top of the file",
                hint="what a function describes is described anew by calling it",
            )
        file = str(program.path)
        for form in forms:
            span = span_of(form)
            if span is not None:
                # names of data and of files are as they were in the file
                is_of_file = span.file == file
                with it.bound({"file-being-loaded": file}) if is_of_file else nullcontext():
                    it.eval(form)
                self._dialogue.keep(form)
        return it.intern(net)


@cache
def manuals() -> dict[str, str]:
    """Return the manuals of all words that only a prompt has, by name."""
    return {
        word: cleandoc(getattr(kind, method).__doc__ or "")
        for kind in (Errors, Training, Words)
        for word, method in kind.WORDS.items()
    }


def definition(it: Machine, name: str) -> str | None:
    """Return the call form of a function of the program, with what its source says of it.

    That is a string at the start of its body, or the comment above it; else the function itself.
    None for what no program has defined.
    """
    value = it.intern(name).global_value
    if not isinstance(value, Lambda):
        return None
    usage = show(Pair(Symbol(name), value.params), is_brief=False)
    where = f", {value.span.file}:{value.span.line}" if value.span is not None else ""
    body = value.body
    if type(body) is Pair and isinstance(body.car, str) and body.cdr is not None:
        told = body.car
    else:
        told = _comment_above(it, value.span) or pretty_text(value, it.numbers)
    lines = [usage, "", *told.strip().split("\n")]
    return f"{name}: defined by the program{where}\n\n" + "\n".join(
        f"  {line}".rstrip() for line in lines
    )


def _is_ours(it: Machine, name: str) -> bool:
    """Whether a function is of the library that comes with SN, whose manuals are known."""
    value = it.intern(name).global_value
    span = value.span if isinstance(value, Lambda) else None
    return span is not None and Path(span.file).is_relative_to(_SN)


def _comment_above(it: Machine, span: Span | None) -> str:
    """Return the comment right above the line that a form begins on, without its marks."""
    text = it.source(span.file) if span is not None else None
    if text is None or span is None:
        return ""
    found: list[str] = []
    for line in reversed(text.split("\n")[: span.line - 1]):
        match = _COMMENT.match(line)
        if match is None:
            break
        found.insert(0, match[1])
    return "\n".join(found)


def _known(program: Program) -> str:
    return "there are: " + ", ".join(program.networks) if program.networks else "describe one"
