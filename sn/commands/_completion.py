"""Completion: what a shell offers for a half-written word of a command line.

Options and arguments name one of these functions as their `shell_complete`; click calls it with
what stands before. Nothing is evaluated and nothing heavy is imported: somebody waits with a finger
on the tab key. Only names that a shell takes as they are get offered, so no name of a file can be
more than a name on a command line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from click import Context, Parameter
from click.shell_completion import CompletionItem

from sn.errors import SnError
from sn.paths import is_file, is_folder
from sn.shipped import find_net, shipped_nets

_PLAIN = re.compile(r"[\w@%+,./~][\w@%+,./~-]*")  # not = and :, at which bash splits words
_DATASET = re.compile(r'^@dataset\("([^"]+)"\)', re.MULTILINE)
_LONGEST = 1_000_000  # bytes of a program that is looked into, and
_DEEPEST = 8  # folders in one another that are gone into; chosen here
# what a folder of a run holds, and one of a comparison, and how the file of a trained net ends;
# NOTE(about, contests, header): they say the same, and bring NumPy, which takes longer
RUN, CONTEST, TRAINED = "run.json", "compare.json", ".sn.safetensors"


def nets(ctx: Context, param: Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the nets that come with SN."""
    return [
        CompletionItem(net.name, help=net.title or None)
        for net in shipped_nets()
        if net.name.startswith(incomplete)
    ]


def programs(ctx: Context, param: Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return programs: the nets that come with SN, and files `*.sn`."""
    found = _below(incomplete, lambda path: path.suffix == ".sn" and is_file(path))
    return [*nets(ctx, param, incomplete), *_items(found)]


def data(ctx: Context, param: Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return data: sets by name, and files."""
    return [*data_sets(ctx, param, incomplete), *_items(_below(incomplete, is_file))]


def data_sets(ctx: Context, param: Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the names of data sets, read off the files that define them: NumPy takes longer."""
    folder = Path(__file__).resolve().parents[1] / "data"
    texts = (path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    names = sorted(name for text in texts for name in _DATASET.findall(text))
    return _items(name for name in names if name.startswith(incomplete))


def optimizers(ctx: Context, param: Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the optimizers of the programs that are named, behind a comma those that are left."""
    done, comma, start = incomplete.rpartition(",")
    if param.name != "optimizers":
        done, comma, start = "", "", incomplete
    known = dict.fromkeys(name for file in _files(ctx) for name in _optimizers_of(file))
    taken = done.split(",")
    return _items(
        f"{done}{comma}{name}"
        for name in known
        if name.startswith(start) and name not in taken and _PLAIN.fullmatch(name)
    )


def runs(ctx: Context, param: Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return folders of runs, those in runs/ with the newest first, and files of trained nets."""
    return _results(incomplete, RUN)


def comparisons(ctx: Context, param: Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return folders of comparisons, those in runs/ with the newest first."""
    return _results(incomplete, CONTEST)


def codes(ctx: Context, param: Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the numbers of errors and warnings."""
    from sn.codes import Code  # only who asks for a code needs it

    return _items(code for code in Code if code.startswith(incomplete.upper()))


def files(ctx: Context, param: Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Leave it to the shell, which knows files best."""
    return [CompletionItem(incomplete, type="file")]


def folders(ctx: Context, param: Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Leave it to the shell, for folders."""
    return [CompletionItem(incomplete, type="dir")]


def _items(names: Iterable[str]) -> list[CompletionItem[str]]:
    return [CompletionItem(name) for name in names]


def _files(ctx: Context) -> Iterator[Path]:
    """Yield the programs that the command line names; click leaves them in `args` before an option
    that has no value yet.
    """
    named = ctx.params.get("files") or [ctx.params.get("file")]
    for name in [*named, *ctx.args]:
        with suppress(SnError, OSError):
            if name:
                yield find_net(name)


def _optimizers_of(file: Path) -> list[str]:
    """Return the optimizers that a program names; none where it cannot be read, or is too long."""
    from sn.editors.outline import outline  # only who asks for an optimizer needs it

    try:
        if not is_file(file) or file.stat().st_size > _LONGEST:
            return []
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [one.name for one in outline(text) if one.kind == "optimizer"]


def _results(incomplete: str, mark: str) -> list[CompletionItem[str]]:
    """Return the folders that hold a file called `mark`, and files of trained nets if they do."""

    def is_wanted(path: Path) -> bool:
        if mark == RUN and path.name.endswith(TRAINED):
            return is_file(path)
        return is_file(path / mark)

    if not incomplete and is_folder(Path("runs")):
        incomplete = "runs/"
    return _items(_below(incomplete, is_wanted, _newest_first))


def _newest_first(path: Path) -> float:
    with suppress(OSError):
        return -path.stat().st_mtime
    return 0.0


def _below(
    incomplete: str,
    is_wanted: Callable[[Path], bool],
    order: Callable[[Path], float] = lambda path: 0.0,
    depth: int = 0,
) -> list[str]:
    """Return what a half-written path may become: what is wanted, and folders with a slash.

    A folder that is the only answer is gone into, since a shell puts a blank behind one answer.
    """
    start = incomplete.rpartition("/")[2]
    lead = incomplete.removesuffix(start)
    if not (lead == "" or _PLAIN.fullmatch(lead)):
        return []
    try:
        folder = Path(lead or ".").expanduser()
        names = sorted(os.listdir(folder), key=lambda name: (order(folder / name), name))
    except (OSError, ValueError, RuntimeError):  # the last for ~nobody
        return []
    found = []
    for name in names:
        hidden = name.startswith(".") and not start.startswith(".")
        if hidden or not name.startswith(start) or not _PLAIN.fullmatch(name):
            continue
        path = folder / name
        if is_wanted(path):
            found.append(lead + name)
        elif is_folder(path):
            found.append(f"{lead}{name}/")
    if len(found) == 1 and found[0].endswith("/") and depth < _DEEPEST:
        return _below(found[0], is_wanted, order, depth + 1)
    return found
