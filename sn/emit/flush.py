"""Flush: numbers below the least normal one are 0 while a pattern is shown.

The averages of Adam and its like dwindle where a descent is 0, as it is behind a relu or a dropout,
and squares of small descents start below: both end among numbers of which many CPUs take a
hundred times as long. With 500 of them among 9,760 weights a presentation of rung 4 of the ladder
took three times as long.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from llvmlite import ir

# Source: Intel 64 manual, volume 1, 10.2.3: flush results to zero, and take operands as zero
_X86_BITS = 0x8040
# Source: Arm architecture reference manual, FPCR.FZ
_ARM_BIT = 1 << 24


@contextmanager
def small_numbers_flushed(builder: ir.IRBuilder) -> Iterator[None]:
    """Set the mode of the CPU around what is built; leave CPUs alone that have none known here."""
    triple = builder.module.triple
    if triple.startswith(("x86_64", "i686", "i386")):
        before = _x86_mode(builder)
        _set_x86_mode(builder, builder.or_(before, ir.Constant(before.type, _X86_BITS)))
        yield
        _set_x86_mode(builder, before)
    elif triple.startswith(("aarch64", "arm64")):
        wide = ir.IntType(64)
        before = builder.call(_declared(builder, "llvm.aarch64.get.fpcr", wide, []), [])
        new = builder.or_(before, ir.Constant(wide, _ARM_BIT))
        set_ = _declared(builder, "llvm.aarch64.set.fpcr", ir.VoidType(), [wide])
        builder.call(set_, [new])
        yield
        builder.call(set_, [before])
    else:
        yield


def _x86_mode(builder: ir.IRBuilder) -> ir.Value:
    place = _place(builder)
    builder.call(_declared(builder, "llvm.x86.sse.stmxcsr", ir.VoidType(), [_BYTES]), [place[1]])
    return builder.load(place[0])


def _set_x86_mode(builder: ir.IRBuilder, mode: ir.Value) -> None:
    place = _place(builder)
    builder.store(mode, place[0])
    builder.call(_declared(builder, "llvm.x86.sse.ldmxcsr", ir.VoidType(), [_BYTES]), [place[1]])


_BYTES = ir.IntType(8).as_pointer()


def _place(builder: ir.IRBuilder) -> tuple[ir.Value, ir.Value]:
    """Memory for the mode, taken where the function begins: a loop would take more each time."""
    with builder.goto_entry_block():
        place = builder.alloca(ir.IntType(32))
    return place, builder.bitcast(place, _BYTES)


def _declared(
    builder: ir.IRBuilder, name: str, result: ir.Type, args: list[ir.Type]
) -> ir.Function:
    known = builder.module.globals.get(name)
    return known or ir.Function(builder.module, ir.FunctionType(result, args), name)
