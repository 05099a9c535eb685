"""Builtins that load and save codebooks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from sn.builtins.codebook import Codebook
from sn.builtins.matrix import FLOAT, INT, Matrix
from sn.codebooks import files
from sn.errors import DataError, Label
from sn.lisp.calls import builtin
from sn.lisp.machine import Machine


def _write(it: Machine, file: str, content: bytes) -> str:
    name = file if Path(file).suffix else file + ".cb"
    it.files.write(name, content)
    return name


def _read(it: Machine, file: str, decode: Callable[[bytes, str], files.Content]) -> Codebook:
    """Return the codebook in a file.

    Raises: DataError at the call, with the place in the file as a note.
    """
    path = it.find_file(file, (".cb",))
    try:
        words, labels = decode(it.files.read(path), str(path))
    except DataError as problem:
        notes = [Label(problem.span, "in this file")] if problem.span else []
        raise DataError(problem.message, hint=problem.hint, labels=notes) from problem
    return Codebook(Matrix(np.ascontiguousarray(words), FLOAT), Matrix(labels, INT))


@builtin("load-codebook")
def load_codebook(it: Machine, file: str) -> Codebook:
    """(load-codebook file)

    Return the codebook in a binary file, searched as `open-read` does and with the suffix .cb.

    (load-codebook "no-such-file")
    => error: no file is called 'no-such-file'
    """
    return _read(it, file, files.decode)


@builtin("load-ascii-codebook")
def load_ascii_codebook(it: Machine, file: str) -> Codebook:
    """(load-ascii-codebook file)

    Return the codebook in a text file, searched as `load-codebook` does: the number of items and
    of elements, then for each item its elements and its label.

    (load-ascii-codebook "no-such-file")
    => error: no file is called 'no-such-file'
    """
    return _read(it, file, files.decode_text)


@builtin("save-codebook")
def save_codebook(it: Machine, codebook: Codebook, file: str) -> str:
    """(save-codebook codebook file)

    Write a codebook to a binary file, with the suffix .cb unless it has one; return its name.

    (save-codebook (new-codebook 2 3) "/x")
    => error: this program may not write '/x.cb'
    """
    items = codebook.items
    return _write(it, file, files.encode(items.words, items.labels))


@builtin("save-ascii-codebook")
def save_ascii_codebook(it: Machine, codebook: Codebook, file: str) -> str:
    """(save-ascii-codebook codebook file)

    Write a codebook to a text file, with all digits, and the suffix .cb unless it has one; return
    its name.

    (save-ascii-codebook (new-codebook 2 3) "/x")
    => error: this program may not write '/x.cb'
    """
    items = codebook.items
    return _write(it, file, files.encode_text(items.words, items.labels))
