"""Places: where the file of a trained net is, in a run folder or by its own name."""

from __future__ import annotations

from pathlib import Path

from sn.errors import DataError
from sn.paths import is_folder, is_there, possible
from sn.trained.header import SUFFIX


def trained_file(run: Path) -> Path:
    """Return the file of the trained net of a run: `run` is a run folder, or the file.

    Raises: DataError when there is none, or more than one.
    """
    if not is_folder(possible(run)):
        if not is_there(run):
            raise DataError(
                f"there is no run '{run}'",
                hint=f"give a run folder, such as those in runs/, or a file NAME{SUFFIX}",
            )
        return run
    try:
        found = sorted(path for path in run.iterdir() if path.name.endswith(SUFFIX))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DataError(f"the folder '{run}' cannot be read: {reason}") from error
    found = [path for path in found if not path.name.startswith(".")]
    if not found:
        raise DataError(
            f"the folder '{run}' holds no trained net, NAME{SUFFIX}",
            hint="a run writes it after its first pass",
        )
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise DataError(
            f"the folder '{run}' holds {len(found)} trained nets: {names}",
            hint="name one of the files instead of the folder",
        )
    return found[0]
