"""The windows of a program: saved at its end, and told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sn.commands._texts import print_fact, print_text

if TYPE_CHECKING:
    from sn.session import Session  # start-up time, which --help can do without


def save_windows(session: Session, kind: str = "svg") -> None:
    """Save what a program drew, as files of a kind, and say where they are."""
    from sn.graphics.saving import save_pictures  # as above

    saved = save_pictures(session.screen, session.files, kind)
    if saved.folder is not None:
        print_fact("windows", f"{saved.folder}: {', '.join(saved.names)}", 12)
    for note in saved.notes:
        print_text(f"note: {note}", err=True)
