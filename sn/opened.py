"""Opened: a trained net as `sn.open` gives it, which can be trained further.

A trained net predicts from its file alone. Only what trains it evaluates its program, which is in
the file too. Read next: trained/net.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sn.errors import DataError
from sn.results.record import RunRecord
from sn.session import Session
from sn.trained.net import TrainedNet
from sn.trained.places import trained_file
from sn.trained.reading import read_trained


class OpenedNet(TrainedNet):
    """A trained net with the program that described it."""

    def train(self, **options: Any) -> RunRecord:
        """Train further from these weights and return the record of that run; this net stays.

        `options` are those of `Experiment.train`: passes, optimizer, data, folder, ... The program
        of the file is evaluated, with the variables that were set for it and the files that it
        loaded as they were; other files are looked for from the current folder.
        Raises: SnError for a program that cannot be evaluated, and as `Experiment.train` does.
        """
        if not self.about.sources:
            raise DataError(f"the file of net {self.name} has no program to train it by")
        program, *loaded = self.about.sources
        session = Session(self.about.settings, seed=self.about.seed)
        session.interpreter.sources.stand_ins = {
            str(Path(source.name).resolve()): source.text.encode() for source in loaded
        }
        experiment = session.load(program.name, program.text).experiment(self.name)
        return experiment.train(start=self, **options)


def open_run(run: str | Path) -> OpenedNet:
    """Read a trained net from a run folder or from its file.

    Raises: DataError when there is none, or its file does not hold together.
    """
    path = trained_file(Path(run))
    return OpenedNet(read_trained(path), path)
