"""Data sets by name: `load`, `first_available`, and `get`, the one call that downloads.

Each data set is one file in this folder; importing the package registers them all and reads none.
"""

import sys

from sn.data.base import (
    Dataset,
    NamedData,
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
from sn.data.blocks import Streaming
from sn.data.divided import DividedData
from sn.data.own import OwnData, Shares
from sn.data.readers.csv import Csv as csv
from sn.data.readers.fann import Fann as fann
from sn.data.readers.idx import Idx as idx
from sn.data.readers.images import Images as images
from sn.data.readers.matrices import Matrices as matrix
from sn.data.readers.matrices import TextMatrices as text_matrix
from sn.data.readers.npz import Npy as npy
from sn.data.readers.npz import Npz as npz
from sn.data.readers.raw import Raw as raw
from sn.data.scaling import Scale
from sn.registry import load_folder

load_folder(sys.modules[__name__])

__all__ = [
    "Dataset",
    "DividedData",
    "NamedData",
    "OwnData",
    "Part",
    "Scale",
    "Shares",
    "Source",
    "Streaming",
    "csv",
    "dataset",
    "fann",
    "first_available",
    "get",
    "how_to_get",
    "idx",
    "images",
    "is_available",
    "load",
    "locate",
    "matrix",
    "npy",
    "npz",
    "raw",
    "source",
    "text_matrix",
    "where",
]


def __dir__() -> list[str]:
    """Return the names above, which are all that is meant for users."""
    return __all__
