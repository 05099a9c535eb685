"""Saving: the windows of a session as files, in the folder of its run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sn.errors import SnError
from sn.graphics.screen import Screen
from sn.lisp.files import Files
from sn.paths import legal_name

FOLDER = "windows"  # below what the program itself writes


@dataclass(frozen=True, slots=True)
class Saved:
    """The files of the windows: their folder, None where nothing was saved, and their names;
    `notes` are what went wrong, and what is not in them.
    """

    folder: Path | None
    names: tuple[str, ...]
    notes: tuple[str, ...]


def save_pictures(screen: Screen, files: Files, kind: str = "svg") -> Saved:
    """Write each window in which something is seen as NAME.svg or NAME.png; `kind` may be "none".

    Nothing is raised for what cannot be written: a run has more to tell than its pictures.
    """
    if kind == "none" or files.make_folder is None or not screen.windows:
        return Saved(None, (), ())
    from sn.graphics.picture import pictures_of  # start-up time: most programs draw nothing

    notes = screen.notes
    names: dict[str, None] = {}
    folder: Path | None = None
    for title, figure in pictures_of(screen).items():
        name = _new_name(title, kind, names)
        try:
            folder = files.write_own(f"{FOLDER}/{name}", figure.content(f".{kind}")).parent
        except SnError as error:
            notes.append(f"window '{title}' is not saved: {error.message}")
        else:
            names[name] = None
    return Saved(folder, tuple(names), tuple(notes))


def _new_name(title: str, kind: str, taken: dict[str, None]) -> str:
    """Return the name of a file for a window, different from those taken on any system."""
    base = legal_name(title.strip().replace(" ", "-"), "window")
    there = {name.lower() for name in taken}
    name, n = f"{base}.{kind}", 1
    while name.lower() in there:
        n += 1
        name = f"{base}-{n}.{kind}"
    return name
