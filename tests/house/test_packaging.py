"""What is installed: exact versions of what is asked for, and a wheel with all that SN needs."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CORE = [Requirement(text) for text in PROJECT["project"]["dependencies"]]
DEV = [Requirement(text) for text in PROJECT["project"]["optional-dependencies"]["dev"]]


def pins(name: str) -> dict[str, str]:
    """Return the versions of a lock file by canonical name; every line must be an exact one."""
    found = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if line.startswith(("#", "-r ")) or not line:
            continue
        match = re.fullmatch(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.]+)", line)
        assert match, f"{name}: '{line}' is not an exact version"
        found[canonicalize_name(match[1])] = match[2]
    return found


@pytest.mark.parametrize(
    ("wanted", "files"),
    [(CORE, ["requirements.lock"]), (DEV, ["requirements.lock", "requirements-dev.lock"])],
    ids=["core", "dev"],
)
def test_the_locks_pin_what_the_project_asks_for(
    wanted: list[Requirement], files: list[str]
) -> None:
    locked: dict[str, str] = {}
    for file in files:
        locked |= pins(file)
    for requirement in wanted:
        version = locked.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name} is not locked: run `make lock`"
        assert version in requirement.specifier, f"{requirement} is locked at {version}"


def test_run_needs_no_development_tools() -> None:
    core = pins("requirements.lock")
    assert not {canonicalize_name(requirement.name) for requirement in DEV} & core.keys()


def test_the_wheel_holds_the_code_the_grammar_the_data_and_the_nets(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {f"sn/_nets/{path.name}" for path in (ROOT / "nets").glob("*.sn")}
    for path in (ROOT / "sn").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            wanted.add(path.relative_to(ROOT).as_posix())
    assert wanted <= names, f"missing in the wheel: {sorted(wanted - names)}"
    others = {name for name in names if not re.match(r"sn/|sn-[^/]*\.dist-info/", name)}
    (manual,) = others
    assert re.fullmatch(r"sn-[^/]*\.data/data/share/man/man1/sn\.1", manual)
