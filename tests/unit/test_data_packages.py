"""Data sets of installed packages: found by name in their metadata, and only when asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import sn.data as data
from sn.data.packages import DataSets
from sn.errors import DataError, UnknownNameError
from sn.session import Session

MODULE = """
import numpy as np
from sn.data import OwnData, load
from sn.data.readers.arrays import Arrays

def wine():
    return OwnData(Arrays(np.eye(3), ["red", "white", "red"]))

def copy():
    return load("mnist-1989")

def odd():
    return 3
"""

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return what installs a package with such entry points."""
    monkeypatch.setattr(data.dataset, "_of_packages", {})

    def install(package: str, module: str = MODULE, **points: str) -> None:
        folder = tmp_path / package
        info = folder / f"{package}-1.0.dist-info"
        info.mkdir(parents=True)
        (folder / f"{package}.py").write_text(module)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = "".join(f"{name} = {package}:{target}\n" for name, target in points.items())
        (info / "entry_points.txt").write_text(f"[sn.datasets]\n{lines}")
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.delitem(sys.modules, package, raising=False)

    return install


def test_a_package_registers_data_sets(install: Install) -> None:
    install("cellar", wine="wine", copy="copy")
    assert "cellar" not in sys.modules
    assert "wine" in data.dataset
    assert list(data.dataset) == ["digits-480", "mnist", "mnist-1989", "mnist-50000", "zipcode"]
    found, note = data.first_available("wine", "mnist-1989")
    np.testing.assert_array_equal(found.train.inputs, np.eye(3))
    assert (found.classes, note) == (
        ("red", "white"),
        "data: 3 rows of arrays; 3 for training; 2 classes",
    )
    assert data.load("copy").hash == data.load("mnist-1989").hash
    assert data.is_available("wine")


def test_a_program_names_it_like_any_other(install: Install) -> None:
    install("cellar", wine="wine")
    session = Session()
    session.evaluate(
        "(defnet n (layer a (3)) (layer b (2)) (connect a b (full)))"
        ' (experiment n (data "wine") (optimizer s (sgd (epsilon 0.1))))'
    )
    assert session.world.experiments["n"].data.load()[0].classes == ("red", "white")


def test_a_known_name_is_never_looked_up(install: Install) -> None:
    install("thief", "raise RuntimeError", mnist="any")
    assert data.source("mnist").title.startswith("MNIST")
    assert "thief" not in sys.modules


def test_what_is_wrong_with_a_package_is_told(install: Install) -> None:
    install("broken", "import nothing_of_this_name", beer="any")
    with pytest.raises(DataError, match="the data set beer of the package broken cannot be loaded"):
        data.load("beer")
    install("cellar", odd="odd", wine="wine")
    with pytest.raises(DataError, match="should be a Dataset, found int"):
        data.load("odd")
    with pytest.raises(DataError, match="is of a package, which reads it by itself"):
        data.source("wine")
    install("attic", wine="wine")
    with pytest.raises(DataError, match="wine is in the packages attic and cellar"):
        DataSets("data set").get("wine")


def test_names_of_packages_are_suggested(install: Install) -> None:
    install("cellar", wine="wine")
    with pytest.raises(UnknownNameError) as caught:
        data.load("wines")
    assert caught.value.hint == "did you mean 'wine'?"
