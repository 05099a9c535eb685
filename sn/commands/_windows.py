"""The windows of a program: saved, and told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sn.commands._texts import print_fact, print_text

if TYPE_CHECKING:
    from sn.session import Session  # start-up time, which --help can do without


def save_windows(session: Session, kind: str, told: str = "") -> str:
    """Save what a program drew, as files of a kind; say where unless that was `told` before.

    Return what was told.
    """
    from sn.graphics.saving import save_pictures  # as above

    saved = save_pictures(session.screen, session.files, kind)
    where = "" if saved.folder is None else f"{saved.folder}: {', '.join(saved.names)}"
    if where not in ("", told):
        print_fact("windows", where, 12)
    for note in saved.notes:
        print_text(f"note: {note}", err=True)
    return where
