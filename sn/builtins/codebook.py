"""Codebooks as values of the language: a float matrix of words and an int32 label for each.

Parts are views, as those of matrices are: what is written into a word of a split codebook is
written into the whole one. What computes with them is in `neighbours.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sn.builtins.matrix import FLOAT, INT, Matrix, from_numbers, new_matrix
from sn.codebooks.lvq import Items
from sn.display import number_text
from sn.errors import EvalError, ValueKindError
from sn.lisp.calls import builtin
from sn.lisp.forms import Pair, Shown, Value, describe, to_list
from sn.lisp.machine import Callee, Machine
from sn.matrixfile import dimensions_text
from sn.memory import need


class Codebook(Shown):
    """Words, a matrix (items, elements) of floats, and labels, a vector (items) of int32."""

    noun = "codebook"
    __slots__ = ("labels", "words")

    def __init__(self, words: Matrix, labels: Matrix) -> None:
        self.words = words
        self.labels = labels

    def run(self, it: Machine, form: Pair) -> Value:
        """Return the value of a call, which is that of its matrix of words."""
        return self.words.run(it, form)

    def apply(self, it: Machine, args: Sequence[Value]) -> Value:
        """Do as `run` does for evaluated arguments."""
        return self.words.apply(it, args)

    def show(self, numbers: object) -> str:
        """Return the print form: the number of items and their elements."""
        return f"::CODEBOOK:{dimensions_text(self.words.data.shape)}"

    def compare(self, other: Codebook) -> bool:
        """Tell whether words and labels are equal."""
        return self.words.equals(other.words) and self.labels.equals(other.labels)

    @property
    def items(self) -> Items:
        """Words and labels as arrays, which are the codebook's own."""
        return Items(self.words.data, self.labels.data)

    def item(self, n: int) -> int:
        """Return the number of an item, checked.

        Raises: EvalError when there is none such.
        """
        size = len(self.words.data)
        if not 0 <= n < size:
            text = f"subscript out of range: item {number_text(n)} of a codebook of {size}"
            raise EvalError(text, hint=f"items are counted from 0 to {size - 1}")
        return n


def new_items(n: int, elements: int) -> Codebook:
    """Return a codebook of zeros.

    Raises: EvalError for a number below 1, MemoryLimitError for too many.
    """
    return Codebook(new_matrix([n, elements], FLOAT), new_matrix([n], INT))


@builtin("new-codebook")
def new_codebook(
    words: float | Matrix, labels: float | Matrix | list[float] | None = None
) -> Codebook:
    """(new-codebook items elements)

    Return a codebook of zeros. (new-codebook words [labels]) returns one of the rows of a matrix,
    whose labels are those of a vector or list, else 0. A float matrix and a vector of int32 are
    not copied: the codebook shares their elements.

    (new-codebook 30 4)
    => ::CODEBOOK:30x4
    ((new-codebook [[1 2][3 4]] '(5 6)) 1 ())
    => (3 4)
    """
    if not isinstance(words, Matrix):
        if type(labels) is not float:
            text = "new-codebook needs a number of items and of elements, or a matrix of words"
            raise ValueKindError(text)
        if not all(abs(size) < 2**53 for size in (words, labels)):
            raise EvalError("a codebook of so many items cannot be")
        return new_items(int(words), int(labels))
    if words.storage.holds_objects or words.data.ndim != 2:
        text = f"the words of a codebook are a matrix of 2 dimensions, found {describe(words)}"
        raise ValueKindError(text)
    kept = words if words.storage is FLOAT else from_numbers(words.numbers())
    return Codebook(kept, _labels(labels, len(words.data)))


def _labels(labels: float | Matrix | list[float] | None, n: int) -> Matrix:
    if labels is None:
        return new_matrix([n], INT)
    if type(labels) is float:
        raise ValueKindError("labels are a vector or a list, found a number")
    numbers = labels.numbers() if isinstance(labels, Matrix) else np.array(labels)
    if numbers.shape != (n,):
        text = f"a codebook of {n} words needs {n} labels, found {dimensions_text(numbers.shape)}"
        raise EvalError(text)
    if isinstance(labels, Matrix) and labels.storage is INT:
        return labels
    return from_numbers(numbers, INT)


@builtin("codebook-word")
def codebook_word(codebook: Codebook, n: int | None = None, word: Matrix | None = None) -> Matrix:
    """(codebook-word codebook [n [word]])

    Return the matrix of all words, or word n, counted from 0, which shares the elements; or
    copy a vector into word n, and return that.

    (codebook-word (new-codebook [[1 2][3 4]]) 1)
    => [ 3.00  4.00 ]
    (let ((c (new-codebook 2 2))) (codebook-word c 1 [5 6]) (c 1 ()))
    => (5 6)
    """
    if n is None:
        return codebook.words
    view = Matrix(codebook.words.data[codebook.item(n)], FLOAT)
    if word is not None:
        numbers = word.numbers()
        if numbers.size != view.data.size:
            found, expected = dimensions_text(numbers.shape), dimensions_text(view.data.shape)
            raise EvalError(f"a word of this codebook has {expected} elements, found {found}")
        view.set_numbers(numbers.reshape(view.data.shape))
    return view


@builtin("codebook-label")
def codebook_label(codebook: Codebook, n: int | None = None, label: int | None = None) -> Value:
    """(codebook-label codebook [n [label]])

    Return the vector of all labels, or the label of item n; or set that, and return it.

    (codebook-label (new-codebook [[1 2][3 4]] '(5 6)) 1)
    => 6
    (let ((c (new-codebook 2 2))) (codebook-label c 0 7) ((codebook-label c) ()))
    => (7 0)
    """
    if n is None:
        return codebook.labels
    codebook.item(n)
    if label is not None:
        codebook.labels.store((n,), float(label))
    return codebook.labels.element((n,))


@builtin("codebook-labels")
def codebook_labels(codebook: Codebook, *more: Codebook) -> list[float]:
    """(codebook-labels codebooks...)

    Return the labels that occur in codebooks, each once, in order.

    (codebook-labels (new-codebook [[1 2][3 4][5 6]] '(2 0 2)))
    => (0 2)
    """
    found: set[float] = set()
    for part in (codebook, *more):
        found.update(np.unique(part.labels.data).tolist())
    return sorted(found)


@builtin("codebook-split")
def codebook_split(codebook: Codebook, low: int, high: int) -> Codebook:
    """(codebook-split codebook low high)

    Return the items from low to high, both ends taken, counted from 0. They are those of the
    codebook itself, not copies.

    (codebook-split (new-codebook [[1 2][3 4][5 6]]) 1 2)
    => ::CODEBOOK:2x2
    """
    codebook.item(low)
    codebook.item(high)
    if low > high:
        raise EvalError(f"codebook-split needs low <= high, found {low} and {high}")
    part = slice(low, high + 1)
    words, labels = codebook.words.data[part], codebook.labels.data[part]
    return Codebook(Matrix(words, FLOAT), Matrix(labels, INT))


@builtin("codebook-merge")
def codebook_merge(codebook: Codebook, *more: Codebook) -> Codebook:
    """(codebook-merge codebooks...)

    Return a new codebook with copies of the items of all, in order.

    (codebook-merge (new-codebook 2 3) (new-codebook 4 3))
    => ::CODEBOOK:6x3
    """
    return _copied([(part, None) for part in (codebook, *more)])


@builtin("codebook-select")
def codebook_select(
    it: Machine, predicate: Callee, codebook: Codebook, *more: Codebook
) -> Codebook:
    """(codebook-select predicate codebooks...)

    Return a new codebook with copies of those items whose label, a number, the predicate takes.

    (codebook-select (lambda (label) (> label 1)) (new-codebook [[1 2][3 4][5 6]] '(2 0 2)))
    => ::CODEBOOK:2x2
    """
    parts = []
    for part in (codebook, *more):
        taken = [it.call(predicate, [label]) is not None for label in part.labels.values()]
        parts.append((part, np.array(taken)))
    return _copied(parts)


def _copied(parts: Sequence[tuple[Codebook, NDArray[np.bool_] | None]]) -> Codebook:
    """Return copies of the items of codebooks, or of those that a mask takes of each.

    Raises: EvalError for words of different lengths, or where nothing is taken.
    """
    elements = parts[0][0].words.data.shape[1]
    n = 0
    for part, taken in parts:
        if part.words.data.shape[1] != elements:
            text = f"codebooks of equal words are needed, found {part.words.data.shape[1]}"
            raise EvalError(f"{text} elements in a word beside {elements}")
        n += len(part.words.data) if taken is None else int(taken.sum())
    if not n:
        labels = codebook_labels(*(part for part, _ in parts))
        hint = f"the labels are {describe(to_list(labels)).removeprefix('the list ')}"
        raise EvalError("no item is selected, and a codebook has at least one", hint=hint)
    need(4 * n * (elements + 1), f"a codebook of {n:,} items of {elements:,} elements")
    pairs = [(p.items, slice(None) if taken is None else taken) for p, taken in parts]
    words = np.concatenate([items.words[taken] for items, taken in pairs])
    labels_ = np.concatenate([items.labels[taken] for items, taken in pairs])
    return Codebook(Matrix(words, FLOAT), Matrix(labels_, INT))
