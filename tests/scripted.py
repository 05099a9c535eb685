"""A terminal for tests with somebody at the keyboard: keys go in, and the screen is looked at."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from tests.screen import Screen

LONGEST = 20  # seconds that a text may take to come
CTRL_C, CTRL_D, TAB, ENTER, ESCAPE = "\x03", "\x04", "\t", "\r", "\x1b"
_OPEN_CODE = re.compile(r"\x1b(?:\[\??[0-9;]*)?\Z")
UP = "\x1b[A"


class EditedScreen(Screen):
    """Obeys what a line editor writes too: the cursor in all directions, the rest of a line."""

    def _put(self, char: str) -> None:
        if char == "\b":
            self.column = max(self.column - 1, 0)
        elif char != "\a":
            super()._put(char)

    def _obey(self, private: str, numbers: str, letter: str) -> None:
        count = int(numbers) if numbers.isdecimal() else 1
        if private and letter in ("h", "l"):
            self.has_cursor = letter == "h" if numbers == "25" else self.has_cursor
        elif letter == "B":
            self.row = min(self.row + count, len(self.lines) - 1)
        elif letter == "C":
            self.column = min(self.column + count, self.columns - 1)
        elif letter == "D":
            self.column = max(self.column - count, 0)
        elif letter == "K" and not numbers:
            del self.lines[self.row][self.column :]
        else:
            super()._obey(private, numbers, letter)


class Typed:
    """A command on a terminal; `press` sends keys, `wait` looks until a text stands there."""

    def __init__(
        self,
        words: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        size: tuple[int, int] = (80, 24),
    ) -> None:
        columns, rows = size
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        known = {
            name: text for name, text in os.environ.items() if name not in ("COLUMNS", "LINES")
        }
        more = {"TERM": "xterm-256color", "PYTHONUTF8": "1", "PROMPT_TOOLKIT_NO_CPR": "1"}
        # the first terminal that a session opens is its own, so that ^C is a signal
        self.process = subprocess.Popen(
            ["sh", "-c", 'exec "$@" <"$0" >"$0" 2>"$0"', os.ttyname(theirs), *words],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**known, **more, **environment},
            start_new_session=True,
        )
        self._theirs = theirs  # until the command has opened it too, and ended
        self.screen = EditedScreen(columns, rows)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._cut = ""
        self._mark = 0

    def __enter__(self) -> Typed:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)
        os.close(self._ours)
        os.close(self._theirs)

    @property
    def lines(self) -> list[str]:
        """What stands there, above the screen too."""
        return self.screen.text

    @property
    def seen(self) -> str:
        """What stands there from the line on in which keys were pressed last."""
        return "\n".join(self.lines[self._mark :])

    def press(self, *keys: str) -> None:
        """Send keys."""
        self._read(0.0)
        self._mark = max(len(self.lines) - 1, 0)
        for one in keys:
            os.write(self._ours, one.encode())

    def wait(self, *texts: str, is_asking: bool = False) -> str:
        """Wait until texts have come since the last keys, `is_asking` with a prompt at the end.

        Return all that has come.
        """
        until = time.monotonic() + LONGEST
        while not all(text in self.seen for text in texts) or (
            is_asking and (len(self.lines) <= self._mark + 1 or self.lines[-1] != "?")
        ):
            shown = "\n".join(self.lines[-30:])
            assert time.monotonic() < until, f"{texts} did not come:\n{shown}"
            has_more = self._read(0.2)
            assert has_more or self.process.poll() is None, f"it ended:\n{shown}"
        return self.seen

    def ask(self, text: str, *answers: str) -> str:
        """Type a text, wait for answers and the prompt behind them, and return what has come."""
        self.press(text, ENTER)
        return self.wait(*answers, is_asking=True)

    def settle(self, *keys: str) -> None:
        """Wait until there is a prompt and nothing more comes; press keys until then."""
        until = time.monotonic() + LONGEST
        while True:
            quiet = time.monotonic() + 1.0
            while time.monotonic() < quiet:
                if self._read(0.05):
                    quiet = max(quiet, time.monotonic() + 0.5)
                assert time.monotonic() < until, "no prompt came:\n" + "\n".join(self.lines[-30:])
            if self.lines[-1:] == ["?"]:
                return
            self.press(*keys)

    def end(self) -> int:
        """Wait until the command ends by itself, and return its exit code."""
        until = time.monotonic() + LONGEST
        while self._read(0.2) or self.process.poll() is None:
            assert time.monotonic() < until, "it did not end"
        return self.process.wait(20)

    def _read(self, seconds: float) -> bool:
        """Take what has come, and say whether there was anything."""
        if not select.select([self._ours], [], [], seconds)[0]:
            return False
        try:
            chunk = os.read(self._ours, 65536)
        except OSError:  # the other side is closed
            return False
        text = self._cut + self._decoder.decode(chunk)
        code = _OPEN_CODE.search(text)  # the rest of it comes with the next bytes
        end = code.start() if code is not None else len(text)
        self._cut = text[end:]
        self.screen.feed(text[:end])
        return bool(chunk)
