"""What every test may ask for: frozen texts, and the folder of data that is not free."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sn import memory
from sn.data.places import search_folders

YOUNG, OLDER = (
    50_000,
    20,
)  # the collector looks after so many new objects, and in turn at older ones

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden"
DATA = search_folders()  # before tests change SN_DATA


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite the frozen texts in tests/golden that the chosen tests compare with",
    )


def pytest_collection_finish() -> None:
    """Keep the collector off what lives to the end: modules, tests and their parameters.

    Nests of 100,000 lists are no garbage either: looking through them after every 700 objects
    took a sixth of the time of all tests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, OLDER, OLDER)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with tests/golden/NAME: `golden("help/run.txt", text)`."""
    update = request.config.getoption("--update-golden")

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return
        assert path.exists(), f"tests/golden/{name} is missing; make it with --update-golden"
        frozen = path.read_text(encoding="utf-8")
        assert text == frozen, f"tests/golden/{name} differs; if it should, use --update-golden"

    return compare


@pytest.fixture
def folder_of() -> Callable[[str], Path]:
    """Find the folder that has a file of data: `folder_of("zip.train.gz")`, or skip."""

    def find(name: str) -> Path:
        for folder in DATA:
            if (folder / name).exists():
                return folder
        pytest.skip(f"needs {name}: SN_DATA names no folder that has it")

    return find


@pytest.fixture
def lowered() -> Iterator[Callable[[int], None]]:
    """Lower the memory that may be taken at once: `lowered(1000)` to so many bytes."""
    yield memory.set_limit
    memory.set_limit(None)


@pytest.fixture
def small_memory(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let no more memory be taken than the LIMIT of the module, in bytes."""
    with memory.limited(request.module.LIMIT):
        yield


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a run be stopped behind any presentation, and write without waiting for the disk."""
    monkeypatch.setattr("sn.train.loop.CHUNK", 1)
    # nobody takes the power away here, and it takes the most of the time
    monkeypatch.setattr("os.fsync", lambda handle: None)
