"""Lines: a diagnostic as a JSON object on a line, for other programs.

Only ASCII is written, so that whatever a program has in its names and strings, a terminal that
shows the line obeys nothing of it.
"""

from __future__ import annotations

import json
from typing import Any

from sn.diagnostics import Diagnostic
from sn.errors import Span


def line(one: Diagnostic) -> str:
    """Return a diagnostic as one line of JSON."""
    return json.dumps(json_object(one))


def json_object(one: Diagnostic) -> dict[str, Any]:
    """Return a diagnostic as an object; places are null where there is none.

    Lines and columns count from 1, both ends inclusive.
    """
    return {
        "type": "diagnostic",
        "severity": str(one.severity),
        "code": str(one.code),
        "message": one.message,
        "hint": one.hint,
        **_place(one.span),
        "labels": [{"message": label.text, **_place(label.span)} for label in one.labels],
        "frames": list(one.frames),
    }


def _place(span: Span | None) -> dict[str, Any]:
    if span is None:
        return dict.fromkeys(("file", "line", "column", "end_line", "end_column"))
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }
