"""Pickles of arrays: from a foreign pickle to NumPy arrays, without running anything of it.

A pickle may name any function for the reader to call. This reader knows three names, those
that NumPy writes for an array, and refuses every other one.
"""

from __future__ import annotations

import gzip
import pickle
from typing import IO, Any

import numpy as np

from sn.errors import DataError

# the function that NumPy calls to make an empty array; its module was renamed in NumPy 2
_RECONSTRUCT = np.zeros(0).__reduce__()[0]

_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
}


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Return one of the three NumPy names, and refuse any other."""
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise DataError(
                f"the pickle asks for {module}.{name}; only NumPy arrays are accepted"
            ) from None


def read_arrays(file: IO[bytes] | gzip.GzipFile) -> Any:
    """Return the arrays in a pickle, in the tuples or lists that hold them.

    Text of Python 2 is read as Latin-1, the encoding that keeps every byte of an old array.

    Raises: DataError when the pickle is damaged or holds anything but arrays.
    """
    try:
        return _ArrayUnpickler(file, encoding="latin1").load()
    except DataError:
        raise
    except Exception as error:  # a damaged pickle may raise nearly any class
        raise DataError(f"the pickle is damaged: {error}") from error
