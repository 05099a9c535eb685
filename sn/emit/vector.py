"""Vector code: a dozen verbs over llvmlite's builder, 8 or 16 float32 lanes, strict arithmetic.

A kernel section is a Python function that is run once, while a kernel is compiled; every verb
it calls adds instructions. So a `for` over `k.loop(n)` is a loop of the kernel, a `for` over
`range(n)` is code written n times. No instruction carries fast-math flags, multiply-adds are
fused where a section says so and nowhere else, and sums are added in the order written. How many
lanes a CPU has must not change a sum: what runs along lanes goes by `sweep` (each lane for
itself) or `dots` (16 partial sums everywhere). So a source gives the same bits on every CPU.

Units of an index are float32 elements. Read next: windows/shared.py for the verbs at work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from llvmlite import ir

LANES = 8  # what memory is laid out for: runs are whole multiples of it
PARTIAL = 16  # partial sums of a scalar product, on every CPU
REGISTERS = {8: 16, 16: 32}  # of vectors, by lanes: what a tile works on must fit

F32 = ir.FloatType()
I32 = ir.IntType(32)
I64 = ir.IntType(64)


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """A whole number known while compiling (`const`) plus one known at run time (`value`)."""

    k: Builder
    value: ir.Value | None
    const: int

    def __add__(self, other: Index | int) -> Index:
        if isinstance(other, int):
            return Index(self.k, self.value, self.const + other)
        if self.value is None or other.value is None:
            value = self.value if other.value is None else other.value
        else:
            value = self.k.ir.add(self.value, other.value)
        return Index(self.k, value, self.const + other.const)

    __radd__ = __add__

    def __mul__(self, factor: int) -> Index:
        if self.value is None or factor == 1:
            return Index(self.k, self.value, self.const * factor)
        return Index(self.k, self.k.ir.mul(self.value, I64(factor)), self.const * factor)

    __rmul__ = __mul__

    def whole(self) -> ir.Value:
        """Return the index as one i64 value."""
        if self.value is None:
            return I64(self.const)
        return self.k.ir.add(self.value, I64(self.const)) if self.const else self.value


Position: TypeAlias = Index | int


@dataclass(frozen=True, slots=True, eq=False)
class Vec:
    """A float32 vector (or scalar, lanes = 0) in a register."""

    k: Builder
    value: ir.Value

    def __add__(self, other: Vec) -> Vec:
        return Vec(self.k, self.k.ir.fadd(self.value, other.value))

    def __sub__(self, other: Vec) -> Vec:
        return Vec(self.k, self.k.ir.fsub(self.value, other.value))

    def __mul__(self, other: Vec) -> Vec:
        return Vec(self.k, self.k.ir.fmul(self.value, other.value))

    def __truediv__(self, other: Vec) -> Vec:
        return Vec(self.k, self.k.ir.fdiv(self.value, other.value))

    def __neg__(self) -> Vec:
        return Vec(self.k, self.k.ir.fneg(self.value))


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """A run-time array of float32 or int32."""

    k: Builder
    pointer: ir.Value


class Memories:
    """The arrays a kernel works on, by the one-letter names of its parameters.

    w packed weights, s states and scratch, t int32 tables, x patterns, y desired values,
    step sizes, o outputs.
    """

    def __init__(self, arrays: Mapping[str, Memory]) -> None:
        self._arrays = arrays

    def __getattr__(self, name: str) -> Memory:
        return self._arrays[name]


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """A variable that lives across loop turns; LLVM keeps it in a register."""

    k: Builder
    pointer: ir.Value

    def get(self) -> Vec:
        """Return the present value."""
        return Vec(self.k, self.k.ir.load(self.pointer))

    def set(self, value: Vec) -> None:
        """Store a new value."""
        self.k.ir.store(value.value, self.pointer)


class Builder:
    """The verbs. `lanes` is the width of `load`, `constant` and `spread` where none is said."""

    def __init__(self, builder: ir.IRBuilder, lanes: int = LANES) -> None:
        self.ir = builder
        self.lanes = lanes

    def narrow(self) -> Builder:
        """Return the verbs for 8 lanes."""
        return self if self.lanes == LANES else Builder(self.ir, LANES)

    # --- memory ---

    def _at(self, memory: Memory, at: Position) -> ir.Value:
        pointer = memory.pointer
        if isinstance(at, Index):
            if at.value is not None:
                pointer = self.ir.gep(pointer, [at.value])
            at = at.const
        return self.ir.gep(pointer, [I64(at)]) if at else pointer

    def load(self, memory: Memory, at: Position, lanes: int | None = None) -> Vec:
        """Read consecutive lanes; unaligned."""
        kind = ir.VectorType(F32, lanes or self.lanes)
        value = self.ir.load(self.ir.bitcast(self._at(memory, at), kind.as_pointer()))
        value.align = 4
        return Vec(self, value)

    def store(self, value: Vec, memory: Memory, at: Position) -> None:
        """Write consecutive lanes; unaligned."""
        pointer = self.ir.bitcast(self._at(memory, at), value.value.type.as_pointer())
        self.ir.store(value.value, pointer).align = 4

    def load1(self, memory: Memory, at: Position) -> Vec:
        """Read one number."""
        return Vec(self, self.ir.load(self._at(memory, at)))

    def store1(self, value: Vec, memory: Memory, at: Position) -> None:
        """Write one number."""
        self.ir.store(value.value, self._at(memory, at))

    def spread(self, memory: Memory, at: Position) -> Vec:
        """Read one number into every lane."""
        return self.splat(self.load1(memory, at))

    def prefetch(self, memory: Memory, at: Position) -> None:
        """Have the cache line of an element brought near; no fault where there is none."""
        kind, name = ir.IntType(8).as_pointer(), "llvm.prefetch.p0"
        function = self.ir.module.globals.get(name)
        if function is None:
            signature = ir.FunctionType(ir.VoidType(), [kind, I32, I32, I32])
            function = ir.Function(self.ir.module, signature, name)
        pointer = self.ir.bitcast(self._at(memory, at), kind)
        # to be read, kept as near as can be, data
        self.ir.call(function, [pointer, I32(0), I32(3), I32(1)])

    def index(self, memory: Memory, at: Position) -> Index:
        """Read an int32 as an index."""
        return Index(self, self.ir.sext(self.ir.load(self._at(memory, at)), I64), 0)

    # --- registers ---

    def constant(self, value: float) -> Vec:
        """The same number in every lane, rounded to float32."""
        number = ir.Constant(F32, float(np.float32(value)))
        return Vec(self, ir.Constant(ir.VectorType(F32, self.lanes), [number] * self.lanes))

    def constants(self, values: Sequence[float]) -> Vec:
        """One number a lane."""
        numbers = [ir.Constant(F32, float(np.float32(value))) for value in values]
        return Vec(self, ir.Constant(ir.VectorType(F32, len(numbers)), numbers))

    def splat(self, scalar: Vec) -> Vec:
        """Copy one number into every lane."""
        empty = ir.Constant(ir.VectorType(F32, self.lanes), ir.Undefined)
        one = self.ir.insert_element(empty, scalar.value, I32(0))
        return self._shuffle(one, empty, [0] * self.lanes)

    def lane(self, vector: Vec, lane: int) -> Vec:
        """Take one lane out as a scalar."""
        return Vec(self, self.ir.extract_element(vector.value, I32(lane)))

    def gather(self, scalars: Sequence[Vec]) -> Vec:
        """Put scalars together as one vector."""
        value: ir.Value = ir.Constant(ir.VectorType(F32, len(scalars)), ir.Undefined)
        for lane, scalar in enumerate(scalars):
            value = self.ir.insert_element(value, scalar.value, I32(lane))
        return Vec(self, value)

    def shuffle(self, a: Vec, b: Vec, lanes: Sequence[int]) -> Vec:
        """Pick lanes of a (0 ...) and b (count of a's lanes ...)."""
        return self._shuffle(a.value, b.value, lanes)

    def _shuffle(self, a: ir.Value, b: ir.Value, lanes: Sequence[int]) -> Vec:
        mask = ir.Constant(ir.VectorType(I32, len(lanes)), [I32(lane) for lane in lanes])
        return Vec(self, self.ir.shuffle_vector(a, b, mask))

    def fma(self, a: Vec, b: Vec, c: Vec) -> Vec:
        """A * b + c, rounded once."""
        kind = a.value.type
        return self._intrinsic("fma", kind, [a, b, c])

    def _intrinsic(self, name: str, kind: Any, args: Sequence[Vec]) -> Vec:
        suffix = f"v{kind.count}f32" if isinstance(kind, ir.VectorType) else "f32"
        full = f"llvm.{name}.{suffix}"
        module = self.ir.module
        function = module.globals.get(full)
        if function is None:
            function = ir.Function(module, ir.FunctionType(kind, [kind] * len(args)), full)
        return Vec(self, self.ir.call(function, [arg.value for arg in args]))

    def total(self, vector: Vec) -> Vec:
        """Add the 8 lanes up: halves, then pairs, then the last two."""
        for width in (4, 2, 1):
            low = self.shuffle(vector, vector, range(width))
            high = self.shuffle(vector, vector, range(width, 2 * width))
            vector = low + high
        return self.lane(vector, 0)

    def totals(self, vectors: Sequence[Vec]) -> Vec:
        """Add up as many vectors as they have lanes (or fewer), each to one lane of the result.

        Lanes are added by halves: l and l+8 (of 16), then l and l+4, as in `total`.
        """
        v = [*vectors, *[self.constant(0)] * (self.lanes - len(vectors))]

        def join(a: Vec, b: Vec, low: Sequence[int], high: Sequence[int]) -> Vec:
            picks = []
            for lanes in low, high:  # given for 8 lanes; 16 are twice that, side by side
                picks.append(
                    [
                        lane + at if lane < LANES else lane - LANES + self.lanes + at
                        for at in range(0, self.lanes, LANES)
                        for lane in lanes
                    ]
                )
            return self.shuffle(a, b, picks[0]) + self.shuffle(a, b, picks[1])

        # of each pair of shuffles the first is a blend, which any vector port can do
        if self.lanes == PARTIAL:
            low, high = [*range(8), *range(24, 32)], [*range(8, 24)]
            v = [self.shuffle(a, b, low) + self.shuffle(a, b, high) for a, b in _pairs(v)]
        halves = (0, 1, 2, 3, 12, 13, 14, 15), (4, 5, 6, 7, 8, 9, 10, 11)
        fours = [join(a, b, *halves) for a, b in _pairs(v)]
        pairs = (0, 1, 10, 11, 4, 5, 14, 15), (2, 3, 8, 9, 6, 7, 12, 13)
        twos = [join(fours[i], fours[i + 1], *pairs) for i in (0, 2)]
        ones = (0, 2, 8, 10, 4, 6, 12, 14), (1, 3, 9, 11, 5, 7, 13, 15)
        return join(twos[0], twos[1], *ones)

    def dots(
        self, count: int, size: int, add: Callable[[Builder, Index, list[Vec]], list[Vec]]
    ) -> Vec:
        """Return `count` sums over runs of `size` elements (a multiple of 8), one a lane.

        `add(k, at, sums)` adds to each sum the products of the vectors at element `at`. The
        result has 8 lanes for up to 8 sums, else 16. On every CPU element e goes to partial sum
        e mod 16, and the partial sums are added up as in `totals`.
        """
        narrow = self.narrow()
        blocks, tail = size // PARTIAL * PARTIAL, size % PARTIAL
        parts = []
        for first in range(0, PARTIAL, self.lanes):  # with 8 lanes, one half after the other
            cells = [self.cell(self.constant(0)) for _ in range(count)]
            if blocks:
                for at in self._turns(blocks):
                    held = add(self, at + first, [cell.get() for cell in cells])
                    for cell, value in zip(cells, held, strict=True):
                        cell.set(value)
            parts.append([cell.get() for cell in cells])
        if not tail:
            return self.sum_up(parts)
        low, high = parts if self.lanes == LANES else self._halves(parts[0])
        low = add(narrow, Index(self, None, blocks), low)
        return narrow.sum_up([low, high] if blocks else [low])

    def sum_up(self, parts: Sequence[Sequence[Vec]]) -> Vec:
        """Add the partial sums of up to 16 totals up, one total a lane: 8 lanes if 8 are enough.

        parts: vectors of 16 partial sums; or of 8, the lower ones and, where there are, the
        upper ones.
        """
        count = len(parts[0])
        if self.lanes == PARTIAL:
            if count > LANES:
                return self.totals(parts[0])
            parts = self._halves(parts[0])
        narrow = self.narrow()
        sums = [a + b for a, b in zip(*parts, strict=True)] if len(parts) > 1 else parts[0]
        totals = [narrow.totals(sums[i : i + LANES]) for i in range(0, count, LANES)]
        return totals[0] if count <= LANES else self.shuffle(totals[0], totals[1], range(PARTIAL))

    def _halves(self, vectors: Sequence[Vec]) -> list[list[Vec]]:
        """The lower and the upper 8 lanes of vectors of 16."""
        halves = range(LANES), range(LANES, PARTIAL)
        return [[self.shuffle(v, v, lanes) for v in vectors] for lanes in halves]

    def _turns(self, blocks: int) -> Iterator[Index]:
        """Whole blocks of partial sums: written out where they are few."""
        if blocks > 4 * PARTIAL:
            yield from self.loop(blocks, PARTIAL)
            return
        for at in range(0, blocks, PARTIAL):
            yield Index(self, None, at)

    def transpose(self, rows: Sequence[Vec]) -> list[Vec]:
        """Turn as many vectors as they have lanes round: lane i of vector j becomes lane j of i."""
        v, n = list(rows), self.lanes
        width = n // 2
        while width:
            low = [lane if lane & width == 0 else n + lane - width for lane in range(n)]
            high = [lane + width if lane & width == 0 else n + lane for lane in range(n)]
            for i in range(n):
                if i & width == 0:
                    a, b = v[i], v[i + width]
                    v[i], v[i + width] = self.shuffle(a, b, low), self.shuffle(a, b, high)
            width //= 2
        return v

    # --- control ---

    def cell(self, value: Vec) -> Cell:
        """Make a variable with a first value."""
        with self.ir.goto_entry_block():
            pointer = self.ir.alloca(value.value.type)
        self.ir.store(value.value, pointer)
        return Cell(self, pointer)

    def loop(self, stop: Position, step: int = 1, start: Position = 0) -> Iterator[Index]:
        """Loop while index < stop; the body runs at least once.

        NOTE(kernels): run-time bounds are only given where at least one turn is due.
        """
        first = start.whole() if isinstance(start, Index) else I64(start)
        last = stop.whole() if isinstance(stop, Index) else I64(stop)
        if isinstance(stop, int) and isinstance(start, int) and start + step >= stop:
            yield Index(self, None, start)
            return
        before = self.ir.block
        body = self.ir.append_basic_block("loop")
        self.ir.branch(body)
        self.ir.position_at_end(body)
        counter = self.ir.phi(I64)
        counter.add_incoming(first, before)
        yield Index(self, counter, 0)
        following = self.ir.add(counter, I64(step), flags=("nuw", "nsw"))
        counter.add_incoming(following, self.ir.block)
        after = self.ir.append_basic_block("after")
        back = self.ir.cbranch(self.ir.icmp_signed("<", following, last), body, after)
        back.set_metadata("llvm.loop", self._as_written())
        self.ir.position_at_end(after)

    def _as_written(self) -> ir.MDValue:
        """Say that a loop stays one. A section writes out what should be, as far as registers and
        the code cache go; what LLVM unrolls besides spills (1989 net, Newton: 1.6 times slower).
        """
        module = self.ir.module
        wish = module.add_metadata(["llvm.loop.unroll.disable"])
        loop = ir.MDValue(module, [], name=str(len(module.metadata)))
        # by its first operand, itself, LLVM knows this loop from others
        loop.operands = (loop, wish)
        return loop

    def sweep(self, size: int, start: int = 0) -> Iterator[tuple[Builder, Index]]:
        """Loop over `size` elements, a multiple of 8: whole vectors, then the 8 that are left."""
        whole = size // self.lanes * self.lanes
        if whole:
            for i in self.loop(start + whole, self.lanes, start):
                yield self, i
        if whole < size:
            yield self.narrow(), Index(self, None, start + whole)

    def blocks(self, size: int, step: int) -> Iterator[tuple[Index, int]]:
        """Loop over `size` by blocks of `step`, then what is left: the first of each, how many."""
        whole = size // step * step
        if whole:
            for first in self.loop(whole, step):
                yield first, step
        if whole < size:
            yield Index(self, None, whole), size - whole

    # --- functions of one number; `verbs` is what an expression is compiled with ---

    def select(self, mask: Vec, yes: Vec, no: Vec) -> Vec:
        """Lane by lane: yes where the mask holds, else no."""
        return Vec(self, self.ir.select(mask.value, yes.value, no.value))

    def compare(self, sign: str, a: Vec, b: Vec) -> Vec:
        """Lane by lane comparison; false for NaN."""
        return Vec(self, self.ir.fcmp_ordered(sign, a.value, b.value))

    def polynomial(self, x: Vec, coefficients: Sequence[float]) -> Vec:
        """Horner's rule with fused multiply-adds, highest power first."""
        value = self.constant(coefficients[0])
        for coefficient in coefficients[1:]:
            value = self.fma(value, x, self.constant(coefficient))
        return value

    def minimum(self, a: Vec, b: Vec) -> Vec:
        """The smaller; b where a is NaN."""
        return self.select(self.compare("<", a, b), a, b)

    def maximum(self, a: Vec, b: Vec) -> Vec:
        """The larger; b where a is NaN."""
        return self.select(self.compare(">", a, b), a, b)

    def keep_nan(self, x: Vec, value: Vec) -> Vec:
        """Value, but NaN where x is NaN: clamping must not hide a diverging net."""
        unordered = Vec(self, self.ir.fcmp_unordered("uno", x.value, x.value))
        return self.select(unordered, x, value)

    def sqrt(self, x: Vec) -> Vec:
        """The square root, correctly rounded."""
        return self._intrinsic("sqrt", x.value.type, [x])

    def absolute(self, x: Vec) -> Vec:
        """|x|."""
        return self._intrinsic("fabs", x.value.type, [x])


def _pairs(vectors: Sequence[Vec]) -> Iterator[tuple[Vec, Vec]]:
    """Each vector of the first half with its partner in the second."""
    half = len(vectors) // 2
    return zip(vectors[:half], vectors[half:], strict=True)
