"""Objects: values of classes that a program defines, with slots and methods.

While a method runs, the slots of its object are bound to their names, as everything else in SN is:
an assignment to the name is one to the slot. So the value of a slot is where its innermost binding
by that object is, and in the object when there is none. Read next: `specials/objects.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sn.errors import EvalError, SnError, did_you_mean
from sn.lisp.forms import Pair, Shown, Symbol, Value, show
from sn.lisp.lambdas import De


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot of a class and the value that it has in a new object."""

    symbol: Symbol
    default: Value = None


class LispClass(Shown):
    """A class of values: of those of the language, which have no slots, or one of the program."""

    noun = "class"

    def __init__(
        self,
        name: str,
        above: LispClass | None = None,
        own: tuple[Slot, ...] = (),
        is_object: bool = True,
    ) -> None:
        self.name = name
        self.above = above
        self.own = own
        slots = dict(above.known) if above is not None else {}
        slots |= {slot.symbol: slot for slot in own}  # one of the same name: another default
        self.known: dict[Symbol, Slot] = slots
        self.slots = tuple(slots.values())
        self.places = {symbol: i for i, symbol in enumerate(slots)}
        self.methods: dict[Symbol, Method] = {}
        self.is_object = is_object  # whether `new` makes objects of it
        self.made = 0  # objects so far

    def show(self, numbers: object) -> str:
        """Return the printed name."""
        return f"::CLASS:{self.name}"

    def lineage(self) -> Iterator[LispClass]:
        """Yield the class and those above it."""
        found: LispClass | None = self
        while found is not None:
            yield found
            found = found.above

    def method(self, name: Symbol) -> tuple[Method, LispClass] | None:
        """Return the method of a name and the class that has it, the nearest one above."""
        for found in self.lineage():
            if name in found.methods:
                return found.methods[name], found
        return None

    def method_names(self) -> list[Symbol]:
        """Return the names of all methods, those of classes above behind."""
        return list(dict.fromkeys(name for found in self.lineage() for name in found.methods))


class Instance(Shown):
    """An object: a value for each slot of its class, and where methods have them bound."""

    noun = "object"
    __slots__ = ("bound", "class_", "is_deleted", "number", "unwound", "values")

    def __init__(self, class_: LispClass) -> None:
        class_.made += 1
        self.class_ = class_
        self.number = class_.made
        self.values: list[Value] = [slot.default for slot in class_.slots]
        # for each slot the depths of the bindings that methods of this object made, inmost last
        self.bound: list[list[int]] = [[] for _ in class_.slots]
        self.unwound = 0  # what the session's count was when it was last looked at
        self.is_deleted = False

    def settle(self, unwound: int) -> None:
        """Forget bindings that are gone: Ctrl-C ends a form of the top level also where a method
        has bound a part of its slots.
        """
        if unwound != self.unwound:
            self.unwound = unwound
            for depths in self.bound:
                depths.clear()

    def show(self, numbers: object) -> str:
        """Return the printed name: the class and a number."""
        mark = " (deleted)" if self.is_deleted else ""
        return f"::{self.class_.name}:{self.number}{mark}"

    def get(self, i: int) -> Value:
        """Return the value of slot `i`."""
        if not self.bound[i]:
            return self.values[i]
        symbol, depth = self.class_.slots[i].symbol, self.bound[i][-1]
        return symbol.value if len(symbol.saved) == depth else symbol.saved[depth]

    def set(self, i: int, value: Value) -> None:
        """Set the value of slot `i`."""
        if not self.bound[i]:
            self.values[i] = None if self.is_deleted else value
            return
        symbol, depth = self.class_.slots[i].symbol, self.bound[i][-1]
        if len(symbol.saved) == depth:
            symbol.value = value
        else:
            symbol.saved[depth] = value

    def place(self, name: Symbol) -> int:
        """Return the place of a slot.

        Raises: EvalError when the class has none of that name, or the object was deleted.
        """
        if self.is_deleted:
            raise EvalError(f"{self.show(None)} has no slots any more")
        found = self.class_.places.get(name)
        if found is None:
            raise self._no_slot(name)
        return found

    def _no_slot(self, name: Symbol) -> SnError:
        names = [slot.symbol.name for slot in self.class_.slots]
        known = f"it has {', '.join(names)}" if names else "it has none"
        hint = did_you_mean(name.name, names) or known
        return EvalError(f"class {self.class_.name} has no slot '{show(name)}'", hint=hint)

    @contextmanager
    def opened(self, this: Symbol, class_: LispClass) -> Iterator[None]:
        """Bind `this` and the slots that a class knows of for the duration of a `with` block."""
        slots = class_.slots
        this.saved.append(this.value)
        this.value = self
        for i, slot in enumerate(slots):
            value, symbol = self.get(i), slot.symbol
            symbol.saved.append(symbol.value)
            symbol.value = value
            self.bound[i].append(len(symbol.saved))
        try:
            yield
        finally:
            for i in range(len(slots) - 1, -1, -1):
                symbol = slots[i].symbol
                value = symbol.value
                symbol.value = symbol.saved.pop()
                self.bound[i].pop()
                self.set(i, value)
            this.value = this.saved.pop()

    def forget(self) -> None:
        """Delete the object: it lets go what its slots hold."""
        self.is_deleted = True
        self.values = [None] * len(self.values)


class Method(De):
    """A function of a class, which is called by (==> object name ...)."""

    __slots__ = ()

    def refuse(self, error: SnError, form: Pair | None) -> SnError:
        """Return `error` with the names and places of this method and its call."""
        found = super().refuse(error, form)
        call = show(
            Pair(Symbol("==>"), Pair(Symbol("object"), Pair(Symbol(self.name), self.params)))
        )
        found.hint = f"the call form is {call}"
        return found
