"""Shipped nets: from the name of a network that comes with SN to the file it is written in.

The nets stand in `nets/` at the top of a checkout and in `sn/_nets/` of an installed package.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sn.errors import SnError, SnInternalError, did_you_mean
from sn.paths import is_there, possible


@dataclass(frozen=True, slots=True)
class ShippedNet:
    """A network that comes with SN; `title` is the first comment line of its file."""

    name: str
    title: str
    path: Path


def nets_folder() -> Path:
    """Return the folder of the shipped nets, in a checkout or in an installed package.

    Raises: SnInternalError when the installation has lost it.
    """
    package = Path(__file__).resolve().parent
    # NOTE(pyproject): the wheel's force-include puts nets/ at sn/_nets
    for folder, is_ours in (
        (package.parent / "nets", (package.parent / "pyproject.toml").is_file()),
        (package / "_nets", True),
    ):
        if is_ours and folder.is_dir():
            return folder
    raise SnInternalError(f"the folder of the shipped nets is missing beside {package}")


def shipped_nets() -> tuple[ShippedNet, ...]:
    """Return the shipped nets in order of name; one in a folder has its name in front."""
    folder = nets_folder()
    found = {
        path.relative_to(folder).with_suffix("").as_posix(): path for path in folder.rglob("*.sn")
    }
    # the folders last
    ordered = sorted(found, key=lambda name: ("/" in name, name))
    return tuple(ShippedNet(name, _title(found[name]), found[name]) for name in ordered)


def shipped_net(name: str) -> ShippedNet:
    """Return the shipped net called `name`.

    Raises: SnError with the nearest names when there is none.
    """
    nets = {net.name: net for net in shipped_nets()}
    if name not in nets:
        hint = did_you_mean(name, nets) or "`sn nets` lists the nets that come with SN"
        raise SnError(f"no net that comes with SN is called '{name}'", hint=hint)
    return nets[name]


def _programs(folder: Path) -> Iterator[str]:
    """Yield the programs in a folder, by name."""
    with suppress(OSError):
        yield from sorted(str(path) for path in folder.glob("*.sn"))


def find_net(file: str | Path) -> Path:
    """Return the path that `file` means: a file that is here, or the name of a shipped net.

    Raises: SnError with the nearest names when it is neither.
    """
    if not isinstance(file, str | Path):
        kind = type(file).__name__
        raise SnError(f"expected the path of a file or the name of a net, found {kind}")
    file, path = str(file), possible(file)
    if is_there(path):
        if path.is_dir():
            found = next(_programs(path), None)
            raise SnError(
                f"'{file or path}' is a folder; a file of SN Lisp was expected",
                hint=f"name a file in it, such as '{found}'" if found else None,
            )
        return path  # a pipe will do
    if "(" in file:
        raise SnError(
            f"there is no file '{file[:40]}'",
            hint="this takes a file of SN Lisp or the name of a net, not the program itself",
        )
    nets = {net.name: net for net in shipped_nets()}
    if file in nets:
        return nets[file].path
    near = did_you_mean(path.stem, nets)
    if path.suffix or path.parent != Path("."):
        folder = path.parent
        beside = sorted(other.name for other in folder.glob("*.sn")) if is_there(folder) else []
        hint = did_you_mean(path.name, beside) or near
        raise SnError(
            f"there is no file '{file}'",
            hint=hint or "`sn nets` lists the nets that come with SN",
        )
    raise SnError(
        f"'{file}' is neither a file here nor a net that comes with SN",
        hint=near or "`sn nets` lists the nets that come with SN",
    )


def _title(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            text = line.strip()
            if text.startswith(";"):
                if title := text.lstrip("; "):
                    return title
            elif text:
                break
    return ""
