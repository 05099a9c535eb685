"""GitHub: a diagnostic as a workflow command, which GitHub shows beside the line it is about.

Source: GitHub Docs, "Workflow commands for GitHub Actions", setting an error message; what is
escaped how: actions/toolkit, packages/core/src/command.ts.
"""

from __future__ import annotations

from collections.abc import Mapping

from sn.diagnostics import Diagnostic, Severity
from sn.display import unobeyed

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_IN_MESSAGES = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTIES = {**_IN_MESSAGES, ":": "%3A", ",": "%2C"}


def annotation(one: Diagnostic) -> str:
    """Return a diagnostic as a line that GitHub Actions reads.

    A message of several lines stays one; columns are given where the place is on one line, as only
    there GitHub shows them.
    """
    properties = {"title": str(one.code)}
    if (span := one.span) is not None:
        place = {"file": span.file, "line": span.line, "endLine": span.end_line}
        if span.line == span.end_line:
            place |= {"col": span.column, "endColumn": span.end_column}
        properties = {**{name: str(value) for name, value in place.items()}, **properties}
    parts = [
        one.message,
        *(f"{label.span}: {label.text}" for label in one.labels),
        *([f"hint: {one.hint}"] if one.hint else []),
    ]
    said = ",".join(f"{name}={_escaped(text, _IN_PROPERTIES)}" for name, text in properties.items())
    message = _escaped("\n".join(parts), _IN_MESSAGES)
    return f"::{_COMMANDS[one.severity]} {said}::{message}"


def _escaped(text: str, how: Mapping[str, str]) -> str:
    """Return a text that cannot end the command it is in, nor begin another one."""
    return unobeyed("".join(how.get(char, char) for char in text))
