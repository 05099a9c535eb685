"""A terminal for tests: what stands on it, and in its scrollback, after what a program wrote."""

from __future__ import annotations

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

LONGEST = 120  # seconds of a command
_CODE = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z]?)")


class Screen:
    """Obeys what SN's displays write: line ends, carriage returns, cursor up, erased lines."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self.columns, self.rows = columns, rows
        self.lines: list[list[str]] = [[]]
        self.row = self.column = 0
        self.has_cursor = True
        self.highest = 0  # lines that stood at once, below the highest the cursor went up to

    def feed(self, text: str) -> None:
        at = 0
        while at < len(text):
            code = _CODE.match(text, at)
            if code:
                self._obey(*code.groups())
                at = code.end()
                continue
            self._put(text[at])
            at += 1

    def _put(self, char: str) -> None:
        if char == "\r":
            self.column = 0
        elif char == "\n":
            self._down()
        else:
            if self.column == self.columns:
                self._down()
                self.column = 0
            line = self.lines[self.row]
            line += [" "] * (self.column + 1 - len(line))
            line[self.column] = char
            self.column += 1

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append([])

    def _obey(self, private: str, numbers: str, letter: str) -> None:
        count = int(numbers) if numbers.isdecimal() else 1
        if letter == "A":
            # the cursor does not leave the screen
            self.row = max(self.row - count, len(self.lines) - self.rows, 0)
        elif letter == "K":
            self.lines[self.row] = []
        elif letter == "J":
            del self.lines[self.row + 1 :]
            del self.lines[self.row][self.column :]
        elif private and numbers == "25":
            self.has_cursor = letter == "h"
        else:  # a terminal is rid of what it has not sent when Ctrl-C comes: codes may be cut
            assert letter in ("m", ""), f"unknown code {numbers!r}{letter!r}"

    @property
    def text(self) -> list[str]:
        """The lines, without what is blank at their ends, and at the end of all."""
        found = ["".join(line).rstrip() for line in self.lines]
        while found and not found[-1]:
            found.pop()
        return found


def on_screen(
    words: Sequence[str],
    folder: Path,
    size: tuple[int, int] = (80, 24),
    environment: Mapping[str, str] | None = None,
    interrupt_after: str = "",
    err_only: bool = False,
) -> tuple[int, Screen, str]:
    """Run a command on a terminal of (columns, rows); return exit code, screen and what it sent.

    With `interrupt_after` it gets Ctrl-C once it has sent that text; with `err_only` the terminal
    is stderr, and stdout leads elsewhere.
    """
    ours, theirs = pty.openpty()
    columns, rows = size
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    without = {name: text for name, text in os.environ.items() if name not in ("COLUMNS", "LINES")}
    done = subprocess.Popen(
        words,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if err_only else theirs,
        stderr=theirs,
        env={**without, "TERM": "xterm-256color", "PYTHONUTF8": "1", **(environment or {})},
    )
    os.close(theirs)
    sent = b""
    deadline = time.monotonic() + LONGEST
    while True:
        if time.monotonic() > deadline:
            done.kill()
            raise AssertionError(f"it did not end in {LONGEST} s, and sent {sent[-1000:]!r}")
        if not select.select([ours], [], [], 0.2)[0]:
            continue
        try:
            chunk = os.read(ours, 65536)
        except OSError:  # the other side is closed
            break
        if not chunk:
            break
        sent += chunk
        if interrupt_after and interrupt_after.encode() in sent:
            done.send_signal(signal.SIGINT)
            interrupt_after = ""
    os.close(ours)
    code = done.wait(60)
    text = sent.decode("utf-8", "replace")
    screen = Screen(columns, rows)
    screen.feed(text)
    return code, screen, text
