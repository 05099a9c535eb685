"""Builtins that load and save codebooks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sn.builtins.codebook import Codebook
from sn.builtins.matrix import FLOAT, INT, Matrix
from sn.codebooks import files
from sn.lisp.calls import builtin
from sn.lisp.machine import Machine


def _write(it: Machine, file: str, content: bytes) -> str:
    name = file if Path(file).suffix else file + ".cb"
    it.files.write(name, content)
    return name


def _read(it: Machine, file: str) -> tuple[bytes, str]:
    path = it.find_file(file, (".cb",))
    return it.files.read(path), str(path)


def _codebook(content: files.Content) -> Codebook:
    words, labels = content
    return Codebook(Matrix(np.ascontiguousarray(words), FLOAT), Matrix(labels, INT))


@builtin("load-codebook")
def load_codebook(it: Machine, file: str) -> Codebook:
    """(load-codebook file)

    Return the codebook in a binary file, searched as `open-read` does and with the suffix .cb.

    (load-codebook "no-such-file")
    => error: no file is called 'no-such-file'
    """
    return _codebook(files.decode(*_read(it, file)))


@builtin("load-ascii-codebook")
def load_ascii_codebook(it: Machine, file: str) -> Codebook:
    """(load-ascii-codebook file)

    Return the codebook in a text file, searched as `load-codebook` does: the number of items and
    of elements, then for each item its elements and its label.

    (load-ascii-codebook "no-such-file")
    => error: no file is called 'no-such-file'
    """
    return _codebook(files.decode_text(*_read(it, file)))


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
