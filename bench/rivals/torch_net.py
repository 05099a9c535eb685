"""PyTorch: eager, on one thread and on two, and the step compiled by `torch.compile`.

The convolutions are written twice: as `conv2d`, as most people do, and as `unfold` and matrix
products, which is three times faster for one small picture. Measured eager on one core, 2.0 GHz
Xeon, per presentation: conv2d 1,900 us, unfold 660 us, patches by index 700 us, as_strided
750 us; compiled: conv2d 940 us, unfold 190 us, patches by index 350 us.

torch is optional, so the module is an argument here: `_prepare` imports it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from bench.machine import cpu_seconds
from bench.reference import SHAPES, STEP
from bench.rival import Rival, needs
from bench.task import F32, Weights

Tensors = list[Any]  # in the order of SHAPES


def _sums_by_convolution(torch: Any, w1: Any, b1: Any, w2: Any, image: Any) -> Any:
    """Return the total input of h2, shape (12, 4, 4), through `conv2d`."""
    functional = torch.nn.functional

    seen = functional.pad(image, (2, 1, 2, 1), value=-1.0)
    h1 = torch.tanh(functional.conv2d(seen, w1.view(12, 1, 5, 5), stride=2) + b1)
    seen, kernels = functional.pad(h1, (2, 1, 2, 1), value=-1.0), w2.view(12, 8, 5, 5)
    inputs = (seen[:, :8], seen[:, 4:], torch.cat([seen[:, :4], seen[:, 8:]], 1))
    sums = [
        functional.conv2d(x, kernels[4 * g : 4 * g + 4], stride=2) for g, x in enumerate(inputs)
    ]
    return torch.cat(sums, 1).view(12, 4, 4)


def _sums_by_unfold(torch: Any, w1: Any, b1: Any, w2: Any, image: Any) -> Any:
    """Return the total input of h2, shape (12, 4, 4), through matrices of patches."""
    functional = torch.nn.functional

    patches = functional.unfold(functional.pad(image, (2, 1, 2, 1), value=-1.0), 5, stride=2)[0]
    h1 = torch.tanh(torch.addmm(b1.view(12, 64), w1, patches)).view(1, 12, 8, 8)
    seen = functional.unfold(functional.pad(h1, (2, 1, 2, 1), value=-1.0), 5, stride=2)[0]
    inputs = torch.stack((seen[:200], seen[100:], torch.cat((seen[:100], seen[200:]))))
    return torch.bmm(w2.view(3, 4, 200), inputs).view(12, 4, 4)


Sums = Callable[[Any, Any, Any, Any, Any], Any]
Step = Callable[[Tensors, Any, Any], None]


def _cost(torch: Any, sums: Sums, parameters: Tensors, image: Any, target: Any) -> Any:
    w1, b1, w2, b2, w3, b3, w4, b4 = parameters
    h2 = torch.tanh(sums(torch, w1, b1, w2, image.view(1, 1, 16, 16)) + b2).view(-1)
    h3 = torch.tanh(torch.addmv(b3, w3, h2))
    out = torch.tanh(torch.addmv(b4, w4, h3))
    return torch.nn.functional.mse_loss(out, target)


def _eager_step(torch: Any, sums: Sums, parameters: Tensors, image: Any, target: Any) -> None:
    slopes = torch.autograd.grad(_cost(torch, sums, parameters, image, target), parameters)
    with torch.no_grad():
        torch._foreach_add_(parameters, slopes, alpha=-STEP)


def _compiled_step(torch: Any, sums: Sums) -> Step:
    def update(parameters: Tensors, image: Any, target: Any) -> None:
        slopes = torch.func.grad(partial(_cost, torch, sums))(parameters, image, target)
        for parameter, slope in zip(parameters, slopes, strict=True):
            parameter.sub_(STEP * slope)

    step = torch.compile(update, fullgraph=True, dynamic=False)

    def without_graph(parameters: Tensors, image: Any, target: Any) -> None:
        with torch.no_grad():
            step(parameters, image, target)

    return without_graph


@dataclass(slots=True)
class TorchRunner:
    """Calls `step` once for each presentation."""

    step: Step
    start: Tensors
    inputs: Any
    targets: Any
    compile_seconds: float = 0.0
    parameters: Tensors = field(default_factory=list)

    def run(self, count: int) -> None:
        """Train from the starting weights on the first `count` examples."""
        self.parameters = [value.clone().requires_grad_() for value in self.start]
        step, parameters = self.step, self.parameters
        for image, target in zip(self.inputs[:count], self.targets[:count], strict=True):
            step(parameters, image, target)

    def answer(self) -> Weights:
        """Return the parameters that the last `run` left."""
        values = (parameter.detach().numpy() for parameter in self.parameters)
        return dict(zip(SHAPES, values, strict=True))


def _prepare(
    sums: Sums, threads: int, is_compiled: bool, weights: Weights, inputs: F32, targets: F32
) -> TorchRunner:
    torch = import_module("torch")

    torch.set_num_threads(threads)
    step = _compiled_step(torch, sums) if is_compiled else partial(_eager_step, torch, sums)
    start = [torch.from_numpy(np.ascontiguousarray(weights[name])) for name in SHAPES]
    # one tensor a presentation, made beforehand, as a list of views
    x, y = list(torch.from_numpy(inputs)), list(torch.from_numpy(targets))
    runner = TorchRunner(step, start, x, y)
    if is_compiled:
        begin = cpu_seconds()
        runner.run(1)
        runner.compile_seconds = cpu_seconds() - begin
    return runner


CONVOLVE, UNFOLD = partial(_prepare, _sums_by_convolution), partial(_prepare, _sums_by_unfold)
TORCH = needs("torch")

# waiting threads sleep: where the cores have other work, spinning ones cost twenty times more
PATIENT = {"OMP_WAIT_POLICY": "PASSIVE"}

# compile in this process, so that its CPU time is counted
ALONE = {"TORCHINDUCTOR_COMPILE_THREADS": "1"}

RIVALS = (
    Rival("PyTorch, conv2d, 1 core", TORCH, partial(CONVOLVE, 1, False), cores=1, share=0.1),
    Rival("PyTorch, unfold, 1 core", TORCH, partial(UNFOLD, 1, False), cores=1, share=0.2),
    Rival("PyTorch, unfold, 2 threads", TORCH, partial(UNFOLD, 2, False), PATIENT, share=0.2),
    Rival(
        "PyTorch, compiled step, 1 core", TORCH, partial(UNFOLD, 1, True), ALONE, cores=1, share=0.5
    ),
)
