"""A pass of rung 4 by SN, and by the recipe of 2022 in PyTorch, turn by turn.

    python bench/rung4.py [--digits 1000] [--rounds 3]

Both show one digit at a time: moved by a pixel at most, relu, a quarter of H2 left out, softmax
cross-entropy, AdamW. What counts is CPU time on one core, without compiling; the recipe is timed on
a part of the digits, for each of them takes the same.
"""

from __future__ import annotations

import argparse
import sys
import time
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # run as a script, only this folder would be importable

from bench.machine import heading  # noqa: E402
from sn.session import Session  # noqa: E402
from sn.train.engines import KernelEngine  # noqa: E402


class Ours:
    """The shipped net, its kernels compiled and warm."""

    def __init__(self) -> None:
        experiment = Session().load(ROOT / "nets" / "ladder" / "4-relu-dropout.sn").experiment()
        spec, (data, _) = experiment.spec, experiment.spec.data.load()
        desired = np.eye(10, dtype=np.float32)[data.train.targets]
        draws = experiment._draws(data, 0, 0)
        self._engine = KernelEngine(
            *(experiment.compile, experiment.table, next(iter(spec.optimizers.values()))),
            *({"train": data.train.inputs}, desired, spec.cost, draws),
        )
        self._engine.set_weights(spec.init.draw(experiment.table, 0))
        self.inputs, self.targets = data.train.inputs, data.train.targets
        self.run(len(self.targets))

    def run(self, count: int) -> None:
        """Show the first `count` digits."""
        order = np.arange(count, dtype=np.int32)
        self._engine.begin_pass(order)
        self._engine.present(order)
        self._engine.end_pass()


class Recipe:
    """The net in PyTorch, eager, a step for each digit."""

    def __init__(self, inputs: Any, targets: Any) -> None:
        torch = self._torch = import_module("torch")
        torch.set_num_threads(1)
        self._x = torch.from_numpy(inputs.reshape(-1, 1, 16, 16))
        self._y = torch.from_numpy(targets.astype(np.int64))
        self._rng = np.random.default_rng(0)

        def drawn(fan_in: int, *shape: int) -> Any:
            bound = 2.4 / fan_in**0.5
            return torch.nn.Parameter(torch.empty(*shape).uniform_(-bound, bound))

        sizes = ((25, 12, 1, 5, 5), (200, 12, 8, 5, 5), (192, 192, 30), (30, 30, 10))
        biases = ((12, 8, 8), (12, 4, 4), (30,), (10,))
        self._weights = [drawn(*size) for size in sizes]
        self._biases = [torch.nn.Parameter(torch.zeros(*size)) for size in biases]
        self._rule = torch.optim.AdamW([*self._weights, *self._biases], lr=3e-4)

    def _outputs(self, x: Any) -> Any:
        f, (w1, w2, w3, w4), (b1, b2, b3, b4) = (
            self._torch.nn.functional,
            self._weights,
            self._biases,
        )
        pad = (2, 2, 2, 2)
        x = f.relu(f.conv2d(f.pad(x, pad, value=-1.0), w1, stride=2) + b1)
        x = f.pad(x, pad, value=-1.0)
        seen = (x[:, :8], x[:, 4:], self._torch.cat((x[:, :4], x[:, 8:]), 1))
        parts = [f.conv2d(s, w2[4 * n : 4 * n + 4], stride=2) for n, s in enumerate(seen)]
        x = f.dropout(f.relu(self._torch.cat(parts, 1) + b2), 0.25).flatten(1)
        return f.relu(x @ w3 + b3) @ w4 + b4

    def run(self, count: int) -> None:
        """Show the first `count` digits."""
        for number in range(count):
            moved = tuple(int(n) for n in self._rng.integers(-1, 2, 2))
            image = self._torch.roll(self._x[number : number + 1], moved, (2, 3))
            cost = self._torch.nn.functional.cross_entropy
            loss = cost(self._outputs(image), self._y[number : number + 1])
            self._rule.zero_grad(set_to_none=True)
            loss.backward()
            self._rule.step()


def timed(what: Ours | Recipe, count: int) -> float:
    """Return the microseconds of CPU time for a digit."""
    started = time.process_time()
    what.run(count)
    return (time.process_time() - started) / count * 1e6


def main() -> None:
    """Take turns and print both, and the ratio of each round."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--digits", type=int, default=1000, help="shown to the recipe")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    ours = Ours()
    recipe = Recipe(ours.inputs, ours.targets)
    recipe.run(50)
    pairs = [
        (timed(ours, len(ours.targets)), timed(recipe, options.digits))
        for _ in range(options.rounds)
    ]
    print(heading()["processor"])
    for mine, theirs in pairs:
        print(f"SN {mine:8.2f} us   PyTorch {theirs:8.0f} us   {theirs / mine:6.0f} times")
    print(f"median {median(theirs / mine for mine, theirs in pairs):.0f} times")


if __name__ == "__main__":
    main()
