"""Builtins on what is around a program: its folder, the environment, the process, the time."""

from __future__ import annotations

import os
import time
from pathlib import Path

from sn.errors import EvalError
from sn.lisp.calls import builtin, special
from sn.lisp.forms import Pair, Value
from sn.lisp.gate import no_environment, not_read, real
from sn.lisp.machine import Machine


@builtin("chdir")
def chdir(it: Machine, folder: str | None = None) -> str:
    """(chdir [folder])

    Make a folder that the program may read the one in which names of files to read start; return
    its full name, without an argument that of the present one.

    (chdir "/no-such-folder")
    => error: this program may not read '/no-such-folder'
    """
    if folder is not None:
        place = Path(os.path.abspath(it.files.current / folder))
        if not it.files.gate.reads(place):
            raise not_read(place)
        if not real(place).is_dir():
            raise EvalError(f"no folder is called '{folder}'")
        it.files.current = place
    return os.path.abspath(it.files.current)


@builtin("filep")
def filep(it: Machine, file: str) -> bool:
    """(filep file)

    Tell whether there is a file of this name that the program may read.

    (filep "no-such-file")
    => ()
    """
    return it.files.is_readable(it.files.current / file)


@builtin("getenv")
def getenv(it: Machine, name: str) -> Value:
    """(getenv name)

    Return the value of an environment variable, () where there is none, if whoever started the
    program lets it run commands: the environment may hold secrets.

    (getenv "HOME")
    => error: this program may not read the environment
    """
    if not it.files.gate.allow.shell:
        raise no_environment()
    return os.environ.get(name) if name and "=" not in name and "\0" not in name else None


@builtin("getpid")
def getpid() -> int:
    """(getpid)

    Return the number of the process that runs the program.

    (numberp (- (getpid) (getpid)))
    => 0
    """
    return os.getpid()


@special("time")
def time_(it: Machine, form: Pair) -> Value:
    """(time forms...)

    Evaluate the forms and return how many seconds of the processor that took.

    (< (time (+ 1 2)) 60)
    => t
    """
    start = time.process_time()
    it.progn(form.cdr)
    return time.process_time() - start
