"""Opened: a trained net as `sn.open` gives it, which can be trained further.

A trained net predicts from its file alone. Only what trains it evaluates its program, which is in
the file too. Read next: trained/net.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sn.data.base import Part, dataset
from sn.errors import DataError
from sn.export.formats import exported
from sn.lisp.gate import Allow, Gate
from sn.page.report import run_page
from sn.paths import possible
from sn.results.about import RUN, read_about
from sn.results.arrays import write_whole
from sn.results.origin import read_origin
from sn.results.record import RunRecord
from sn.session import Session, train_further
from sn.trained.net import TrainedNet
from sn.trained.places import trained_file
from sn.trained.reading import Contents, read_trained

NOTHING = Allow()


class OpenedNet(TrainedNet):
    """A trained net with the program that described it, and what that may do besides."""

    def __init__(
        self, contents: Contents, path: Path | None = None, allow: Allow = NOTHING
    ) -> None:
        super().__init__(contents, path)
        self.allow = allow

    def sets(self, data: Any = None) -> dict[str, Part]:
        """Return the sets of the data it was trained on, or of other data, as the net takes them.

        Files of the user have no name to find them by: the program in the folder of the run says
        which they are, and is evaluated for that, as it was when the net was trained.
        Raises: DataError when they are not here, hold something else now, or do not fit the net.
        """
        if data is not None or self.about.data.name in dataset or self.path is None:
            return super().sets(data)
        folder = self.path.parent
        if not (folder / RUN).exists():
            return super().sets(data)
        origin = read_origin(folder, read_about(folder))
        program = Session(origin.settings, allow=self.allow).load_again(origin)
        found, _ = program.experiment(self.name).spec.data.load()
        if found.name != self.about.data.name:  # it was trained on data that Python gave
            return super().sets(data)
        if found.hash != self.about.data.hash:
            raise DataError(
                f"{found.name} is not what net {self.name} was trained on: expected the hash "
                f"{self.about.data.hash[:16]}, found {found.hash[:16]}",
                hint="say which data to take: --data, or data=... in Python",
            )
        return dict(found.sets)

    def train(self, **options: Any) -> RunRecord:
        """Train further from these weights and return the record of that run; this net stays.

        `options` are those of `Experiment.train`: passes, optimizer, data, folder, ... The program
        of the file is evaluated, with the variables that were set for it and the files that it
        loaded as they were; other files are looked for from the current folder.
        Raises: SnError for a program that cannot be evaluated, and as `Experiment.train` does.
        """
        return train_further(self, Gate(Path(), allow=self.allow), **options)

    def export(self, path: str | Path, to: str | None = None) -> Path:
        """Write this net for programs that know nothing of SN, and return the file's path.

        `to` is c, js, json, npz or onnx; None takes what the path ends in. A file that is there is
        replaced.
        Raises: UnknownNameError for another format; SnError where the library of a format is
        missing; TrainError when the file cannot be written.
        """
        path = possible(path)
        write_whole(path, exported(self, to or path.suffix.removeprefix(".")))
        return path

    def page(self, path: str | Path, data: Any = None) -> Path:
        """Write the page of the run that this net is of, and return its path; `data` as for `sets`.

        Raises: DataError when it was opened from a file that is not in the folder of a run;
        TrainError when the page cannot be written.
        """
        path, folder = possible(path), Path() if self.path is None else self.path.parent
        write_whole(path, run_page(self, folder, data).encode("utf-8"))
        return path


def open_run(run: str | Path, allow: Allow | None = None) -> OpenedNet:
    """Read a trained net from a run folder or from its file.

    Its program is evaluated only to train it further, and to find data of one's own again; `allow`
    opens folders to it, as for `Session`.
    Raises: DataError when there is none, or its file does not hold together.
    """
    path = trained_file(Path(run))
    return OpenedNet(read_trained(path), path, allow or NOTHING)
