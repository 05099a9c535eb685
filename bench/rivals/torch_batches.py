"""PyTorch with batches: the step eager and compiled, convolutions as `conv2d` and as matrices.

torch is optional, so the module is an argument here: `prepare` imports it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from bench.batches import SIZES, TASKS, title
from bench.machine import cpu_seconds
from bench.reference import SHAPES, STEP
from bench.rival import Rival, needs
from bench.rivals.torch_net import ALONE, PATIENT, Tensors
from bench.task import F32, Weights

Sums = Callable[[Any, Tensors, Any], Any]


def _by_convolution(torch: Any, parameters: Tensors, images: Any) -> Any:
    """Return the total inputs of h2, shape (n, 12, 4, 4), through `conv2d`."""
    functional, (w1, b1, w2) = torch.nn.functional, parameters[:3]
    seen = functional.pad(images, (2, 1, 2, 1), value=-1.0)
    h1 = torch.tanh(functional.conv2d(seen, w1.view(12, 1, 5, 5), stride=2) + b1)
    seen, kernels = functional.pad(h1, (2, 1, 2, 1), value=-1.0), w2.view(12, 8, 5, 5)
    inputs = (seen[:, :8], seen[:, 4:], torch.cat([seen[:, :4], seen[:, 8:]], 1))
    sums = [
        functional.conv2d(x, kernels[4 * g : 4 * g + 4], stride=2) for g, x in enumerate(inputs)
    ]
    return torch.cat(sums, 1)


def _by_unfold(torch: Any, parameters: Tensors, images: Any) -> Any:
    """Return the total inputs of h2, shape (n, 12, 4, 4), through matrices of patches."""
    functional, (w1, b1, w2) = torch.nn.functional, parameters[:3]
    patches = functional.unfold(functional.pad(images, (2, 1, 2, 1), value=-1.0), 5, stride=2)
    h1 = torch.tanh(w1 @ patches + b1.view(12, 64)).view(-1, 12, 8, 8)
    seen = functional.unfold(functional.pad(h1, (2, 1, 2, 1), value=-1.0), 5, stride=2)
    parts = (seen[:, :200], seen[:, 100:], torch.cat((seen[:, :100], seen[:, 200:]), 1))
    return (w2.view(3, 4, 200) @ torch.stack(parts, 1)).reshape(-1, 12, 4, 4)


def _cost(torch: Any, sums: Sums, parameters: Tensors, images: Any, targets: Any) -> Any:
    b2, w3, b3, w4, b4 = parameters[3:]
    h2 = torch.tanh(sums(torch, parameters, images.view(-1, 1, 16, 16)) + b2).flatten(1)
    h3 = torch.tanh(torch.addmm(b3, h2, w3.T))
    return torch.nn.functional.mse_loss(torch.tanh(torch.addmm(b4, h3, w4.T)), targets)


@dataclass(slots=True)
class BatchRunner:
    """Calls a step once for each batch; `slopes` gives those of the cost."""

    torch: Any
    slopes: Callable[[Tensors, Any, Any], Any]
    start: Tensors
    inputs: Any
    targets: Any
    batch: int
    compile_seconds: float = 0.0
    parameters: Tensors = field(default_factory=list)

    def run(self, count: int) -> None:
        """Train from the starting weights on the first `count` examples."""
        self.parameters = [value.clone().requires_grad_() for value in self.start]
        for first in range(0, count, self.batch):
            some = slice(first, min(first + self.batch, count))
            slopes = self.slopes(self.parameters, self.inputs[some], self.targets[some])
            with self.torch.no_grad():
                self.torch._foreach_add_(self.parameters, slopes, alpha=-STEP)

    def answer(self) -> Weights:
        """Return the parameters that the last `run` left."""
        values = (value.detach().numpy() for value in self.parameters)
        return dict(zip(SHAPES, values, strict=True))


def prepare(
    sums: Sums,
    is_compiled: bool,
    batch: int,
    threads: int,
    weights: Weights,
    inputs: F32,
    targets: F32,
) -> BatchRunner:
    """Prepare, and compile for the sizes of batches that there are."""
    torch = import_module("torch")
    torch.set_num_threads(threads)
    cost = partial(_cost, torch, sums)

    def eager(parameters: Tensors, images: Any, wanted: Any) -> Any:
        return torch.autograd.grad(cost(parameters, images, wanted), parameters)

    slopes: Any = eager
    if is_compiled:
        compiled = torch.compile(torch.func.grad(cost), fullgraph=True, dynamic=False)

        def slopes(parameters: Tensors, images: Any, wanted: Any) -> Any:
            with torch.no_grad():
                return compiled(parameters, images, wanted)

    start = [torch.from_numpy(np.ascontiguousarray(weights[name])) for name in SHAPES]
    ends = torch.from_numpy(inputs), torch.from_numpy(targets)
    runner = BatchRunner(torch, slopes, start, *ends, batch)
    begin = cpu_seconds()
    runner.run(len(inputs))
    if is_compiled:
        runner.compile_seconds = cpu_seconds() - begin
    return runner


WAYS: tuple[tuple[str, Sums, bool], ...] = (
    ("conv2d", _by_convolution, False),
    ("unfold", _by_unfold, False),
    ("compiled", _by_unfold, True),
)

RIVALS = tuple(
    Rival(
        f"PyTorch, {way}, {title(size, cores)}",
        needs("torch"),
        partial(prepare, sums, is_compiled, SIZES[size], cores),
        {**ALONE, **PATIENT},
        cores=cores,
        task=task,
    )
    for (size, cores), task in TASKS.items()
    for way, sums, is_compiled in WAYS
)
