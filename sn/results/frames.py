"""Frames: rows as a pandas DataFrame, for who has pandas; nothing else in SN needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sn.errors import SnError


def frame(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Return a DataFrame with a row for each of `rows`, and a column for each name in them.

    Raises: SnError when pandas is not here.
    """
    try:
        import pandas  # an extra, and slow to import
    except ImportError as error:
        raise SnError(
            "a frame needs pandas, which is not here",
            hint="`pip install 'sn[frames]'` brings it; rows() gives the same as a list of dicts",
        ) from error
    return pandas.DataFrame(list(rows))
