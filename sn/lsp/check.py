"""Check: one text to findings, as `sn check` would tell them, and to facts about its nets.

The one place that decides what an editor is told of a program. It runs in a process of its own
(`worker.py`), because a program may do anything that takes long; what is wrong with the text itself
is found by `read_findings`, which is safe anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from sn import memory
from sn.editors.scan import scan
from sn.errors import ReadError, SnError, SnInternalError
from sn.lsp.findings import (
    ConnectionFacts,
    Finding,
    Job,
    LayerFacts,
    NetFacts,
    Result,
    findings_of,
    place_of,
)
from sn.parser import Host, read
from sn.session import Program, Session
from sn.watchdog import Watchdog

# programs with these read their own text, or change how it is read
_READ_THEMSELVES = {"dmc", "read", "read-string", "skip-char"}
_QUICK = 50_000  # letters of a text that is read while the editor waits: 0.2 s


def read_findings(text: str, file: str) -> tuple[Finding, ...]:
    """Return what is wrong with a text before it is evaluated; nothing where only that can tell."""
    if len(text) > _QUICK or any(token.text.lower() in _READ_THEMSELVES for token in scan(text)):
        return ()
    try:
        read(text, file, Host(make_matrix=lambda *_: None))
    except ReadError as error:
        return findings_of(error)
    return ()


def check(job: Job) -> Iterator[Result]:
    """Evaluate a text and build its nets; yield what was found, twice if it has nets.

    The first result says what is wrong, the second adds counts and warnings. Nothing is written,
    what is read is what the gate lets programs read, and it ends after the seconds of the job.
    """
    found: list[Finding] = []
    session, is_evaluated = Session(), False
    try:
        with Watchdog(job.seconds, memory.limit()):
            file = Path(job.file)
            program = session.load_text(file, job.text, file.parent)
            is_evaluated = True
            if program.networks:
                yield Result(job.number, loaded=_loaded(session))
            nets = tuple(_facts(program, name, found) for name in program.networks)
    except BaseException as error:
        told = _told(error)
        if is_evaluated and type(error) is SnError:  # the watchdog's: nothing is wrong with the net
            told = tuple(
                replace(one, is_warning=True, message=f"no counts: {one.message}") for one in told
            )
        yield Result(job.number, (*found, *told), None, _loaded(session), is_last=True)
        return
    yield Result(job.number, tuple(found), nets, _loaded(session), is_last=True)


def _told(error: BaseException) -> tuple[Finding, ...]:
    """Return any error as findings; what is no error of SN is a fault of it."""
    if isinstance(error, SnError | SnInternalError):
        return findings_of(error)
    if isinstance(error, KeyboardInterrupt | GeneratorExit | SystemExit):
        raise error
    return findings_of(SnInternalError(f"{type(error).__name__}: {error}"))


def _loaded(session: Session) -> tuple[str, ...]:
    return tuple(sorted(session.interpreter.loaded))


def _facts(program: Program, name: str, found: list[Finding]) -> NetFacts:
    """Return what a net is made of, and add what is odd about it to `found`."""
    report = program.compiled(name).report()
    for warning in report.warnings:
        found += findings_of(warning)
    spans = {layer.name: layer.span for layer in program.networks[name].layers}
    return NetFacts(
        name,
        tuple(
            LayerFacts(one.name, one.shape, one.units, one.activation, place_of(spans[one.name]))
            for one in report.layers
        ),
        tuple(
            ConnectionFacts(one.label, one.scheme, one.connections, one.parameters, one.plan)
            for one in report.connections
        ),
        report.total_units,
        report.total_connections,
        report.total_parameters,
    )
