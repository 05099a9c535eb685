"""Workers: who does runs: processes here, or the workers of a Dask scheduler.

    workers = workers_at(scheduler, jobs, things)
    workers.submit(run)
    for event in workers.events(seconds): ...
    workers.close()

Read next: processes.py, cluster.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from sn.data.base import Dataset
from sn.errors import SnError
from sn.pool.processes import Processes
from sn.pool.runs import Bundle, Event, Run

SECONDS = 0.2  # to wait for events before the time that is left is looked at; chosen here


class Workers(Protocol):
    """Who does runs."""

    @property
    def count(self) -> int:
        """How many runs are done at once."""
        ...

    @property
    def note(self) -> str:
        """What who waits for runs should know, or nothing."""
        ...

    def submit(self, run: Run) -> None:
        """Have a run done; of equal ones only one may be under way."""
        ...

    def answer(self, run: Run, is_given_up: bool) -> None:
        """Let a run that told of a pass go on, or end."""
        ...

    def events(self, seconds: float) -> list[Event]:
        """Return what happened, waiting for it no longer than that."""
        ...

    def close(self) -> None:
        """End all runs that are under way."""
        ...


def workers_at(
    scheduler: str | None,
    jobs: int,
    things: Mapping[str, Bundle | Dataset],
    reports: bool = False,
) -> Workers:
    """Return the workers of a Dask scheduler at an address, without one `jobs` processes here.

    `things` are what they may be sent, by hash; with `reports` runs tell of each pass.
    Raises: SnError where Dask is not here, TrainError where no scheduler answers, or a worker has
    other versions.
    """
    if scheduler is None:
        return Processes(jobs, things, reports)
    try:
        from sn.pool.cluster import Cluster  # an extra, and slow to import
    except ImportError as error:
        raise needs_extra("runs on other machines need", error) from error
    cluster = Cluster(scheduler, things, reports)
    cluster.open()
    return cluster


def needs_extra(what: str, error: ImportError) -> SnError:
    """Return the error for a library that is not here, of what needs it."""
    name = (error.name or "a library").partition(".")[0]
    return SnError(f"{what} {name}, which is not here", hint="pip install 'sn[sweep]' brings it")
