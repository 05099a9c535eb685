"""Packages: data sets that installed packages register, looked up when a name is not SN's own.

A package says in its metadata, in the group `sn.datasets`, which name stands for which function:

    [project.entry-points."sn.datasets"]
    wine = "wine_data:load"

The function takes nothing and returns a `Source`, a `Dataset`, or anything with their `load`, such
as `OwnData`. It is imported only when a program asks for its name.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from typing import Any

from sn.errors import DataError, UnknownNameError, did_you_mean
from sn.registry import Registry

GROUP = "sn.datasets"

Maker = Callable[[], Any]


class DataSets(Registry[Maker]):
    """The data sets by name: SN's own, which can be listed, then those of installed packages."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self._of_packages: dict[str, Maker] = {}

    def __contains__(self, name: str) -> bool:
        return super().__contains__(name) or self._of_package(name) is not None

    def get(self, name: str) -> Maker:
        """Return what makes the data set `name`.

        Raises: UnknownNameError with the nearest known names; DataError when the package that
        has it cannot be imported.
        """
        if super().__contains__(name):
            return super().get(name)
        found = self._of_package(name)
        if found is None:
            known = [*self, *metadata.entry_points(group=GROUP).names]
            hint = did_you_mean(name, known) or f"known: {', '.join(sorted(known))}"
            raise UnknownNameError(f"no {self.kind} is called '{name}'", hint=hint)
        return found

    def _of_package(self, name: str) -> Maker | None:
        """Return what a package has under a name, or None; two packages with one are an error."""
        if name in self._of_packages:
            return self._of_packages[name]
        points = tuple(metadata.entry_points(group=GROUP, name=name))
        if not points:
            return None
        owners = [point.dist.name if point.dist else point.value for point in points]
        if len(points) > 1:
            raise DataError(
                f"the data set {name} is in the packages {' and '.join(sorted(owners))}",
                hint="uninstall one of them",
            )
        try:
            made: Maker = points[0].load()
        except Exception as error:  # a package may fail in any way when it is imported
            raise DataError(
                f"the data set {name} of the package {owners[0]} cannot be loaded: {error}",
                hint=f"it is registered as {points[0].value}",
            ) from error
        self._of_packages[name] = made
        return made
