"""Findings: what evaluating a text tells an editor, in values that one process can send another.

Places are those of `Span`: lines and columns from 1 on, both ends inclusive.
"""

from __future__ import annotations

from msgspec import Struct

from sn.diagnostics import Diagnostic, Problem, Severity, listed
from sn.errors import Label, SnInternalError, Span


class Place(Struct, frozen=True):
    """A piece of a file."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


class Beside(Struct, frozen=True):
    """A second place of a finding, with a few words about it."""

    place: Place
    text: str


class Finding(Struct, frozen=True):
    """Something that is wrong, or only odd: then `is_warning`."""

    message: str
    place: Place | None
    hint: str | None = None
    beside: tuple[Beside, ...] = ()
    is_warning: bool = False
    code: str | None = None


class LayerFacts(Struct, frozen=True):
    """A layer of a net, as `sn check` tells it."""

    name: str
    shape: tuple[int, ...]
    units: int
    activation: str
    place: Place | None


class ConnectionFacts(Struct, frozen=True):
    """What a statement connects, as `sn check` tells it; `label` reads `h1 -> h2`."""

    label: str
    scheme: str
    connections: int
    parameters: int
    plan: str


class NetFacts(Struct, frozen=True):
    """A net with its layers, connections and totals."""

    name: str
    layers: tuple[LayerFacts, ...]
    connections: tuple[ConnectionFacts, ...]
    units: int
    total_connections: int
    parameters: int


class Job(Struct, frozen=True):
    """A text to be evaluated: the number of the job, the file that it is to be, limits."""

    number: int
    file: str
    text: str
    seconds: float


class Result(Struct, frozen=True):
    """What a job has found so far; `is_last` says that this is all.

    `nets` is None where the text could not be evaluated to its end; `loaded` are the files that the
    program loaded.
    """

    number: int
    findings: tuple[Finding, ...] = ()
    nets: tuple[NetFacts, ...] | None = None
    loaded: tuple[str, ...] = ()
    is_last: bool = False


def place_of(span: Span | None) -> Place | None:
    """Return a span as it is sent."""
    if span is None:
        return None
    return Place(span.file, span.line, span.column, span.end_line, span.end_column)


def findings_of(problem: Problem) -> tuple[Finding, ...]:
    """Return an error or a warning as it is sent, with those that were found besides."""
    return tuple(_finding(one) for one in listed(problem))


def _finding(one: Diagnostic) -> Finding:
    is_fault = isinstance(one.problem, SnInternalError)
    return Finding(
        f"internal error: {one.message}" if is_fault else one.message,
        place_of(one.span),
        f"{one.hint}: `sn check` tells how to report it" if is_fault else one.hint,
        _beside(one.labels),
        one.severity is not Severity.ERROR,
        one.code,
    )


def _beside(labels: tuple[Label, ...]) -> tuple[Beside, ...]:
    places = ((place_of(label.span), label.text) for label in labels)
    return tuple(Beside(place, text) for place, text in places if place is not None)
