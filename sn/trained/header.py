"""Header: what the words of a trained net's file are, and which types they have.

The file is one of safetensors. Its metadata has one entry, HEADER, the JSON of a `Header`; beside
it are tensors, which TENSORS names. Read next: writing.py, reading.py.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from msgspec import Meta, Struct

from sn.data.rows import TargetKind
from sn.results.about import Name

# Raised when a reader of old files would go wrong.
FORMAT = 1
HEADER = "sn"
SUFFIX = ".sn.safetensors"

# NOTE(docs/files.md): the page has these names in a table.
CONSTANT, DST, SRC, WEIGHT, GROUP = (
    "units/constant",
    "rows/dst",
    "rows/src",
    "rows/weight",
    "rows/group",
)
VALUES, NUMBERS, CURVATURE = "weights/", "numbers/", "curvature/"
SHIFT, FACTOR, FILL = SCALING = ("inputs/shift", "inputs/factor", "inputs/fill")

Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Size = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class Part(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all records of a header have in common: a word that is not known is an error."""


class Role(StrEnum):
    """What a layer is for."""

    INPUT = "input"
    HIDDEN = "hidden"
    OUTPUT = "output"


class FunctionPart(Part, frozen=True):
    """A non-linearity: its name for people, and `value`, a formula (formulas.py) of the total "a".

    `is_plain` says that derivatives are taken as they are written; `written` is the formula of a
    function in Lisp, as the program has it.
    """

    name: str
    value: Any
    is_plain: bool = False
    written: str = ""


class LayerPart(Part, frozen=True):
    """A layer: units `first`, `first` + 1, ... in row-major order of `shape`.

    `border` is the state of the constant units around each map, where there are such. `start`, of
    an input layer, is which number of a pattern its first unit shows; the next shows the next.
    `dropout` is the share of its units that training left out each time; using the net leaves none.
    """

    name: str
    shape: Annotated[list[Size], Meta(min_length=1, max_length=32)]
    first: Size
    role: Role
    function: FunctionPart
    border: float | None = None
    start: Count | None = None
    dropout: Annotated[float, Meta(ge=0, lt=1)] = 0.0


class GroupPart(Part, frozen=True):
    """The connections of one statement of the program: from where to where, how, how many."""

    label: str
    scheme: str
    connections: Count
    weights: Count
    place: str = ""


class ParameterPart(Part, frozen=True):
    """An array of weights with a name; `connects` has the labels of the groups that use it.

    `maps` has for each map that the array leads into those that it comes from; `keys` is what
    connections have in common that share a weight, per weight, null for one that is not shared.
    """

    name: str
    connects: list[str]
    maps: list[list[Count]] | None = None
    keys: list[float | None] | None = None


class ReductionPart(Part, frozen=True):
    """A number of the whole output layer, which the formulas of a cost may name.

    `how` is "sum" or "max", over the units, of the formula `of`.
    """

    name: str
    how: str
    of: Any


class DerivativesPart(Part, frozen=True):
    """The derivatives of a cost over the layer, as formulas."""

    slope: Any
    bend: Any
    mixed: Any


class CostPart(Part, frozen=True):
    """A cost: `value` is a formula of an output "y" and what is desired of it, "d".

    `share` is one of what compares with the desired value, where that is not the output itself.
    """

    name: str
    value: Any
    written: str = ""
    is_mean: bool = False
    reductions: list[ReductionPart] = []
    derivatives: DerivativesPart | None = None
    share: Any = None


class OutputPart(Part, frozen=True):
    """One of several output layers: the wrong and the right state of its units, and its cost."""

    layer: str
    low: float
    high: float
    cost: CostPart


class CriterionPart(Part, frozen=True):
    """When a pattern counts as right: the name of a criterion, and its numbers."""

    name: str
    numbers: list[float] = []


class TargetsPart(Part, frozen=True):
    """What outputs mean: "classes", "labels" or "values"; the wrong and the right state.

    No criterion stands where nothing is right or wrong.
    """

    kind: TargetKind
    classes: list[str]
    low: float
    high: float
    criterion: CriterionPart | None = None


class ColumnPart(Part, frozen=True):
    """A column of the file that inputs came from: its name, "" for none, and what becomes of it.

    Without `values` it is a number and one input; with them each value has an input, 1 where the
    column has that value, else 0.
    """

    name: str
    values: list[str] = []


class InputsPart(Part, frozen=True):
    """The least and the largest input of the training set, before they were scaled.

    `columns` are those of the file that the inputs came from, where they had names or held text.
    """

    low: float
    high: float
    columns: list[ColumnPart] = []


class TrainingPart(Part, frozen=True):
    """How the net came about; `data` is the name of the data set, `scores` are at the end.

    `settings` are the variables that were set from outside the program, by `--set`.
    """

    data: str
    optimizer: str
    options: dict[str, Any]
    settings: dict[str, str]
    seed: Annotated[int, Meta(ge=0)]
    passes: Count
    scores: dict[str, Any]


class SourcePart(Part, frozen=True):
    """A file of the program: its name and its text."""

    name: Name
    text: str


class HashesPart(Part, frozen=True):
    """SHA-256, in hexadecimal: of the data set's content, of the table, of the weights in order of
    their numbers, and of all other arrays in order of their names.
    """

    data: str
    table: str
    weights: str
    others: str


class Header(Part, frozen=True):
    """All that a file says in words.

    `cost` and `targets` are of the last output layer; of several, `outputs` has each.
    """

    format: int
    name: str
    layers: Annotated[list[LayerPart], Meta(min_length=2)]
    groups: list[GroupPart]
    parameters: list[ParameterPart]
    cost: CostPart
    inputs: InputsPart
    targets: TargetsPart
    training: TrainingPart
    sources: list[SourcePart]
    versions: dict[str, str]
    hashes: HashesPart
    outputs: list[OutputPart] = []
