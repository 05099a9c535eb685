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
from sn.emit.schedule import MASKED_ARRAYS, schedule
from sn.emit.schedule_learn import BLOCK_ARRAYS, schedule_learning
from sn.emit.update import PlacedRule, written
from sn.emit.writer import Writer, argument, comment, modules_of
from sn.lower.ir import Plan
from sn.net.loss import Loss
from sn.optim.rules import UpdateRule

# raise when a section changes what it computes, so that old cached kernels are not used
GENERATOR = 1


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
        lanes = str(BLOCK) if one.arrays.startswith(BLOCK_ARRAYS) else "LANES"
        out(f'_{one.name} = section({one.name}, "{one.arrays}", {lanes})')
    if program.sums:
        _learning(out, program)
    else:
        _training(out, any(one.arrays == MASKED_ARRAYS for one in program.passes))
    _evaluation(out, any(one.name == "before_batches" for one in program.passes))
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


def _training(out: Writer, has_masks: bool) -> None:
    """Write the function that trains pattern by pattern."""
    name, masks = ("train_masked", ", d") if has_masks else ("train", "")
    out(f'\n\n@kernel("{name}")')
    out(f"def {name}(w, q, s, t, r, h, x, y{masks}, order, first, last):")
    out('"""Train on patterns order[first], ..., order[last - 1]."""', 1)
    out("for i in range(first, last):", 1)
    out(f"_present(w, q, s, t, r, h, x, y{masks}, order[i])", 2)


def _learning(out: Writer, program: Program) -> None:
    """Write the functions that add up the descents of a batch, and take its step."""
    has_masks = any(one.arrays == f"{BLOCK_ARRAYS} d" for one in program.passes)
    name, masks = ("learn_masked", ", d") if has_masks else ("learn", "")
    out(f"\nSUMS, STREAMS = {program.sums}, {STREAMS}")
    out(f'\n\n@kernel("{name}")')
    out(f"def {name}(w, g, s, t, x, y, n, v{masks}, first, step, blocks):")
    out('"""Add up blocks stream by stream: those of `first`, `first` + `step`, ..."""', 1)
    if any(one.name == "before_blocks" for one in program.passes):
        out(f"_before_blocks(w, g, s, t, x, y, n, v{masks}, 0)", 1)
    out("for stream in range(first, min(STREAMS, blocks), step):", 1)
    out("sums = g[stream * SUMS : (stream + 1) * SUMS]", 2)
    out("for b in range(stream, blocks, STREAMS):", 2)
    out(f"_learn_block(w, sums, s, t, x, y, n, v{masks}, b)", 3)
    out('\n\n@kernel("take_step")')
    out("def take_step(w, q, g, t, r, h, streams):")
    out('"""Add up the streams, take the step, and clear them."""', 1)
    out("for stream in range(1, streams):", 1)
    out("for i in range(SUMS):", 2)
    out("g[i] += g[stream * SUMS + i]", 3)
    out("_move_weights(w, q, g, t, r, h, 0)", 1)
    out("for i in range(streams * SUMS):", 1)
    out("g[i] = 0", 2)


def _evaluation(out: Writer, has_before: bool) -> None:
    """Write the function that computes the outputs of batches."""
    out('\n\n@kernel("evaluate")')
    out("def evaluate(w, s, t, x, o, batches):")
    out('"""Fill the outputs o of all batches of patterns x."""', 1)
    if has_before:
        out("_before_batches(w, s, t, x, o, 0)", 1)
    out("for b in range(batches):", 1)
    out("_evaluate_batch(w, s, t, x, o, b)", 2)
