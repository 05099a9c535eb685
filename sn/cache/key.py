"""Kernel key: a module's text becomes Python code and a hash of all that shapes its machine code.

    code, key = keyed(text, toolchain)

The key covers what the module does, the code of SN that its sections reach, and the tools that
make machine code of it. It does not cover what only a reader sees: comments, docstrings, line
numbers; so a copy of a net under another name finds the machine code of the first.
"""

from __future__ import annotations

import hashlib
import marshal
from pathlib import Path
from types import CodeType

# Files and folders of sn/ that shape machine code: what an emitted module imports, and all that
# those import. tests/unit/test_cache_key.py walks the imports and holds this to them.
SHAPING = (
    "__init__.py",
    "cache",
    "codes",
    "display.py",
    "emit",
    "errors.py",
    "folding.py",
    "interrupts.py",
    "kernels.py",
    "limits.py",
    "live/__init__.py",
    "live/arithmetic.py",
    "live/lanes.py",
    "lower",
    "machine_code.py",
    "net",
    "memory/__init__.py",
    "optim",
    "registry.py",
    "version.py",
)
SN = Path(__file__).parents[1]


def shaping_files() -> list[Path]:
    """Return the files of `SHAPING`, folders with all that is below them, in order."""
    found = []
    for name in SHAPING:
        path = SN / name
        found += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return found


def _shaping_code() -> bytes:
    hashed = hashlib.sha256()
    for file in shaping_files():
        content = file.read_bytes()
        # the name and the length say where one file ends and the next starts
        hashed.update(f"{file.relative_to(SN).as_posix()} {len(content)}\n".encode() + content)
    return hashed.digest()


# read when the sections are imported: a process keeps the code it started with
SHAPING_CODE = _shaping_code()


def keyed(text: str, toolchain: tuple[object, ...]) -> tuple[CodeType, str]:
    """Return the code of a module and its key: 32 hexadecimal digits.

    `toolchain`: versions and settings of what makes machine code of the module.
    Raises: SyntaxError when the text is not Python.
    """
    # 2: without docstrings, and the module says nothing by assert
    code = compile(text, "<kernels of SN>", "exec", dont_inherit=True, optimize=2)
    # version 2 of the format depends on values alone; later ones on what else refers to them
    parts = (marshal.dumps(_without_lines(code), 2), SHAPING_CODE, repr(toolchain).encode())
    hashes = b"".join(hashlib.sha256(part).digest() for part in parts)
    return code, hashlib.sha256(hashes).hexdigest()[:32]


def _without_lines(code: CodeType) -> CodeType:
    """Code that is equal for equal instructions, wherever they stand."""
    constants = tuple(
        _without_lines(one) if isinstance(one, CodeType) else one for one in code.co_consts
    )
    return code.replace(co_filename="", co_firstlineno=1, co_linetable=b"", co_consts=constants)
