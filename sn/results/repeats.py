"""Repeats: a run and one that was done again from what the first one kept, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from sn.errors import DataError, TrainError
from sn.results.about import RUN, read_about, read_log
from sn.results.arrays import content_hash
from sn.results.folder import Outcome, resume_command
from sn.results.lines import pass_object
from sn.results.origin import versions
from sn.results.record import RunRecord


def finished(folder: Path) -> dict[str, Any]:
    """Return the run.json of a run that came to its end.

    Raises: TrainError when it did not, or is a fork with changes; DataError when there is none.
    """
    about = read_about(folder)
    if about["outcome"] != Outcome.FINISHED:
        raise TrainError(
            f"the run in '{folder}' has no result to compare with: it is {about['outcome']}",
            hint=f"`{resume_command(folder)}` goes on with it",
        )
    if about.get("result") is None:
        raise DataError(f"'{folder / RUN}' cannot be read: it does not say how the run ended")
    fork = about.get("forked")
    if fork is not None and fork["changed"]:
        raise TrainError(
            f"the run in '{folder}' cannot be done again from its own folder: it went on from "
            f"that in '{fork['folder']}', with changes, and what it began with is kept only there",
            hint="do that one again, and fork it again: " + "; ".join(fork["changed"]),
        )
    return about


def repeat_differences(folder: Path, record: RunRecord) -> list[str]:
    """Say in what a run differs from the finished one in a folder; times do not count."""
    about = finished(folder)
    lines = [
        *_changed("net", about["net"], msgspec.to_builtins(record.net)),
        *_changed("data", about["data"], msgspec.to_builtins(record.data)),
        *_changed("option", about["options"], msgspec.to_builtins(record.options)),
    ]
    passes = read_log(folder)
    if len(passes) != len(record.passes):
        lines.append(f"it had {len(passes)} passes, now {len(record.passes)}")
    for before, one in zip(passes, record.passes, strict=False):
        now = msgspec.json.decode(msgspec.json.encode(pass_object(one)))
        found = [*_changed(f"pass {one.number}", _timeless(before), _timeless(now))]
        if found:  # what comes after the first pass that differs differs by itself
            lines += found
            break
    stored, found_hash = about["result"]["weights_sha256"], content_hash(record.weights)
    if stored != found_hash:
        lines.append(f"the sha256 of the weights was {stored[:16]}, now it is {found_hash[:16]}")
    if lines:
        lines += _changed("version of", about["versions"], versions())
    return lines


def _timeless(line: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name not in ("type", "pass", "seconds")}


def _changed(what: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield the entries that differ, those within others by both names."""
    for name in dict.fromkeys([*before, *now]):
        if name == "half_squares":  # the error says the same
            continue
        old, new = before.get(name), now.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _changed(f"{what} {name}", old, new)
        elif old != new:
            yield f"{what} {name} was {_shown(old)}, now it is {_shown(new)}"


def _shown(value: Any) -> str:
    return str(value)[:16] if isinstance(value, str) else str(value)
