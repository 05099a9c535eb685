r"""Run the programs of this folder: each form gives what the comment behind it says.

    (+ 1 2)         ; expect: 3
    (car 5)         ; expect error: car needs a list
    (print 'a)      ; prints: a\n

Comments may also stand alone on the lines below their form. A program is one session; it runs in
an empty folder of its own and finds the other files of its topic.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from sn.describe.world import World
from sn.errors import SnError
from sn.lisp.files import Files
from sn.lisp.gate import Gate
from sn.parser import EOF
from sn.sn28 import new_interpreter

HERE = Path(__file__).resolve().parent
PROGRAMS = sorted(path for path in HERE.glob("*/*.sn") if "; expect" in path.read_text())
EXPECTED = re.compile(r"\s*; (expect|expect error|prints): (.*)")


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_program(program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    out = io.StringIO()
    it = new_interpreter(out=out, err=io.StringIO(), files=Files(Gate(program.parent)))
    it.world = World()
    reader = it.reader(program.read_text(encoding="utf-8"), str(program))
    it.input = reader
    faults = []
    checked = 0
    with it.bound({"file-being-loaded": str(program)}):
        while True:
            value, message = None, None
            try:
                form = reader.next_form()
                if form is EOF:
                    break
                value = it.evaluate(form)
            except SnError as error:
                message = error.message
            place = f"{program.name}:{reader.span(reader.pos, reader.pos).line}"
            printed = out.getvalue()
            out.seek(0)
            out.truncate()
            wanted = expectations(reader)
            checked += len(wanted)
            if message is not None and not any(kind == "expect error" for kind, _ in wanted):
                faults.append(f"{place}: error: {message}")
            for kind, text in wanted:
                if kind == "expect error":
                    if message is None or text not in message:
                        faults.append(f"{place}: expected error: {text}\n  found: {message}")
                elif kind == "prints":
                    shown = shown_line(printed)
                    if shown != text:
                        faults.append(f"{place}: expected to print: {text}\n  found: {shown}")
                elif message is None and shown_line(it.show(value)) != text:
                    faults.append(
                        f"{place}: expected: {text}\n  found: {shown_line(it.show(value))}"
                    )
    assert not faults, "\n".join(faults)
    assert checked, "no expectation was checked"
    assert not any(symbol.saved for symbol in it.symbols), "a binding was left behind"


def expectations(reader: object) -> list[tuple[str, str]]:
    """Take the comments at the reader's place that say what the form before them gives."""
    wanted = []
    while match := EXPECTED.match(reader.text, reader.pos):  # type: ignore[attr-defined]
        wanted.append((match[1], match[2].rstrip()))
        reader.pos = match.end()  # type: ignore[attr-defined]
    return wanted


def shown_line(text: str) -> str:
    r"""Return what was printed as one line, with \n between the rows of a matrix."""
    return text.replace("\n", "\\n")
