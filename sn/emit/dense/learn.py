"""Dense learning: full connections for a block of patterns, one pattern a lane.

Gradients go back as states go forward. For the sums of weights the states are turned round
first: vectors run along the weights of a row then, which lie side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

from sn.emit.copies import pieces
from sn.emit.dense.evaluate import BatchFull
from sn.emit.layers_learn import BLOCK, Units, finish
from sn.emit.memory import whole_vectors
from sn.emit.vector import LANES, Builder, Memories

ROWS = 8


@dataclass(frozen=True, slots=True)
class FullSums:
    """Sums of descents from `at` on, as the weights lie; `turned`: a place for states turned round,
    `pitch` a pattern; `rows` by `vectors` of them are added up in
    registers, `size` numbers in all.
    """

    at: int
    turned: int
    pitch: int
    rows: int
    vectors: int
    size: int


def back(k: Builder, m: Memories, c: BatchFull, units: Units, is_alone: bool) -> None:
    """back[i] += sum over j of w[j, i] grad[j]; where the node is alone, gradients are finished."""
    (planes, positions, pitch), (maps, length, run) = c.rows, c.columns
    for source in k.loop(maps):
        for first, count in k.blocks(length, ROWS):
            unit, column = source * length + first + c.src, source * run + first + c.weights.at
            places = [(unit + (i + units.to_grad)) * BLOCK for i in range(count)]
            sums = [k.cell(k.constant(0) if is_alone else k.load(m.s, at)) for at in places]
            for plane in k.loop(planes):
                for j in k.loop(positions):
                    at = plane * positions + j + (c.dst + units.to_grad)
                    grad = k.load(m.s, at * BLOCK)
                    row = (plane * pitch + j) * c.weights.pitch + column
                    for i, cell in enumerate(sums):
                        cell.set(k.fma(grad, k.spread(m.w, row + i), cell.get()))
            for i, cell in enumerate(sums):
                if is_alone:
                    finish(k, m, cell.get(), unit + i, units)
                else:
                    k.store(cell.get(), m.s, places[i])


def sums(k: Builder, m: Memories, c: BatchFull, s: FullSums, to_grad: int) -> None:
    """d_w[j, i] += the sum over the patterns of a block of grad[j] x[i]."""
    _turn(k, m, c, s)
    (planes, positions, pitch), (maps, _, run) = c.rows, c.columns
    for plane in k.loop(planes):
        for first, height in k.blocks(positions, s.rows):
            grads = [
                (plane * positions + first + (c.dst + to_grad + i)) * BLOCK for i in range(height)
            ]
            row = (plane * pitch + first) * c.weights.pitch + s.at
            for column, size in k.blocks(maps * run, s.vectors * k.lanes):
                cuts = [(some, column + at) for some, at in pieces(k, size)]
                places = [
                    [row + (i * c.weights.pitch) + at for _, at in cuts] for i in range(height)
                ]
                held = [
                    [
                        some.cell(some.load(m.g, at))
                        for (some, _), at in zip(cuts, line, strict=True)
                    ]
                    for line in places
                ]
                for pattern in k.loop(BLOCK):
                    here = pattern * s.pitch + s.turned * BLOCK
                    x = [some.load(m.s, here + at) for some, at in cuts]
                    for cells, grad in zip(held, grads, strict=True):
                        g = k.spread(m.s, grad + pattern)
                        low = k.shuffle(g, g, range(LANES))
                        for (some, _), state, cell in zip(cuts, x, cells, strict=True):
                            factor = g if some.lanes == k.lanes else low
                            cell.set(some.fma(factor, state, cell.get()))
                for cells, line in zip(held, places, strict=True):
                    for (some, _), cell, at in zip(cuts, cells, line, strict=True):
                        some.store(cell.get(), m.g, at)


def _turn(k: Builder, m: Memories, c: BatchFull, s: FullSums) -> None:
    """Copy the states of the layer below, pattern by pattern, as the columns of weights lie."""
    maps, length, run = c.columns
    for source in k.loop(maps):
        for first, count in k.blocks(length, BLOCK):
            unit = source * length + first + c.src
            states = [k.load(m.s, (unit + i) * BLOCK) for i in range(count)]
            states += [k.constant(0)] * (BLOCK - count)
            to = source * run + first + s.turned * BLOCK
            # what is past the end of a run is 0, and where the next run starts written after this
            size = min(BLOCK, whole_vectors(count))
            for pattern, row in enumerate(k.transpose(states)):
                some = row if size == BLOCK else k.shuffle(row, row, range(LANES))
                k.store(some, m.s, to + pattern * s.pitch)
