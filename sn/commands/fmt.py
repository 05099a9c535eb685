"""Lay programs out in the house style, with all their comments."""

from __future__ import annotations

import difflib
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from sn.commands import _completion as completion
from sn.commands._folders import Place
from sn.commands._texts import print_text, print_whole
from sn.errors import ReadError, SnError, raise_all
from sn.memory.files import read_file
from sn.paths import is_folder

STDIN = "-"


@click.command("fmt")
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=Place(),
    shell_complete=completion.files,
)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a file would change.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change.")
@click.pass_context
def command(ctx: click.Context, files: tuple[Path, ...], check: bool, diff: bool) -> None:
    """Lay out each FILE as the nets of SN are, and write it back; - reads stdin.

    A folder stands for all .sn files below it.

    Indentation, blanks and blank lines are set, and rows of layers, connections and optimizers
    get columns. A line that has more than 100 columns is broken; lines are never joined. Words,
    numbers, strings and comments stay to the letter, so the program is the same.

    A file that the reader refuses is left as it is, and its error told. From a form with dmc,
    read-string or skip-char on, which read the program's own text, a file is left as it is.
    """
    changed = 0
    failed: list[SnError] = []
    for path in (one for name in files for one in _programs(name)):
        try:
            layout = _laid_out(path)
        except SnError as error:
            failed.append(error)  # the others are laid out all the same
            continue
        changed += layout.differs
        if diff:
            print_whole("".join(layout.difference()))
        if check:
            _tell_change(layout)
        elif not diff:
            layout.write()
    raise_all(failed)
    if check and changed:
        ctx.exit(1)


@dataclass(frozen=True, slots=True)
class _Layout:
    """A file as it was and as it is laid out, both as bytes; it has `ends` at the end of lines."""

    path: Path
    before: bytes
    after: bytes

    @property
    def differs(self) -> bool:
        return self.before != self.after

    def difference(self) -> Iterator[str]:
        """Yield the lines of a unified diff."""
        name = str(self.path)
        old, new = (_decoded(raw).splitlines(keepends=True) for raw in (self.before, self.after))
        for line in difflib.unified_diff(old, new, name, name):
            yield line if line.endswith("\n") else f"{line}\n\\ no line end\n"

    def write(self) -> None:
        """Write the file back whole, or print what was read from stdin."""
        if str(self.path) == STDIN:
            click.echo(self.after, nl=False)
        elif self.differs:
            from sn.results.arrays import write_whole  # start-up time of numpy

            target = self.path.resolve()  # a link stays one
            mode = stat.S_IMODE(os.stat(target).st_mode)
            write_whole(target, self.after)
            os.chmod(target, mode)
            print_text(f"{self.path}: laid out", err=True)


def _programs(path: Path) -> Iterator[Path]:
    """Yield a file, or the programs below a folder, in order."""
    if is_folder(path):
        yield from sorted(path.rglob("*.sn"))
    else:
        yield path


def _laid_out(path: Path) -> _Layout:
    """Return a file as it was and as it should be.

    Raises: DataError when it cannot be read, ReadError when it is no program.
    """
    from sn.format import format_program  # start-up time of lark, which --help can do without

    is_stdin = str(path) == STDIN
    before = sys.stdin.buffer.read() if is_stdin else read_file(path)
    name = "<stdin>" if is_stdin else str(path)
    text = _decoded(before)
    ends = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        found = format_program(plain, name)
    except ReadError as error:
        error.keep_texts({name: plain})
        raise
    if found.left_from is not None:
        text = f"note: {name}:{found.left_from}: left as it is from here on"
        print_text(f"{text}: the program reads its own text", err=True)
    after = found.text if ends == "\n" else found.text.replace("\n", ends)
    return _Layout(path, before, after.encode("utf-8", "surrogateescape"))


def _decoded(raw: bytes) -> str:
    """Return the text of a file; bytes that are no UTF-8 come back as they were."""
    return raw.decode("utf-8", "surrogateescape")


def _tell_change(layout: _Layout) -> None:
    if layout.differs:
        print_text(f"{layout.path}: would be laid out", err=True)
