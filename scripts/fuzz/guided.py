"""Guided: texts that grow towards code not reached before, by Atheris (libFuzzer for Python).

    python -m scripts.fuzz guided            # where Atheris is installed: pip install atheris

Each text is read and evaluated. What it was that failed is left in a file `crash-...`, which
`python -m scripts.fuzz.guided FILE` tries again.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=["sn.parser", "sn.interp", "sn.lisp", "sn.builtins", "sn.describe"]
):
    from sn.session import Session

from scripts.fuzz.targets import SECONDS, seeds
from sn import memory
from sn.errors import SnError, render
from sn.watchdog import Watchdog


def evaluate(raw: bytes) -> None:
    """Evaluate a text; anything but a result and an `SnError` is a finding."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            with Watchdog(SECONDS, None):
                Session().evaluate(raw.decode("utf-8", "replace"), "fuzz.sn")
        except SnError as error:
            render(error, width=100)


def main() -> None:
    """Start from the programs that mutations start from; the words are those of libFuzzer."""
    memory.set_limit(300_000_000)
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(seeds()):
            Path(folder, f"{number}.sn").write_text(text, encoding="utf-8")
        atheris.Setup([*sys.argv, "-timeout=10", "-rss_limit_mb=2000", folder], evaluate)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
