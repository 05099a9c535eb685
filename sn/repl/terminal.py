"""Terminal: a dialogue with a person, by prompt_toolkit, which no other module imports.

Enter evaluates what is whole, and else begins a line; Tab completes; Ctrl-C leads back to the
prompt, whatever is going on, and Ctrl-D leaves.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from types import FrameType

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import completion_is_selected
from prompt_toolkit.history import History
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout.processors import HighlightMatchingBracketProcessor
from prompt_toolkit.lexers import PygmentsLexer
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.shortcuts import CompleteStyle
from prompt_toolkit.styles import Style

from sn.diagnostics.terminal import has_colours
from sn.editors.pygments import SnLexer
from sn.interrupts import Announced
from sn.repl import history
from sn.repl.complete import complete
from sn.repl.dialogue import Dialogue
from sn.repl.text import indent, is_whole
from sn.version import __version__

PROMPT = "? "  # as SN's
WELCOME = f"SN {__version__}: (help) tells what there is, Tab completes, Ctrl-D leaves"
_PAUSE = 0.2  # seconds in which a second Ctrl-C is the first one still; chosen here

# the 16 colours that a terminal has by its theme, dark or light
_STYLE = Style.from_dict(
    {
        "prompt": "bold",
        "pygments.comment": "ansibrightblack",
        "pygments.literal.string": "ansigreen",
        "pygments.literal.string.symbol": "",
        "pygments.keyword": "ansimagenta",
        "pygments.name.builtin": "ansicyan",
        "pygments.name.attribute": "ansicyan",
        "pygments.name.constant": "ansiyellow",
        "pygments.keyword.constant": "ansiyellow",
        "pygments.name.class": "bold",
        "pygments.name.function": "bold",
        "pygments.error": "ansired underline",
    }
)


def talk(dialogue: Dialogue, file: str | None = None) -> None:
    """Load a file, if one is given, and answer what a person types until Ctrl-D.

    Raises: ProgramExit where the program ends itself.
    """
    interrupts = _Interrupts()
    before = signal.signal(signal.SIGINT, interrupts), sys.unraisablehook
    sys.unraisablehook = interrupts.lost
    try:
        print(WELCOME)
        if file is not None:
            _guarded(interrupts, dialogue, partial(dialogue.load, file))
        prompt = _prompt(dialogue)
        while True:
            try:
                text = prompt.prompt([("class:prompt", PROMPT)])
            except KeyboardInterrupt:
                continue
            except EOFError:
                return
            if text.strip():
                _guarded(interrupts, dialogue, partial(dialogue.answer, text))
    finally:
        signal.signal(signal.SIGINT, before[0])
        sys.unraisablehook = before[1]


class _Interrupts(Announced):
    """Raises Ctrl-C while something is evaluated, and once where a person presses it twice.

    So it never comes where it could not be taken: between two forms, nor while the session tidies
    up after the first.
    """

    def __init__(self) -> None:
        super().__init__()
        self._last = 0.0

    def __call__(self, *arguments: object) -> None:
        """Raise KeyboardInterrupt: a signal handler."""
        now = time.monotonic()
        if not self.comes or now - self._last <= _PAUSE:
            return
        if _is_importing(arguments[-1]):
            _come_again()
            return
        self._last = now
        raise KeyboardInterrupt

    def lost(self, error: sys.UnraisableHookArgs) -> None:
        """Let one come again that a destructor has swallowed; other errors of those are told."""
        if issubclass(error.exc_type, KeyboardInterrupt):
            _come_again()
        else:
            sys.__unraisablehook__(error)


def _is_importing(frame: object) -> bool:
    """Whether a module is being imported: a library that was imported by half stays broken."""
    while isinstance(frame, FrameType):
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _come_again() -> None:
    """Have Ctrl-C come once more in a moment."""
    timer = threading.Timer(_PAUSE + 0.05, signal.raise_signal, (signal.SIGINT,))
    timer.daemon = True
    timer.start()


def _guarded(interrupts: _Interrupts, dialogue: Dialogue, run: Callable[[], object]) -> None:
    """Do what Ctrl-C may end."""
    try:
        interrupts.comes = True
        run()
    except KeyboardInterrupt:
        interrupts.comes = False
        print(end="\r")  # the terminal may have put ^C where the words go
        dialogue.tell_interrupt()
    finally:
        interrupts.comes = False


def _prompt(dialogue: Dialogue) -> PromptSession[str]:
    return PromptSession(
        history=_Kept(),
        completer=_Completer(dialogue),
        complete_while_typing=False,
        complete_style=CompleteStyle.COLUMN,
        lexer=PygmentsLexer(SnLexer, sync_from_start=True),
        style=_STYLE,
        include_default_pygments_style=False,
        color_depth=None if has_colours(sys.stdout) else ColorDepth.DEPTH_1_BIT,
        input_processors=[HighlightMatchingBracketProcessor(chars="[]()")],
        key_bindings=_keys(),
        multiline=True,
        prompt_continuation=" " * len(PROMPT),
        enable_history_search=True,
        enable_suspend=True,
    )


def _keys() -> KeyBindings:
    """Return what keys do besides what they do elsewhere."""
    keys = KeyBindings()

    @keys.add("enter", filter=~completion_is_selected)
    def enter(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if is_whole(buffer.text):
            buffer.validate_and_handle()
        else:
            new_line(event)

    @keys.add("enter", filter=completion_is_selected)
    def take(event: KeyPressEvent) -> None:
        event.current_buffer.complete_state = None

    @keys.add("escape", "enter")
    def new_line(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        buffer.insert_text("\n" + " " * indent(buffer.document.text_before_cursor))

    return keys


class _Completer(Completer):
    """Offers what the session knows."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """Yield what the word before the cursor may become."""
        place, session = document.cursor_position, self._dialogue.session
        manuals = self._dialogue.words.manuals
        start, offers = complete(session, manuals, document.text, place)
        for one in offers:
            yield Completion(one.text, start - place, display_meta=one.about)


class _Kept(History):
    """The history of all prompts; what this one cannot write it remembers."""

    def __init__(self) -> None:
        super().__init__()
        self._path = history.history_file()

    def load_history_strings(self) -> Iterable[str]:
        """Return what was typed before, the newest first."""
        texts = history.load(self._path)
        history.cut(self._path, texts)
        return reversed(texts)

    def store_string(self, string: str) -> None:
        """Keep what was typed."""
        if string.strip():
            history.keep(self._path, string)
