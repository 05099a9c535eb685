"""Server: the language server protocol, spoken over standard input and output.

It holds the texts that are open and answers at once; what evaluates them is in other processes. The
library is pygls, an extra.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls import uris
from pygls.lsp.server import LanguageServer

from sn.editors.outline import Definition, outline
from sn.errors import ReadError, source_text
from sn.format import format_text
from sn.lsp import complete, hover, names
from sn.lsp.check import read_findings
from sn.lsp.findings import Finding, NetFacts, Result
from sn.lsp.positions import Lines
from sn.lsp.workers import Workers
from sn.memory.files import read_file
from sn.version import __version__

PAUSE = 0.03  # seconds without a change before a text is looked at; chosen here
SOURCE = "sn"
_UNNAMED = "untitled.sn"
_KINDS = {
    "function": types.CompletionItemKind.Function,
    "macro": types.CompletionItemKind.Function,
    "variable": types.CompletionItemKind.Variable,
    "layer": types.CompletionItemKind.Field,
    "form": types.CompletionItemKind.Keyword,
    "option": types.CompletionItemKind.Property,
    "constant": types.CompletionItemKind.EnumMember,
    "data": types.CompletionItemKind.Value,
    "file": types.CompletionItemKind.File,
    "net": types.CompletionItemKind.Class,
    "optimizer": types.CompletionItemKind.Class,
}
_SYMBOLS = {
    "function": types.SymbolKind.Function,
    "macro": types.SymbolKind.Function,
    "variable": types.SymbolKind.Variable,
    "layer": types.SymbolKind.Field,
    "net": types.SymbolKind.Class,
    "experiment": types.SymbolKind.Event,
    "optimizer": types.SymbolKind.Method,
}


@dataclass(slots=True)
class Text:
    """A text that is open, and what is known of it; facts may be of an older version."""

    file: str
    text: str
    version: int
    lines: Lines
    nets: tuple[NetFacts, ...] = ()
    warnings: tuple[Finding, ...] = ()
    loaded: tuple[str, ...] = ()
    pause: asyncio.Task[None] | None = field(default=None, repr=False)


class SnServer(LanguageServer):
    """The server, with its texts by URI."""

    def __init__(self, seconds: float) -> None:
        super().__init__("sn", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self.texts: dict[str, Text] = {}
        self.workers = Workers(seconds, self._take)

    def changed(self, uri: str, text: str, version: int) -> None:
        """Take the text of a file, and look at it when nothing changed for a moment."""
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        told = self.workspace.position_encoding  # a member of an enum, or its value
        encoding = str(getattr(told, "value", told))
        old = self.texts.get(uri)
        one = self.texts[uri] = Text(_file_of(uri), text, version, Lines(text, encoding))
        if old is not None:
            one.nets, one.warnings, one.loaded = old.nets, old.warnings, old.loaded
            if old.pause is not None:
                old.pause.cancel()
        one.pause = asyncio.create_task(self._look(uri, one))

    def closed(self, uri: str) -> None:
        """Forget a text and what was told of it."""
        one = self.texts.pop(uri, None)
        if one is not None and one.pause is not None:
            one.pause.cancel()
        self.workers.forget(uri)
        self._publish(uri, None, ())

    async def _look(self, uri: str, one: Text) -> None:
        await asyncio.sleep(PAUSE)
        found = read_findings(one.text, one.file)
        if found:
            self.workers.forget(uri)
            self._publish(uri, one, found)
        else:
            self.workers.ask(uri, one.version, one.file, one.text)

    def _take(self, uri: str, version: int, result: Result) -> None:
        """Take what a worker found in a text, unless there is a newer one."""
        one = self.texts.get(uri)
        if one is None or one.version != version:
            return
        one.loaded = result.loaded
        if result.nets is not None:
            one.nets = result.nets
            one.warnings = tuple(finding for finding in result.findings if finding.is_warning)
        found = result.findings if result.is_last else (*result.findings, *one.warnings)
        self._publish(uri, one, found)

    def _publish(self, uri: str, one: Text | None, found: tuple[Finding, ...]) -> None:
        told = [self._diagnostic(uri, one, finding) for finding in found] if one else []
        version = one.version if one else None
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, told, version))

    def _diagnostic(self, uri: str, one: Text, finding: Finding) -> types.Diagnostic:
        """Return a finding as the protocol has it; one about another file stands at its name."""
        place, message = finding.place, finding.message
        related = [
            types.DiagnosticRelatedInformation(
                types.Location(*self._where(uri, one, beside.place)), beside.text
            )
            for beside in finding.beside
        ]
        if place is None:
            where = one.lines.range(0, len(one.text.partition("\n")[0]))
        elif place.file == one.file:
            where = one.lines.range_of(place)
        else:
            message = f"in {place.file}, line {place.line}: {message}"
            start = max(0, one.text.find(Path(place.file).stem))
            where = one.lines.range(start, start + len(Path(place.file).stem))
            location = types.Location(*self._where(uri, one, place))
            related.append(types.DiagnosticRelatedInformation(location, "it is here"))
        return types.Diagnostic(
            range=where,
            message=f"{message}\n{finding.hint}" if finding.hint else message,
            severity=(
                types.DiagnosticSeverity.Warning
                if finding.is_warning
                else types.DiagnosticSeverity.Error
            ),
            code=finding.code,
            source=SOURCE,
            related_information=related or None,
        )

    def _where(self, uri: str, one: Text, place: Any) -> tuple[str, types.Range]:
        """Return the URI and range of a place, in this text or a file."""
        if place.file == one.file:
            return uri, one.lines.range_of(place)
        text = read_text(place.file)
        return uris.from_fs_path(os.path.abspath(place.file)) or uri, Lines(text).range_of(place)


def _file_of(uri: str) -> str:
    """Return the path of a file; an unnamed text has the name of none."""
    return (uris.to_fs_path(uri) or _UNNAMED) if uri.startswith("file:") else _UNNAMED


def read_text(file: str) -> str:
    """Return the text of a file that a program loads; "" where it cannot be read."""
    try:
        return source_text(read_file(Path(file)))
    except Exception:  # whatever it is, there is no text to look at
        return ""


def make_server(seconds: float) -> SnServer:
    """Return a server that gives each program so many seconds."""
    server = SnServer(seconds)

    @server.feature(types.INITIALIZED)
    def begin(ls: SnServer, params: types.InitializedParams) -> None:
        ls.workers.start()

    @server.feature(types.SHUTDOWN)
    async def end(ls: SnServer, params: None) -> None:
        await ls.workers.stop()

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(ls: SnServer, params: types.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        ls.changed(item.uri, item.text, item.version)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def edited(ls: SnServer, params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        text = ls.workspace.get_text_document(uri).source
        ls.changed(uri, text, params.text_document.version)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(ls: SnServer, params: types.DidCloseTextDocumentParams) -> None:
        ls.closed(params.text_document.uri)

    add_lookups(server)
    add_layout(server)
    return server


def add_layout(server: SnServer) -> None:
    """Let a server lay texts out, as `sn fmt` does."""

    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    def laid_out(
        ls: SnServer, params: types.DocumentFormattingParams
    ) -> list[types.TextEdit] | None:
        one = ls.texts.get(params.text_document.uri)
        if one is None:
            return None
        try:
            text = format_text(one.text, one.file)
        except ReadError:
            return None  # it is told as a diagnostic
        if text == one.text:
            return []
        return [types.TextEdit(one.lines.range(0, len(one.text)), text)]


def add_lookups(server: SnServer) -> None:
    """Let a server answer questions about words."""

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hovered(ls: SnServer, params: types.HoverParams) -> types.Hover | None:
        one = ls.texts.get(params.text_document.uri)
        if one is None:
            return None
        found = hover.hover(one.text, one.lines.offset(params.position), one.nets)
        if found is None:
            return None
        content = types.MarkupContent(types.MarkupKind.Markdown, found.text)
        return types.Hover(content, one.lines.range(found.start, found.end))

    @server.feature(
        types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=["(", '"'])
    )
    def completed(ls: SnServer, params: types.CompletionParams) -> list[types.CompletionItem]:
        one = ls.texts.get(params.text_document.uri)
        if one is None:
            return []
        place = one.lines.offset(params.position)
        start, offers = complete.complete(one.text, place, one.nets, one.file)
        where = one.lines.range(start, place)
        return [
            types.CompletionItem(
                offer.label,
                kind=_KINDS[offer.kind],
                detail=offer.manual.partition("\n")[0] or offer.kind,
                documentation=offer.manual or None,
                sort_text=f"{number:04}",
                text_edit=types.TextEdit(where, offer.label),
            )
            for number, offer in enumerate(offers)
        ]

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def defined(ls: SnServer, params: types.DefinitionParams) -> types.Location | None:
        uri = params.text_document.uri
        one = ls.texts.get(uri)
        if one is None:
            return None
        others = {file: read_text(file) for file in one.loaded if file != one.file}
        found = names.definition(one.text, one.lines.offset(params.position), others)
        if found is None:
            return None
        file, there = found
        if file is None:
            return types.Location(uri, one.lines.range(there.start, there.end))
        lines = Lines(others[file])
        return types.Location(uris.from_fs_path(file) or uri, lines.range(there.start, there.end))

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def listed(ls: SnServer, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        one = ls.texts.get(params.text_document.uri)
        return _symbols(one) if one is not None else []


def _symbols(one: Text) -> list[types.DocumentSymbol]:
    """Return the definitions of a text, each with those inside it, in the order of the text."""
    defined = sorted(outline(one.text), key=lambda found: (found.form_start, -found.form_end))
    tops: list[types.DocumentSymbol] = []
    open_: list[tuple[Definition, types.DocumentSymbol]] = []
    for found in defined:
        symbol = types.DocumentSymbol(
            name=found.name or "()",
            kind=_SYMBOLS[found.kind],
            range=one.lines.range(found.form_start, found.form_end),
            selection_range=one.lines.range(found.start, found.end),
            detail=found.kind,
            children=[],
        )
        while open_ and not _is_inside(found, open_[-1][0]):
            open_.pop()
        inside = [*(open_[-1][1].children or [])] if open_ else tops
        inside.append(symbol)
        if open_:
            open_[-1][1].children = inside
        open_.append((found, symbol))
    return tops


def _is_inside(inner: Definition, outer: Definition) -> bool:
    return outer.form_start < inner.form_start and inner.form_end <= outer.form_end
