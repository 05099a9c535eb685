"""Lines: from a record to the JSON objects that other programs read, one per line.

`sn run --json` prints them and `log.jsonl` keeps them; both are the same bytes.
"""

from __future__ import annotations

from typing import Any

import msgspec

from sn.paths import encodable
from sn.results.record import PassRecord, RunRecord, Scores
from sn.results.reports import report_object

# The commands of a terminal that JSON leaves as they are: those from 128 on (ISO 6429, C1).
_COMMANDS = {code: f"\\u{code:04x}" for code in range(0x80, 0xA0)}


def scores_object(scores: Scores) -> dict[str, Any]:
    """Return the JSON object of the scores on one set.

    `error` is in the cost of the run, which the result names, `half_squares` in SN's; `misses`
    are null where nothing is right or wrong.
    """
    return {
        "error": scores.error,
        "half_squares": scores.half_squares,
        "misses": scores.misses,
        "patterns": scores.patterns,
    }


def pass_object(record: PassRecord) -> dict[str, Any]:
    """Return the JSON object of one pass."""
    return {
        "type": "pass",
        "pass": record.number,
        **({} if record.phase is None else {"phase": record.phase}),
        **_scores_objects(record),
        "seconds": record.seconds,
    }


def _scores_objects(record: PassRecord) -> dict[str, Any]:
    """Return the scores on each set; `test` is null where there is none."""
    found = {which: scores_object(scores) for which, scores in record.sets.items()}
    return {"train": found.pop("train"), "test": None, **found}


def result_object(record: RunRecord) -> dict[str, Any]:
    """Return the JSON object of a finished run; `run` is its folder, or null without one."""
    return {
        "type": "result",
        "net": {
            "units": record.net.units,
            "connections": record.net.connections,
            "parameters": record.net.parameters,
        },
        "data": {"name": record.data.name, "hash": record.data.hash},
        "optimizer": record.optimizer,
        "seed": record.seed,
        "cost": record.cost,
        **_scores_objects(record.end),
        "reports": {which: report_object(report) for which, report in record.reports.items()},
        "compile_seconds": record.compile_seconds,
        "train_seconds": record.train_seconds,
        "us_per_presentation": record.us_per_presentation,
        "warnings": list(record.warnings),
        "run": str(record.folder) if record.folder is not None else None,
    }


def json_line(item: Any) -> str:
    """Return `item` as JSON on one line.

    Numbers that JSON lacks (NaN, infinity) become null, names of files that are no UTF-8 are
    spelled out, and characters that a terminal would obey are written by their numbers.
    """
    try:
        text = msgspec.json.encode(item).decode()
    except UnicodeEncodeError:
        text = msgspec.json.encode(spelled_out(msgspec.to_builtins(item))).decode()
    return text if text.isascii() else text.translate(_COMMANDS)


def spelled_out(item: Any) -> Any:
    """Return an object of JSON with every text as UTF-8 can hold it."""
    match item:
        case str():
            return encodable(item)
        case dict():
            return {encodable(str(name)): spelled_out(value) for name, value in item.items()}
        case list() | tuple():
            return [spelled_out(value) for value in item]
    return item
