"""A small client of the language server: JSON-RPC over the pipes of `sn lsp`, in a thread."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60.0  # seconds; a machine may be busy


class Client:
    """Starts a server, sends it messages and waits for what it says."""

    def __init__(self, *options: str, cwd: Path = ROOT, encodings: tuple[str, ...] = ()) -> None:
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "sn", "lsp", *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=cwd, env=env,
        )  # fmt: skip
        self._said: queue.Queue[dict[str, Any]] = queue.Queue()
        self._kept: list[dict[str, Any]] = []
        self._number = 0
        self._versions: dict[str, int] = {}
        threading.Thread(target=self._listen, daemon=True).start()
        general = {"general": {"positionEncodings": list(encodings)}} if encodings else {}
        self.about = self.ask(
            "initialize", {"processId": None, "rootUri": None, "capabilities": general}
        )
        self.tell("initialized", {})

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        if self.process.poll() is None:
            self.ask("shutdown", None)
            self.tell("exit", None)
        self.process.wait(PATIENCE)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def tell(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    def ask(self, method: str, params: Any) -> Any:
        """Send a request and return its result."""
        self._number += 1
        number = self._number
        self._send({"id": number, "method": method, "params": params})
        answer = self._wait(lambda message: message.get("id") == number and "method" not in message)
        assert "error" not in answer, answer
        return answer["result"]

    def write(self, uri: str, text: str) -> int:
        """Open a text, or change it; return its version."""
        version = self._versions.get(uri, 0) + 1
        self._versions[uri] = version
        if version == 1:
            item = {"uri": uri, "languageId": "sn", "version": version, "text": text}
            self.tell("textDocument/didOpen", {"textDocument": item})
        else:
            document = {"uri": uri, "version": version}
            changes = [{"text": text}]
            self.tell(
                "textDocument/didChange", {"textDocument": document, "contentChanges": changes}
            )
        return version

    def close(self, uri: str) -> None:
        """Close a text."""
        self.tell("textDocument/didClose", {"textDocument": {"uri": uri}})

    def diagnostics(
        self, uri: str, version: int | None, ready: Callable[[list[Any]], bool] = lambda found: True
    ) -> list[dict[str, Any]]:
        """Wait for the diagnostics of a version of a text that are `ready`, and return them."""

        def is_it(message: dict[str, Any]) -> bool:
            told = message.get("params") or {}
            return (
                message.get("method") == "textDocument/publishDiagnostics"
                and told["uri"] == uri
                and told.get("version") == version
                and ready(told["diagnostics"])
            )

        found: list[dict[str, Any]] = self._wait(is_it)["params"]["diagnostics"]
        return found

    def at(self, method: str, uri: str, text: str, place: int) -> Any:
        """Ask about a place of a text, a number of characters."""
        before = text[:place].split("\n")
        position = {"line": len(before) - 1, "character": len(before[-1].encode("utf-16-le")) // 2}
        params = {"textDocument": {"uri": uri}, "position": position}
        return self.ask(f"textDocument/{method}", params)

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _wait(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the first message that is wanted; the others are kept."""
        for index, message in enumerate(self._kept):
            if wanted(message):
                return self._kept.pop(index)
        until = time.monotonic() + PATIENCE
        while True:
            message = self._said.get(timeout=max(0.01, until - time.monotonic()))
            if wanted(message):
                return message
            self._kept.append(message)

    def _listen(self) -> None:
        pipe = self.process.stdout
        assert pipe is not None
        length = 0
        while line := pipe.readline():
            if line.startswith(b"Content-Length:"):
                length = int(line.split(b":")[1])
            elif not line.strip():  # the end of the headers
                self._said.put(json.loads(pipe.read(length)))
