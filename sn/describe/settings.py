"""Settings: variables that hold against what a program assigns to them at its top level.

The command line (`--set rate=0.01`) and Python (`Session({"rate": "0.01"})`) hand over the same
mapping from names to Lisp text; it is checked here, against the text of the program.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sn.errors import EvalError, SettingError, UnknownNameError, did_you_mean
from sn.lisp.forms import Value, fold
from sn.lisp.machine import Machine
from sn.paths import encodable

# What is no variable of a program but an option of a run, and a parameter of `train`.
_OF_A_RUN = ("passes", "seed", "optimizer")


def folded(settings: Mapping[str, Any] | None) -> dict[str, str]:
    """Return settings by the names that Lisp knows, so that `Rate` is `rate`.

    Raises: SettingError for a name or value that is not text.
    """
    if settings is not None and not isinstance(settings, Mapping):
        raise SettingError(
            f"settings are a mapping from names to Lisp text, found {settings!r}",
            hint='write {"rate": "0.01"}',
        )
    found = {}
    for name, text in (settings or {}).items():
        if not isinstance(name, str) or not name:
            raise SettingError(f"the name of a setting is text, found {name!r}")
        if not isinstance(text, str):
            hint = f'write "{text}"' if type(text) in (int, float) else None
            raise SettingError(f"setting {name} must be Lisp text, found {text!r}", hint=hint)
        if encodable(name + text) != name + text:
            raise SettingError(f"setting {encodable(name)} is no text: it has bytes beside UTF-8")
        found[fold(name)] = text
    return found


def value_of(it: Machine, name: str, text: str) -> Value:
    """Return the value that the text of a setting stands for, read and not evaluated.

    Raises: ReadError when it is not well formed, EvalError when it is not exactly one value.
    """
    forms = it.read(text, f"setting {name}")
    if len(forms) != 1:
        raise EvalError(f"setting {name} needs one value, found '{text}'")
    return forms[0]


def check_mentioned(settings: Mapping[str, str], source: str, file: str) -> None:
    """Demand that a program mentions each variable that a setting names.

    A program that loads others may leave the mention to them.
    Raises: UnknownNameError with the nearest variables that the program sets.
    """
    code = re.sub(r";.*", "", source)
    words = {fold(word) for word in re.findall(r"[^\s()\[\]\"']+", code)}
    if words & {"load", "libload"}:
        return
    for name in settings:
        if name in words:
            continue
        ours = [fold(word) for word in re.findall(r"\(setq\s+([^\s()]+)", code)]
        hint = did_you_mean(name, ours) or (f"it sets: {', '.join(ours)}" if ours else None)
        if name in _OF_A_RUN:
            hint = f"{name} is an option of the run: --{name}, or train({name}=...) in Python"
        raise UnknownNameError(f"setting {name}: {file} has no variable '{name}'", hint=hint)
