"""Comparisons that go on: from a command line to what is compared, and back from its folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from sn.commands._diagnostics import tell_warnings
from sn.commands._texts import print_text
from sn.errors import TrainError
from sn.paths import is_there, possible
from sn.results.contests import Competitor, Contest, ContestFolder, read_contest
from sn.results.origin import versions

if TYPE_CHECKING:  # numba, which --help can do without
    from sn.contest import Contender

# What a comparison is started with; the others say how it is gone on with.
STARTED_WITH = (
    *("files", "optimizers", "seeds", "engine", "rates", "passes", "reach", "data", "out"),
    "settings",
)


@dataclass(frozen=True, slots=True)
class EarlierContest:
    """A comparison that was stopped: its folder, and what is compared there."""

    folder: Path
    said: Contest

    @property
    def paths(self) -> list[Path | str]:
        """The files as they are found from here."""
        if Path(self.said.folder) == Path.cwd():
            return list(self.said.files)
        below = [Path(self.said.folder, file) for file in self.said.files]
        return [
            path if is_there(path) else file
            for path, file in zip(below, self.said.files, strict=True)
        ]

    def reopened(self, now: Sequence[Competitor]) -> ContestFolder:
        """Take the folder, when what its files describe is what it was.

        Raises: TrainError with what differs, or when nothing is missing.
        """
        from sn.train.identity import differences  # start-up time of numpy
        from sn.train.keeping import other_versions  # as above

        before = self.said.entries
        changed = []
        if [one.optimizer for one in before] != [one.optimizer for one in now]:
            names = (", ".join(one.optimizer for one in those) for those in (before, now))
            changed.append("the optimizers were {}, now they are {}".format(*names))
        else:
            for old, new in zip(before, now, strict=True):
                found = differences(old.identity, new.identity)
                changed += [f"{old.label}: {words}" for words in found]
        if changed:
            raise TrainError(
                f"this is not the comparison in '{self.folder}': {'; '.join(changed)}",
                hint="give its programs and data back what they were, or compare anew",
            )
        files, wrong = ContestFolder.reopen(self.folder, self.said)
        for message in wrong:
            print_text(f"note: {message}; the run is done again", err=True)
        tell_warnings(list(other_versions(self.said.versions)))
        return files

    def as_named(self, those: Sequence[Contender]) -> tuple[Contender, ...]:
        """Return contenders under the names that they had."""
        both = zip(those, self.said.entries, strict=True)
        return tuple(replace(one, label=was.label, name=was.name) for one, was in both)


def earlier_contest(context: click.Context) -> EarlierContest | None:
    """Return the comparison that --resume names, None without it.

    Raises: click.UsageError for options that contradict it; DataError where there is none.
    """
    options = context.params
    if options["resume"] is None:
        if not options["files"]:
            raise click.UsageError("Missing argument 'FILES...'.")
        return None
    for name in STARTED_WITH:
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT and (
            options[name] not in (None, (), {})
        ):
            word = {"files": "FILES", "settings": "--set"}.get(name, f"--{name}")
            raise click.UsageError(f"--resume takes all from the comparison; leave {word} out")
    folder = possible(options["resume"])
    return EarlierContest(folder, read_contest(folder))


def contest_of(
    options: Mapping[str, Any], optimizers: tuple[str, ...], entries: tuple[Competitor, ...]
) -> Contest:
    """Return what the options of a command say is compared; `seeds` is how many, or which."""
    seeds = options["seeds"]
    return Contest(
        files=options["files"],
        folder=str(Path.cwd()),
        optimizers=optimizers,
        seeds=tuple(range(seeds)) if isinstance(seeds, int) else seeds,
        passes=options["passes"],
        reach=options["reach"],
        data=options["data"],
        settings=options["settings"],
        entries=entries,
        versions=versions(),
        command=tuple(click.get_current_context().find_root().obj or ()),
        engine=options["engine"],
        rates=options["rates"],
    )
