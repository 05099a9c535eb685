"""`python -m sn` is `sn`: same words, same exit codes, same output."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sn.version import __version__

SCRIPT = "import sys; from sn.front import main; sys.argv[0] = 'sn'; sys.exit(main())"


def run(*words: str) -> tuple[int, str, str]:
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "words",
    [("--version",), ("--help",), ("nets",), ("nonsense",), ("check", "no-such-file.sn")],
    ids=" ".join,
)
def test_the_module_does_what_the_script_does(words: tuple[str, ...]) -> None:
    assert run("-m", "sn", *words) == run("-c", SCRIPT, *words)


def test_it_tells_the_version_and_how_it_went() -> None:
    assert run("-m", "sn", "--version")[:2] == (0, f"sn, version {__version__}\n")
    assert run("-m", "sn", "nonsense")[0] == 2


@pytest.mark.kernels
def test_workers_of_a_comparison_start_from_it(tmp_path: Path) -> None:
    """They import the main module again, which must not start a second command there."""
    words = ("xor", "--optimizers", "sgd", "--seeds", "2", "--passes", "1", "--jobs", "2")
    code, _, err = run("-m", "sn", "compare", *words, "--out", str(tmp_path / "out"))
    assert code == 0, err
    assert err.count("run 1/2") == err.count("run 2/2") == 1, err
