"""Module: a program becomes the text of one kernel module.

    emit(plan, cost, rule, lanes) -> KernelSource

The text is plain Python: layers and sections as records with literal numbers, then one function
per pass that calls the sections in order, each under a heading that names its connection and
the form that asked for it. Same program, same text. Nothing is decided here. `kernels.py` imports
the text.

Read next: schedule.py for where the program comes from, ../kernels.py for what becomes of the text.
"""

from __future__ import annotations

from dataclasses import fields

from sn.emit.layers_learn import BLOCK, STREAMS
from sn.emit.program import Call, KernelSource, Made, Pass, Program, Record
from sn.emit.schedule import schedule
from sn.emit.schedule_learn import schedule_learning
from sn.emit.update import PlacedRule, written
from sn.emit.writer import Writer, argument, comment, modules_of
from sn.lower.ir import Plan
from sn.net.loss import Loss
from sn.optim.rules import UpdateRule

# raise when a section changes what it computes, so that old cached kernels are not used
GENERATOR = 2


def emit(
    plan: Plan, cost: Loss, rule: UpdateRule, lanes: int, in_batches: bool = False
) -> KernelSource:
    """Return the kernel module of `plan` for an update rule, after each pattern or batch."""
    program = (schedule_learning if in_batches else schedule)(plan, cost, rule, lanes)
    parts = {field.name: getattr(program, field.name) for field in fields(program)}
    return KernelSource(**parts, text=write(program))


def write(program: Program) -> str:
    """Return the text of a program's module."""
    out = Writer()
    units, connections, weights = program.size
    out(f'"""Kernels of a net of {units} units, {connections} connections, {weights} weights.\n')
    out(f"Written by SN's emitter {GENERATOR}; do not edit. k: the vector builder; m: memory;")
    out('e: the pattern, b: the batch. Offsets count float32 elements.\n"""')
    out()
    out(comment(f"net {program.name}"))
    out("# ruff: noqa")
    for line in modules_of(program):
        out(line)
    out(f"\nLANES = {program.lanes}  # of a vector; patterns side by side in a batch")
    out('a, y, d = expr.variable("a"), expr.variable("y"), expr.variable("d")\n')
    for record in program.records:
        _record(out, record)
    out()
    for record in program.batch_records:
        _record(out, record)
    for one in program.passes:
        _pass(out, one)
    out("\n")
    for one in program.passes:
        lanes = str(BLOCK) if one.is_block else "LANES"
        out(f'_{one.name} = section({one.name}, "{one.arrays}", {lanes})')
    names = {one.name for one in program.passes}
    if program.sums:
        out(f"\nSUMS = {program.sums}  # of a stream")
        _learning(out, "before_blocks" in names)
    else:
        _training(out)
    _evaluation(out, "before_batches" in names)
    return out.text()


def _record(out: Writer, record: Record) -> None:
    if isinstance(record.value, PlacedRule):
        out("\n# the update rule")
        for line in written(record.value):
            out(line)
        return
    if record.note is not None:
        out(comment(record.note))
    out(f"{record.name} = {argument(record.value)}")


def _pass(out: Writer, one: Pass) -> None:
    """Write a pass as a function."""
    out(f"\n\ndef {one.name}(k, m, {one.index}):")
    out(f'"""{one.does}"""', 1)
    for number, block in enumerate(one.blocks):
        if number:
            out()
        out(comment(block.heading), 1)
        for made in block.calls:
            out(_call(made), 1)


def _call(made: Call) -> str:
    return argument(Made(made.section, made.args, made.options, in_pass=True))


def _training(out: Writer) -> None:
    """Write the function that trains pattern by pattern."""
    out('\n\n@kernel("train")')
    out("def train(memory, order, first, last):")
    out('"""Train on patterns order[first], ..., order[last - 1]."""', 1)
    out("for i in range(first, last):", 1)
    out("_present(memory, order[i])", 2)


def _learning(out: Writer, has_before: bool) -> None:
    """Write the functions that add up the descents of a batch, and take its step."""
    out('\n\n@kernel("learn")')
    out("def learn(memory, first, step, blocks):")
    out('"""Add up blocks stream by stream: those of `first`, `first` + `step`, ..."""', 1)
    if has_before:
        out("_before_blocks(memory, 0)", 1)
    out("sums = memory[1]", 1)
    out(f"for stream in range(first, min({STREAMS}, blocks), step):", 1)
    out("memory[1] = sums + stream * SUMS * 4", 2)
    out(f"for b in range(stream, blocks, {STREAMS}):", 2)
    out("_learn_block(memory, b)", 3)
    out("memory[1] = sums", 1)
    out('\n\n@kernel("take_step")')
    out("def take_step(memory, streams):")
    out('"""Add up the streams, take the step, and clear them."""', 1)
    out("for stream in range(1, streams):", 1)
    out("_join_stream(memory, stream)", 2)
    out("_move_weights(memory, 0)", 1)
    out("for stream in range(streams):", 1)
    out("_clear_stream(memory, stream)", 2)


def _evaluation(out: Writer, has_before: bool) -> None:
    """Write the function that computes the outputs of batches."""
    out('\n\n@kernel("evaluate")')
    out("def evaluate(memory, batches):")
    out('"""Compute the outputs of all batches of patterns."""', 1)
    if has_before:
        out("_before_batches(memory, 0)", 1)
    out("for b in range(batches):", 1)
    out("_evaluate_batch(memory, b)", 2)
