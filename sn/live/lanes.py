"""Lanes: sums of SN's lists, 16 of them side by side, each added up in its own order.

A sum over the connections of a unit must be added one by one, but sums of different units do not
know each other: 16 of them stand in the lanes of a vector. `slices.py` says which, and in which
pattern the numbers that they read lie.

    gather_sums(segments, first, n, stream, at, a, b, e, s, place, factor, out, to, fresh)

runs n segments, (mode, turns) each. In a turn every lane adds one product of a number of `a` and a
number of `b`; the mode says how the lanes find theirs: ANY, each by its own index; SAME, all the
same one; RUN, one after the other. The stream has 16 indices for ANY, else one, those of `a`
first. The sums stand in `out` from `to` on; they begin with what is there, or with 0 where `fresh`
is 1. Products are rounded, then added:
nothing is fused.

Read next: slices.py for who writes streams, sweeps.py for who calls this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from sn.live import arithmetic

LANES = 16
ANY, SAME, RUN = range(3)
MODES = 3  # of a, times those of b

_F32, _I32, _I64 = ir.FloatType(), ir.IntType(32), ir.IntType(64)
_VECTOR, _INDICES = ir.VectorType(_F32, LANES), ir.VectorType(_I32, LANES)
_POINTERS = ir.VectorType(ir.PointerType(), LANES)


class _Emitter:
    """The instructions of one call; pointers to the arrays, by the names of the arguments."""

    def __init__(self, context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> None:
        self.ir = builder
        names = "segments first n stream at a b e s place factor out to fresh".split()
        self.args = {}
        for name, kind, arg in zip(names, signature.args, args, strict=True):
            if isinstance(kind, types.Array):
                arg = context.make_array(kind)(context, builder, arg).data
            self.args[name] = arg

    def splat(self, scalar: ir.Value, kind: ir.VectorType = _VECTOR) -> ir.Value:
        """Return a number in every lane."""
        empty = ir.Constant(kind, ir.Undefined)
        one = self.ir.insert_element(empty, scalar, _I32(0))
        mask = ir.Constant(_INDICES, [_I32(0)] * LANES)
        return self.ir.shuffle_vector(one, empty, mask)

    def at(self, name: str, index: ir.Value) -> ir.Value:
        """Return where an element of an array is."""
        return self.ir.gep(self.args[name], [index])

    def index(self, name: str, at: ir.Value) -> ir.Value:
        """Return a whole number of an array, as int64."""
        return self.ir.sext(self.ir.load(self.at(name, at)), _I64)

    def vector(self, name: str, at: ir.Value, kind: ir.VectorType = _VECTOR) -> ir.Value:
        """Return consecutive numbers of an array."""
        value = self.ir.load(self.ir.bitcast(self.at(name, at), kind.as_pointer()))
        value.align = 4
        return value

    def put(self, value: ir.Value, name: str, at: ir.Value) -> None:
        """Write consecutive numbers of an array."""
        pointer = self.ir.bitcast(self.at(name, at), value.type.as_pointer())
        self.ir.store(value, pointer).align = 4

    def gathered(self, name: str, at: ir.Value) -> ir.Value:
        """Return numbers of an array, each by its own index of the stream."""
        indices = self.vector("stream", at, _INDICES)
        # NOTE(llvmlite): of a vector of indices it takes the type of one pointer
        pointers = self.ir.gep(self.args[name], [indices], source_etype=_F32)
        pointers.type = _POINTERS
        flags = ir.VectorType(ir.IntType(1), LANES)
        function = self._function(
            "llvm.masked.gather.v16f32.v16p0", _VECTOR, [_POINTERS, flags, _VECTOR]
        )
        every = ir.Constant(flags, [ir.IntType(1)(1)] * LANES)
        return self.ir.call(function, [pointers, every, ir.Constant(_VECTOR, ir.Undefined)])

    def absolute(self, value: ir.Value) -> ir.Value:
        """Return |x| of every lane."""
        return self.ir.call(self._function("llvm.fabs.v16f32", _VECTOR, [_VECTOR]), [value])

    def _function(self, name: str, result: Any, kinds: list[Any]) -> Any:
        found = self.ir.module.globals.get(name)
        if found is None:
            found = ir.Function(self.ir.module, ir.FunctionType(result, kinds), name)
        return found

    def read(self, mode: int, name: str, at: ir.Value) -> tuple[ir.Value, ir.Value]:
        """Return the numbers of a turn, and where the stream goes on."""
        if mode == ANY:
            return self.gathered(name, at), self.ir.add(at, _I64(LANES))
        index, after = self.index("stream", at), self.ir.add(at, _I64(1))
        if mode == RUN:
            return self.vector(name, index), after
        return self.splat(self.ir.load(self.at(name, index))), after


# Given (emitter, a, b, where the lanes of e and s are, the sums), a turn returns the sums after it.
Turn = Callable[[_Emitter, ir.Value, ir.Value, ir.Value, ir.Value], ir.Value]


def _products(k: _Emitter, a: ir.Value, b: ir.Value, place: ir.Value, total: ir.Value) -> ir.Value:
    """total + a b."""
    return k.ir.fadd(total, k.ir.fmul(a, b))


def _stepped(k: _Emitter, a: ir.Value, b: ir.Value, place: ir.Value, total: ir.Value) -> ir.Value:
    """total + a (b e): every connection has its own learning rate."""
    return k.ir.fadd(total, k.ir.fmul(a, k.ir.fmul(b, k.vector("e", place))))


def _damped(k: _Emitter, a: ir.Value, b: ir.Value, place: ir.Value, total: ir.Value) -> ir.Value:
    """total + a (b (e / (mu + |s|))), mu the factor."""
    size = k.ir.fadd(k.splat(k.args["factor"]), k.absolute(k.vector("s", place)))
    rate = k.ir.fdiv(k.vector("e", place), size)
    return k.ir.fadd(total, k.ir.fmul(a, k.ir.fmul(b, rate)))


def _averaged(k: _Emitter, a: ir.Value, b: ir.Value, place: ir.Value, total: ir.Value) -> ir.Value:
    """Leave s = factor s + b a behind and return total + s."""
    kept = k.ir.fmul(k.splat(k.args["factor"]), k.vector("s", place))
    now = k.ir.fadd(kept, k.ir.fmul(b, a))
    k.put(now, "s", place)
    return k.ir.fadd(total, now)


def _intrinsic(turn: Turn) -> Any:
    """Return a Numba intrinsic that adds up the 16 sums of a slice."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        k = _Emitter(context, builder, signature, args)
        is_fresh = builder.icmp_signed("!=", k.args["fresh"], _I64(0))
        zero = ir.Constant(_VECTOR, [_F32(0.0)] * LANES)
        begun = builder.select(is_fresh, zero, k.vector("out", k.args["to"]))
        before = builder.block
        loop, done = builder.append_basic_block("segment"), builder.append_basic_block("done")
        following = builder.append_basic_block("next")
        builder.branch(loop)
        builder.position_at_end(loop)
        number, at = builder.phi(_I64), builder.phi(_I64)
        place, total = builder.phi(_I64), builder.phi(_VECTOR)
        starts = (_I64(0), k.args["at"], k.args["place"], begun)
        for phi, start in zip((number, at, place, total), starts, strict=True):
            phi.add_incoming(start, before)
        row = builder.mul(builder.add(k.args["first"], number), _I64(2))
        mode, turns = k.index("segments", row), k.index("segments", builder.add(row, _I64(1)))
        blocks = [builder.append_basic_block(f"mode{i}") for i in range(MODES * MODES)]
        switch = builder.switch(mode, blocks[0])
        for value, block in enumerate(blocks):
            switch.add_case(_I64(value), block)
        ends = []
        for value, block in enumerate(blocks):
            builder.position_at_end(block)
            ends.append(_turns(k, turn, divmod(value, MODES), turns, (at, place, total)))
            builder.branch(following)
        builder.position_at_end(following)
        joined = [builder.phi(kind) for kind in (_I64, _I64, _VECTOR)]
        for block, *values in ends:
            for phi, value in zip(joined, values, strict=True):
                phi.add_incoming(value, block)
        count = builder.add(number, _I64(1))
        for phi, value in zip((number, at, place, total), (count, *joined), strict=True):
            phi.add_incoming(value, following)
        builder.cbranch(builder.icmp_signed("<", count, k.args["n"]), loop, done)
        builder.position_at_end(done)
        k.put(joined[2], "out", k.args["to"])
        return context.get_dummy_value()

    def run(
        typingctx: Any, segments: Any, first: Any, n: Any, stream: Any, at: Any, a: Any, b: Any,
        e: Any, s: Any, place: Any, factor: Any, out: Any, to: Any, fresh: Any
    ) -> Any:  # fmt: skip
        kinds = (segments, types.int64, types.int64, stream, types.int64, a, b, e, s)
        rest = (types.int64, types.float32, out, types.int64, types.int64)
        return types.void(*kinds, *rest), generate

    return intrinsic(run)


def _turns(
    k: _Emitter,
    turn: Turn,
    modes: tuple[int, int],
    turns: ir.Value,
    start: tuple[ir.Value, ir.Value, ir.Value],
) -> tuple[ir.Block, ir.Value, ir.Value, ir.Value]:
    """Write the loop of one mode; return its last block, and stream, place and sums after it."""
    builder, before = k.ir, k.ir.block
    loop, after = builder.append_basic_block("turn"), builder.append_basic_block("turned")
    builder.branch(loop)
    builder.position_at_end(loop)
    done = builder.phi(_I64)
    phis = [builder.phi(value.type) for value in start]
    done.add_incoming(_I64(0), before)
    for phi, value in zip(phis, start, strict=True):
        phi.add_incoming(value, before)
    at, place, total = phis
    a, at_b = k.read(modes[0], "a", at)
    b, at_next = k.read(modes[1], "b", at_b)
    total_next = turn(k, a, b, place, total)
    place_next, count = builder.add(place, _I64(LANES)), builder.add(done, _I64(1))
    done.add_incoming(count, builder.block)
    for phi, value in zip(phis, (at_next, place_next, total_next), strict=True):
        phi.add_incoming(value, builder.block)
    builder.cbranch(builder.icmp_signed("<", count, turns), loop, after)
    builder.position_at_end(after)
    return builder.block, at_next, place_next, total_next


# --- tanh ---


def _tanh(k: _Doubles, x: ir.Value) -> ir.Value:
    """Return `tanh32` of arithmetic.py in every lane, operation by operation."""
    y = k.mul(k.absolute(k.wide(x)), k.number(2.0))
    y = k.select(">", y, k.number(44.0), k.number(44.0), y)
    turns = k.truncated(k.add(k.mul(k.number(arithmetic.INVERSE_LOG2), y), k.number(0.5)))
    turns = k.select(">", y, k.number(arithmetic.HALF_LOG2), turns, k.number(0.0))
    high = k.sub(y, k.mul(turns, k.number(arithmetic.LOG2_HIGH)))
    z = k.sub(high, k.mul(turns, k.number(arithmetic.LOG2_LOW)))
    c = k.sub(k.sub(high, z), k.mul(turns, k.number(arithmetic.LOG2_LOW)))
    half = k.mul(k.number(0.5), z)
    square = k.mul(z, half)
    r = k.number(arithmetic.EXPM1[5])
    for coefficient in reversed(arithmetic.EXPM1[:5]):
        r = k.add(k.number(coefficient), k.mul(square, r))
    t = k.sub(k.number(3.0), k.mul(r, half))
    e = k.mul(square, k.div(k.sub(r, t), k.sub(k.number(6.0), k.mul(z, t))))
    near = k.sub(z, k.sub(k.mul(z, e), square))
    e = k.sub(k.sub(k.mul(z, k.sub(e, c)), c), square)
    one = k.number(1.0)
    rest = k.sub(k.sub(one, k.power_of_two(turns, -1)), k.sub(e, z))
    far = k.mul(rest, k.power_of_two(turns, 1))
    t = k.select("==", turns, k.number(0.0), near, far)
    return k.signed(k.narrow(k.div(t, k.add(t, k.number(2.0)))), x)


class _Doubles:
    """Instructions on 16 doubles."""

    _KIND, _WHOLE = ir.VectorType(ir.DoubleType(), LANES), ir.VectorType(_I64, LANES)

    def __init__(self, builder: ir.IRBuilder) -> None:
        self.ir = builder
        self.mul, self.add = builder.fmul, builder.fadd
        self.sub, self.div = builder.fsub, builder.fdiv

    def number(self, value: float) -> ir.Value:
        """Return a number in every lane."""
        return ir.Constant(self._KIND, [ir.Constant(ir.DoubleType(), value)] * LANES)

    def select(self, sign: str, a: ir.Value, b: ir.Value, yes: ir.Value, no: ir.Value) -> ir.Value:
        """Return, lane by lane, yes where the comparison holds, else no."""
        return self.ir.select(self.ir.fcmp_ordered(sign, a, b), yes, no)

    def absolute(self, x: ir.Value) -> ir.Value:
        """Return |x|."""
        return self._bits(x, lambda bits: self.ir.and_(bits, self._whole(2**63 - 1)))

    def truncated(self, x: ir.Value) -> ir.Value:
        """Return x without what follows its point."""
        return self.ir.sitofp(self.ir.fptosi(x, _INDICES), self._KIND)

    def power_of_two(self, x: ir.Value, sign: int) -> ir.Value:
        """Return 2 to the power of a whole number, or of minus that."""
        exponent = self.ir.sext(self.ir.fptosi(x, _INDICES), self._WHOLE)
        exponent = self.ir.mul(exponent, self._whole(sign))
        shifted = self.ir.shl(self.ir.add(exponent, self._whole(1023)), self._whole(52))
        return self.ir.bitcast(shifted, self._KIND)

    def wide(self, x: ir.Value) -> ir.Value:
        """Return float32 numbers as doubles."""
        return self.ir.fpext(x, self._KIND)

    def narrow(self, x: ir.Value) -> ir.Value:
        """Return doubles rounded to float32."""
        return self.ir.fptrunc(x, _VECTOR)

    def signed(self, size: ir.Value, sign: ir.Value) -> ir.Value:
        """Return float32 numbers that are not negative with the signs of others."""
        top = ir.Constant(_INDICES, [_I32(-(2**31))] * LANES)
        bits = self.ir.and_(self.ir.bitcast(sign, _INDICES), top)
        return self.ir.bitcast(self.ir.or_(self.ir.bitcast(size, _INDICES), bits), _VECTOR)

    def _bits(self, x: ir.Value, change: Callable[[ir.Value], ir.Value]) -> ir.Value:
        return self.ir.bitcast(change(self.ir.bitcast(x, self._WHOLE)), self._KIND)

    def _whole(self, value: int) -> ir.Value:
        return ir.Constant(self._WHOLE, [_I64(value)] * LANES)


def _tanh_lanes(typingctx: Any, numbers: Any) -> Any:
    """Replace 16 numbers by their tanh."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        pointer = builder.bitcast(data, _VECTOR.as_pointer())
        x = builder.load(pointer)
        x.align = 4
        builder.store(_tanh(_Doubles(builder), x), pointer).align = 4
        return context.get_dummy_value()

    return types.void(numbers), generate


tanh_lanes: Any = intrinsic(_tanh_lanes)
gather_sums = _intrinsic(_products)
gather_stepped = _intrinsic(_stepped)
gather_damped = _intrinsic(_damped)
gather_averaged = _intrinsic(_averaged)
