"""Data sets by name: `load`, `first_available`, and `get`, the one call that downloads.

Each data set is one file in this folder; importing the package registers them all and reads none.
"""

import sys

from sn.data.base import (
    Dataset,
    Part,
    Source,
    dataset,
    first_available,
    get,
    how_to_get,
    is_available,
    load,
    locate,
    source,
    where,
)
from sn.registry import load_folder

load_folder(sys.modules[__name__])

__all__ = [
    "Dataset",
    "Part",
    "Source",
    "dataset",
    "first_available",
    "get",
    "how_to_get",
    "is_available",
    "load",
    "locate",
    "source",
    "where",
]
