"""Program: what a kernel does, call by call, as values that can be checked and printed.

    Program = Record* Pass*     places, sizes and formulas; then the passes that use them
    Pass    = Block*            in order of execution
    Block   = heading Call*     what one node, or one layer, does in the pass
    Call    = a section of a room and its arguments: numbers, records by name, an update rule

`schedule` makes a program, `module.py` writes it as Python, and nothing is decided after it.
`check` holds every call to the signature of its section.

Read next: schedule.py, room.py.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, get_type_hints

from sn.display import brief, many
from sn.emit.memory import Floats32, Layout
from sn.errors import SnInternalError
from sn.net.layer import Ints
from sn.optim.rules import UpdateRule


@dataclass(frozen=True, slots=True)
class Ref:
    """A record, or the index of a pass, by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Made:
    """What `maker` makes of arguments, some of them by name; `in_pass`: with builder and memory."""

    maker: Callable[..., Any]
    args: tuple[Any, ...]
    options: tuple[tuple[str, Any], ...] = ()
    in_pass: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """The call of a section, after builder and memory."""

    section: Callable[..., None]
    args: tuple[Any, ...]
    options: tuple[tuple[str, Any], ...] = ()


def call(section: Callable[..., None], *args: Any, **options: Any) -> Call:
    """Return the call of a section as it would be written."""
    return Call(section, args, tuple(options.items()))


@dataclass(frozen=True, slots=True)
class Block:
    """Calls under one heading. `node`: the number of the node they belong to, None for a layer's.

    Without calls, another block does the work.
    """

    heading: str
    calls: tuple[Call, ...]
    node: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A name and what it stands for; `note` is for the reader."""

    name: str
    value: Any
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Pass:
    """A function of the module: `index` is the pattern or the batch, `arrays` what it works on.

    `is_block`: it works on 16 patterns side by side, whatever vectors the CPU has.
    """

    name: str
    index: str
    does: str
    arrays: str
    blocks: tuple[Block, ...]
    is_block: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node comes from and lies: its `.sn` line, packed weights, and states by layer."""

    label: str
    kind: str
    line: str
    weights: tuple[int, int]
    layer: str
    is_bias: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """All that a kernel does and the memory it does it in.

    Shapes: tables, batch_tables: int32 of any length; states: initial float32 memory of the
    training kernel; batch_states: (places,) float32, one per unit of the batch kernel; slots:
    weight number of each packed weight, -1 for pads; node_of_slot: which of `places` it is of.
    `rule`: the update rule, whose slots are in `q`; `sums`: what is added up over the patterns of a
    batch, 0 where weights move after each pattern.
    """

    name: str
    size: tuple[int, int, int]  # units, connections, weights
    records: tuple[Record, ...]
    batch_records: tuple[Record, ...]
    passes: tuple[Pass, ...]
    places: tuple[Place, ...]
    tables: Ints
    batch_tables: Ints
    states: Floats32
    batch_states: Floats32
    slots: Ints
    node_of_slot: Ints
    layout: Layout
    lanes: int
    n_inputs: int
    n_outputs: int
    rule: UpdateRule
    sums: int = 0

    @property
    def nodes(self) -> tuple[str, ...]:
        """The label of each node, and so of each step size."""
        return tuple(place.label for place in self.places)

    @property
    def node_layers(self) -> tuple[str, ...]:
        """The layer that each node leads into."""
        return tuple(place.layer for place in self.places)

    def check(self) -> None:
        """Hold every call to the signature of its section, and every name to a record.

        Raises: SnInternalError for the first that does not fit.
        """
        known: dict[str, Any] = {}
        for record in (*self.records, *self.batch_records):
            for name in _names(record.value):
                if name not in known:
                    raise SnInternalError(f"{record.name} is made of {name}, which comes later")
            if record.name in known:
                raise SnInternalError(f"two records of a kernel are called {record.name}")
            known[record.name] = record.value
        for one in self.passes:
            for block in one.blocks:
                for made in block.calls:
                    _check_call(made, {**known, one.index: one})

    def used(self) -> set[str]:
        """Return the names of all records that a call, or another record, refers to."""
        found = set()
        for record in (*self.records, *self.batch_records):
            found |= set(_names(record.value))
        for one in self.passes:
            for block in one.blocks:
                for made in block.calls:
                    found |= set(_names(made))
        return found

    def __str__(self) -> str:
        units, connections, weights = self.size
        lines = [f"{self.name}: {units} units, {connections} connections, {weights} weights"]
        notes = {record.name: record.note for record in self.records}
        for index, layer in enumerate(self.layout.layers):
            if (name := f"LAYER_{index}") in notes:
                lines.append(f"{name}: {notes[name]}, {layer}")
        for one in self.passes:
            lines += ["", f"{one.name}({one.index}): {one.does}"]
            lines += [line for block in one.blocks for line in self._lines(block)]
        return "\n".join(lines)

    def _lines(self, block: Block) -> Iterator[str]:
        """One line a call: section, records, whose work, packed weights, line of the program."""
        who = block.heading
        if block.node is not None:
            place = self.places[block.node]
            first, end = place.weights
            who = f"{place.label}  {place.kind}  w[{first}:{end}]  {place.line}"
        for made in block.calls:
            told = " ".join([qualified(made.section), *_names(made)])
            yield f"  {told:64}  {who}"
        if not block.calls:
            yield f"  {'(the next call starts from it)':64}  {who}"


@dataclass(frozen=True, slots=True, eq=False)
class KernelSource(Program):
    """A program with the text of its module."""

    text: str = ""

    def __repr__(self) -> str:
        lines = self.text.count("\n")
        return brief(f"source of kernels of {self.name}: {many(lines, 'line')}, {self.lanes} lanes")


def qualified(thing: Callable[..., Any]) -> str:
    """Return what a module calls a section or a record type: its file in sn/emit, and its name."""
    return f"{thing.__module__.removeprefix('sn.emit.').removeprefix('sn.net.')}.{thing.__name__}"


def _names(value: Any) -> Iterator[str]:
    """Yield the names that an argument refers to."""
    if isinstance(value, Ref):
        yield value.name
    elif isinstance(value, Made | Call):
        for part in (*value.args, *(option for _, option in value.options)):
            yield from _names(part)


@lru_cache(maxsize=256)
def _signature(section: Callable[..., Any]) -> tuple[inspect.Signature, dict[str, Any]]:
    return inspect.signature(section), get_type_hints(section)


def _check_call(made: Call | Made, known: dict[str, Any]) -> None:
    is_section = isinstance(made, Call)
    function = made.section if isinstance(made, Call) else made.maker
    name = qualified(function)
    signature, hints = _signature(function)
    lead = (None, None) if is_section or (isinstance(made, Made) and made.in_pass) else ()
    try:
        bound = signature.bind(*lead, *made.args, **dict(made.options))
    except TypeError as error:
        raise SnInternalError(f"a kernel calls {name} wrongly: {error}") from error
    for parameter, value in list(bound.arguments.items())[len(lead) :]:
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Made):
                _check_call(part, known)
        for used in _names(value):
            if used not in known:
                raise SnInternalError(f"a kernel hands {name} {used}, which nothing defines")
        kind, given = hints.get(parameter), known[value.name] if isinstance(value, Ref) else value
        if isinstance(given, Made):
            given = given.maker
            is_right = given is kind or not isinstance(kind, type)
        else:
            is_right = not isinstance(kind, type) or isinstance(given, (kind, Pass))
        if not is_right:
            raise SnInternalError(f"a kernel hands {name} as {parameter} {given!r}")
