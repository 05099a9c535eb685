"""Registries: named things that a decorator adds and a user can ask for.

A builtin, special form, connection scheme, activation, cost, optimizer, data set or command
is one decorated function or class; its registry gives it out by name and suggests the nearest
names when there is none.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Generic, TypeVar

from sn.errors import UnknownNameError, did_you_mean

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """One registered thing and where it was defined."""

    name: str
    value: T
    doc: str
    file: str
    line: int


class Registry(Generic[T]):
    """Things of one kind by name; `kind` is the word used in messages."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, Entry[T]] = {}

    def __call__(self, *names: str) -> Callable[[T], T]:
        """Decorate a function or class: register it under each of `names`."""

        def register(value: T) -> T:
            for name in names:
                self.add(name, value)
            return value

        return register

    def add(self, name: str, value: T) -> None:
        """Register `value` under `name`; a name taken twice is a fault in SN."""
        if name in self._entries:
            old = self._entries[name]
            raise ValueError(f"{self.kind} '{name}' is already defined at {old.file}:{old.line}")
        target = inspect.unwrap(value) if callable(value) else type(value)
        code = getattr(target, "__code__", None)
        self._entries[name] = Entry(
            name,
            value,
            inspect.getdoc(value) or "",
            code.co_filename if code else "",
            code.co_firstlineno if code else 0,
        )

    def get(self, name: str) -> T:
        """Return the thing called `name`.

        Raises: UnknownNameError with the nearest known names.
        """
        entry = self._entries.get(name)
        if entry is None:
            hint = did_you_mean(name, self._entries) or f"known: {', '.join(sorted(self._entries))}"
            raise UnknownNameError(f"no {self.kind} is called '{name}'", hint=hint)
        return entry.value

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def describe(self) -> list[Entry[T]]:
        """Return every entry in order of registration."""
        return list(self._entries.values())


@functools.cache
def load_folder(package: ModuleType) -> None:
    """Import every module of `package` in name order, so that a new file needs no second edit."""
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda item: item.name):
        importlib.import_module(f"{package.__name__}.{info.name}")
