"""Builtins that load programs, and read and write files."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from sn.errors import EvalError, NoFileError, ValueKindError
from sn.lisp.calls import builtin, special
from sn.lisp.forms import Pair, Value, describe, element_span
from sn.lisp.gate import no_shell
from sn.lisp.machine import Input, Machine
from sn.lisp.objects import Instance
from sn.lisp.ports import OutputPort
from sn.lisp.specials.objects import destroy
from sn.parser import EOF, Reader

END_OF_FILE = "\xff"  # what the reader makes of "\e"


@builtin("load")
def load(it: Machine, file: str, out: str | None = None, prompt: str | None = None) -> str:
    """(load file [out [prompt]])

    Evaluate the forms of a file, searched in the folder of the file being loaded, the current one
    and the path, with the suffix .sn, .lsh or .tl if need be; return its full name. With `out`
    the value of each form is written to that file, behind the prompt.

    (load "no-such-file")
    => error: no file is called 'no-such-file'
    """
    if out is None:
        return it.load(file)
    port = _open_output(it, out, "w")
    try:
        return it.load(file, lambda value: port.write(f"{prompt or ''}= {it.show(value)}\n"))
    finally:
        _close(it, port)


def _open_output(it: Machine, name: str, mode: Literal["w", "a"]) -> OutputPort:
    if name == "$stdout":
        return it.stdout
    if name == "$stderr":
        return it.err
    return OutputPort(it.files.open(name, mode), name, is_owner=True)


def _open_input(it: Machine, name: str) -> Input:
    if name == "$stdin":
        return it.terminal()
    return it.file_reader(it.find_file(name))


def _close(it: Machine, port: OutputPort) -> None:
    if port is it.stdout or port is it.err:
        port.flush()
        return
    try:
        port.close()
    except OSError as problem:
        raise EvalError(f"cannot write '{port.name}': {problem.strerror}") from problem


def _with_suffix(name: str, suffix: str | None) -> str:
    """Return `name` with the suffix added if it has none; "TYPE@suf" is "suf" (Macintosh)."""
    if not suffix or name.startswith("$") or Path(name).suffix:
        return name
    return f"{name}.{suffix.rsplit('@', 1)[-1].lstrip('.')}"


@builtin("open-write")
def open_write(it: Machine, file: str, suffix: str | None = None) -> Value:
    """(open-write file [suffix])

    Open a file for writing, to be used with `writing`; the suffix is added to a name without.
    Relative names start at the folder of the run.

    (open-write "/x")
    => error: this program may not write '/x'
    """
    return _open_output(it, _with_suffix(file, suffix), "w")


@builtin("open-append")
def open_append(it: Machine, file: str, suffix: str | None = None) -> Value:
    """(open-append file [suffix])

    Open a file for writing behind what it holds.

    (open-append "/x")
    => error: this program may not write '/x'
    """
    return _open_output(it, _with_suffix(file, suffix), "a")


@builtin("open-read")
def open_read(it: Machine, file: str, suffix: str | None = None) -> Value:
    """(open-read file [suffix])

    Open a file for reading, to be used with `reading`; it is searched in the current folder, that
    of the file being loaded and the path. Return () where there is none.

    (open-read "no-such-file")
    => ()
    """
    try:
        return _open_input(it, _with_suffix(file, suffix))
    except NoFileError:
        return None


@builtin("delete")
def delete(it: Machine, object: Value) -> Value:
    """(delete object)

    Close a file that was opened, or delete an object: its method -destructor is called where it
    has one, and its slots are gone. Nothing else needs it.

    (delete ())
    => ()
    """
    if isinstance(object, OutputPort):
        _close(it, object)
    elif isinstance(object, Instance):
        destroy(it, object)
    return None


@special("writing", pattern="file . body")
def writing(it: Machine, form: Pair) -> Value:
    """(writing file body...)

    Evaluate the body with its output going to a file, a name or what `open-write` returned;
    return the last value.

    (writing "$stdout" (+ 1 2))
    => 3
    """
    target = it.eval(form.cdr.car)
    if isinstance(target, str):
        port = _open_output(it, target, "w")
    elif isinstance(target, OutputPort):
        port = target
    else:
        text = f"writing needs a file name or an open file, found {describe(target)}"
        raise ValueKindError(text, span=element_span(form.cdr))
    outer, it.out = it.out, port
    try:
        return it.progn(form.cdr.cdr)
    finally:
        it.out = outer
        if isinstance(target, str):
            _close(it, port)
        else:
            port.flush()


@special("reading", pattern="file . body")
def reading(it: Machine, form: Pair) -> Value:
    """(reading file body...)

    Evaluate the body with `read`, `read-string` and `skip-char` taking from a file, a name or
    what `open-read` returned; return the last value.

    (reading "no-such-file" (read))
    => error: no file is called 'no-such-file'
    """
    source = it.eval(form.cdr.car)
    if isinstance(source, str):
        reader = _open_input(it, source)
    elif isinstance(source, Reader):
        reader = source
    else:
        text = f"reading needs a file name or an open file, found {describe(source)}"
        raise ValueKindError(text, span=element_span(form.cdr))
    outer, it.input = it.input, reader
    try:
        return it.progn(form.cdr.cdr)
    finally:
        it.input = outer


@builtin("read")
def read(it: Machine) -> Value:
    """(read)

    Read a form, without evaluating it, from the current input: the file being loaded or that of
    `reading`.

    (read) (a b)
    => (a b)
    """
    form = it.current_input().next_form()
    if form is EOF:
        raise EvalError(f"read: end of file in {it.current_input().file}")
    return form


@builtin("read-string")
def read_string(it: Machine, spec: str | int | None = None) -> str:
    r"""(read-string [spec])

    Take characters from the current input: n of them for a number, else those that a text like
    "a-z" lists or, after a ~, does not list; without an argument the rest of the line.

    (read-string "a-z ") some words
    => " some words"
    """
    reader = it.current_input()
    if isinstance(spec, int):
        return "".join(reader.take() for _ in range(min(spec, len(reader.text) + 1)))
    return reader.take_while(_accepts("~\n" if spec is None else spec))


@builtin("skip-char")
def skip_char(it: Machine, spec: str | None = None) -> str:
    r"""(skip-char [spec])

    Pass over characters of the current input that `spec` lists, as in `read-string`, blanks and
    line ends without it; return the next one without taking it, "\e" at the end of the file.

    (progn (skip-char "a-z ") (read)) some 12
    => 12
    """
    reader = it.current_input()
    reader.take_while(_accepts(" \t\r\n\f" if spec is None else spec))
    return reader.peek() or END_OF_FILE


def _accepts(spec: str) -> Callable[[str], bool]:
    """Return the test for the characters that "a-z", or "~a-z" for all others, stands for."""
    negated = spec.startswith("~")
    listed = spec[1:] if negated else spec
    singles: set[str] = set()
    ranges: list[tuple[str, str]] = []
    i = 0
    while i < len(listed):
        if listed[i + 1 : i + 2] == "-" and i + 2 < len(listed):
            ranges.append((listed[i], listed[i + 2]))
            i += 3
        else:
            singles.add(listed[i])
            i += 1

    def accepts(char: str) -> bool:
        found = char in singles or any(low <= char <= high for low, high in ranges)
        return found != negated

    return accepts


# --- file names ---


@builtin("basename")
def basename(path: str, suffix: str | None = None) -> str:
    """(basename path [suffix])

    Return the last part of a file name, without the suffix if it ends in it.

    (basename "lib/net.sn" "sn")
    => "net"
    """
    name = Path(path).name
    return name.removesuffix(f".{suffix.lstrip('.')}") if suffix else name


@builtin("concat-fname")
def concat_fname(folder: str, name: str | None = None) -> str:
    """(concat-fname folder [name])

    Return the full name of a file in a folder.

    (concat-fname "/nets" "../data/zip")
    => "/data/zip"
    """
    path = Path(folder) if name is None else Path(folder) / name
    return os.path.abspath(path)


@builtin("unlink")
def unlink(it: Machine, file: str) -> bool:
    """(unlink file)

    Remove a file that the program may write; return t, or () where there was none.

    (unlink "no-such-file")
    => ()
    """
    return it.files.remove(file)


@builtin("sys")
def sys_(it: Machine, command: str) -> float:
    """(sys command)

    Run a command of the shell, if whoever started the program lets it; print what it prints and
    return its exit status.

    (sys "date")
    => error: this program may not run commands
    """
    if not it.files.gate.allow.shell:
        raise no_shell()
    for port in (it.out, it.err):
        port.flush()
    done = subprocess.run(
        command, shell=True, stdout=subprocess.PIPE, text=True, errors="replace", check=False
    )
    it.out.write(done.stdout)
    return float(done.returncode)


# --- the clock and the terminal ---


@builtin("sleep")
def sleep(seconds: float) -> Value:
    """(sleep seconds)

    Return at once: programs sleep to let a person watch their windows, and nobody is there.

    (sleep 10)
    => ()
    """
    return None


@builtin("process-pending-events")
def process_pending_events() -> Value:
    """(process-pending-events)

    Return at once: windows without a screen have no events.

    (process-pending-events)
    => ()
    """
    return None


@builtin("lush-is-quiet")
def lush_is_quiet(flag: Value = None) -> Value:
    """(lush-is-quiet [flag])

    Return the flag: SN is always quiet.

    (lush-is-quiet ())
    => ()
    """
    return flag
