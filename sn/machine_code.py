"""Machine code: the text of a module becomes compiled functions, kept for the next process.

    compiled(text, title, interrupt, use_cache) -> module, file, whether it was there before

A module is run from memory, under a name that hashes all that shapes it. Its functions come from
the cache, or from Numba and LLVM, and then the next process finds them in the cache.

Read next: kernels.py, whose modules these are; cache/ for where they are found again.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import os
import pickle
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import llvmlite
import llvmlite.binding
import numba
import numpy as np
from numba import types
from numba.core import config as numba_config
from numba.core import serialize
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult
from numba.core.registry import cpu_target

from sn.cache.files import PREFIX, entry_path, load, store
from sn.cache.key import keyed
from sn.errors import SnError, SnInternalError
from sn.interrupts import Interrupt, interrupts_delayed

# what Numba's environment variables change in the machine code it makes
_SETTINGS = (
    *("OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "ENABLE_AVX", "DISABLE_INTEL_SVML"),
    *("BOUNDSCHECK", "DEBUGINFO_DEFAULT", "LLVM_REFPRUNE_PASS", "LLVM_REFPRUNE_FLAGS"),
)

_FLOATS, _INTS = types.float32[::1], types.int32[::1]
_INTEGERS, _NUMBER = types.int64[::1], types.int64
# the first argument has the addresses of arrays: to take each for itself would make a fifth of the
# time that a small kernel takes to compile
SIGNATURES = {
    "train": types.void(_INTEGERS, _INTS, _NUMBER, _NUMBER),
    "learn": types.void(_INTEGERS, _NUMBER, _NUMBER, _NUMBER),
    "take_step": types.void(_INTEGERS, _NUMBER),
    "evaluate": types.void(_INTEGERS, _NUMBER),
}

_ROWS = types.float32[:, ::1]
_DOUBLES = types.float64[::1]
# of the functions of train/loops.py, train/gathering.py and live/loops.py that are called from
# outside
_LOOPS = {
    "scaled_bytes": types.void(types.uint8[:, ::1], _INTEGERS, _DOUBLES, _DOUBLES, _ROWS),
    "masks": types.void(_FLOATS, *[_NUMBER] * 4, types.float64, *[_NUMBER] * 4),
    "augment": types.void(
        _FLOATS, _INTS, _FLOATS, _INTEGERS, *[types.float64[::1]] * 3, *[_NUMBER] * 4
    ),
    "sweep": types.void(
        *(_INTS, _ROWS, _ROWS, _INTS, _INTS, _INTS),
        *(types.int64[:, ::1], _INTS, _ROWS, _FLOATS, _FLOATS),
        *(types.int32[:, ::1], types.int32[:, ::1], _INTS, _INTS),
        *(_ROWS, _ROWS, _ROWS, _ROWS, _FLOATS, _FLOATS),
        *(_NUMBER, _NUMBER, _NUMBER, _NUMBER, _FLOATS, _ROWS),
    ),
    "execute": types.void(
        *(types.int64[:, ::1], _INTS, _ROWS, _FLOATS, _FLOATS, _FLOATS),
        *([_INTS] * 7),
        *(_NUMBER, _ROWS, _ROWS, _ROWS, _NUMBER, _FLOATS),
    ),
}


class _Shelf:
    """The machine code of a module: what the cache had, what was compiled, and Ctrl-C.

    An emitted module finds it as its global SHELF.
    """

    def __init__(self, found: dict[str, bytes], interrupt: Interrupt) -> None:
        self.found, self.interrupt = found, interrupt
        self.made: dict[str, bytes] = {}


class _OneFunction(_Cache):
    """One function's place on the shelf, in the shape that Numba's dispatcher asks for."""

    def __init__(self, shelf: _Shelf, name: str) -> None:
        self.shelf, self.name = shelf, name

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled function, None when it must be compiled."""
        kept = self.shelf.found.get(self.name)
        if kept is None:
            return None
        target_context.refresh()
        rebuild: Callable[..., Any] = CompileResult._rebuild
        return rebuild(target_context, *pickle.loads(kept))

    def save_overload(self, sig: Any, data: Any) -> None:
        """Put a function that was just compiled on the shelf."""
        dumps: Callable[[object], bytes] = serialize.dumps
        self.shelf.made[self.name] = dumps(data._reduce())

    cache_path = None

    def enable(self) -> None:
        """Do nothing: a shelf is always open."""

    def disable(self) -> None:
        """Do nothing: a shelf is always open."""

    def flush(self) -> None:
        """Do nothing: the cache is emptied as a whole."""


def kernel(name: str) -> Callable[[Callable[..., None]], Any]:
    """Decorate a function of an emitted module: compile it now, unless the cache has it."""

    def decorate(function: Callable[..., None]) -> Any:
        check_interrupt(function)
        dispatcher: Any = numba.njit(boundscheck=False, nogil=True)(function)
        dispatcher._cache = _OneFunction(function.__globals__["SHELF"], name)
        dispatcher.compile(SIGNATURES[name] if name in SIGNATURES else _LOOPS[name])
        dispatcher.disable_compile()
        return dispatcher

    return decorate


def check_interrupt(function: Callable[..., None]) -> None:
    """Raise a Ctrl-C that came while the module of `function` compiles, between its steps."""
    shelf = function.__globals__.get("SHELF")
    if shelf is not None:
        shelf.interrupt.check()


def compiled(
    text: str, title: str, interrupt: Interrupt, use_cache: bool
) -> tuple[ModuleType, Path | None, bool]:
    """The module of a text, the file it is kept in, and whether it was there before."""
    code, key = keyed(text, _toolchain())
    name = PREFIX + key
    # NOTE(numba): machine code is loaded by the name of its module, which must be in sys.modules
    # under it before the first call
    if use_cache and name in sys.modules:
        kept_in = entry_path(key) if os.path.isfile(entry_path(key)) else None
        return sys.modules[name], kept_in, True
    kept = load(key) if use_cache else None
    module: ModuleType | None = None
    if kept is not None:
        # NOTE(_checked): it is what this key's process wrote, so this fails where the tools
        # changed under their version; compiled again then
        with contextlib.suppress(Exception):
            module = _run(name, code, _Shelf(pickle.loads(kept), interrupt))
    if module is not None:
        return module, entry_path(key), True
    shelf = _Shelf({}, interrupt)
    module = _run(name, code, shelf)
    is_kept = use_cache and store(key, title, pickle.dumps(shelf.made))
    return module, entry_path(key) if is_kept else None, False


def compile_functions(text: str, title: str) -> ModuleType:
    """Return a module of plain functions, those of _LOOPS compiled or from the cache.

    The others are compiled into those that call them.
    Raises: SnInternalError when Numba refuses one.
    """
    names = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    lines = ["import numba", "from sn.machine_code import kernel"]
    lines += [f"{name} = numba.njit({name})" for name in names if name not in _LOOPS]
    lines += [f'{name} = kernel("{name}")({name})' for name in names if name in _LOOPS]
    try:
        with interrupts_delayed() as interrupt:
            module, _, _ = compiled("\n".join([text, *lines, ""]), title, interrupt, use_cache=True)
    except (SnError, SnInternalError):
        raise
    except Exception as error:
        raise SnInternalError(f"the functions of {title} do not compile: {error}") from error
    return module


def _run(name: str, code: CodeType, shelf: _Shelf) -> ModuleType:
    """Run the code of a module, which compiles it or takes it from the shelf."""
    module = ModuleType(name)
    module.__dict__["SHELF"] = shelf
    before = sys.modules.get(name)
    sys.modules[name] = module
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", numba.NumbaWarning)
            exec(code, module.__dict__)
    except BaseException:
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before
        raise
    return module


@functools.cache
def _toolchain() -> tuple[object, ...]:
    """What makes machine code of a module: versions, the CPU, and the settings of Numba."""
    versions = (sys.version, numba.__version__, llvmlite.__version__, np.__version__)
    llvm = llvmlite.binding.llvm_version_info
    cpu = cpu_target.target_context.codegen().magic_tuple()
    settings = [(name, getattr(numba_config, name)) for name in _SETTINGS]
    return (*versions, llvm, cpu, *settings)
