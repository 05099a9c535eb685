"""PyTorch on full layers: eager with autograd, and with the gradients written by hand.

The second is as fast as eager PyTorch gets: `addr_` updates a matrix in place by an outer
product, so no gradient is stored.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Any

from bench.layers import FULL, PAIRS
from bench.reference import STEP
from bench.rival import Rival, needs
from bench.task import F32, Weights

NAMES = [f"{kind}{n}" for n in range(1, len(PAIRS) + 1) for kind in "wb"]
Tensors = list[Any]  # in the order of NAMES


def _autograd_step(torch: Any, parameters: Tensors, x: Any, target: Any) -> None:
    for weight, bias in zip(parameters[::2], parameters[1::2], strict=True):
        x = torch.tanh(torch.addmv(bias, weight, x))
    cost = torch.nn.functional.mse_loss(x, target)
    slopes = torch.autograd.grad(cost, parameters)
    with torch.no_grad():
        torch._foreach_add_(parameters, slopes, alpha=-STEP)


def _manual_step(torch: Any, parameters: Tensors, x: Any, target: Any) -> None:
    with torch.no_grad():
        states = [x]
        layers = list(zip(parameters[::2], parameters[1::2], strict=True))
        for weight, bias in layers:
            states.append(torch.tanh(torch.addmv(bias, weight, states[-1])))
        back = (states[-1] - target) * (2 / len(target))
        for (weight, bias), above, below in reversed(
            list(zip(layers, states[1:], states[:-1], strict=True))
        ):
            grad = back * (1 - above * above)
            back = torch.mv(weight.t(), grad) if below is not x else grad
            weight.addr_(grad, below, alpha=-STEP)
            bias.add_(grad, alpha=-STEP)


@dataclass(slots=True)
class TorchRunner:
    """Calls `step` once for each presentation."""

    step: Any
    start: Tensors
    inputs: Tensors
    targets: Tensors
    compile_seconds: float = 0.0
    parameters: Tensors = field(default_factory=list)

    def run(self, count: int) -> None:
        """Train from the starting weights on the first `count` examples."""
        self.parameters = [value.clone().requires_grad_() for value in self.start]
        for x, target in zip(self.inputs[:count], self.targets[:count], strict=True):
            self.step(self.parameters, x, target)

    def answer(self) -> Weights:
        """Return the parameters that the last `run` left."""
        values = (parameter.detach().numpy() for parameter in self.parameters)
        return dict(zip(NAMES, values, strict=True))


def _prepare(step: Any, weights: Weights, inputs: F32, targets: F32) -> TorchRunner:
    torch = import_module("torch")

    torch.set_num_threads(1)
    start = [torch.from_numpy(weights[name]) for name in NAMES]
    x, y = list(torch.from_numpy(inputs)), list(torch.from_numpy(targets))
    return TorchRunner(partial(step, torch), start, x, y)


TORCH = needs("torch")
AUTOGRAD, MANUAL = partial(_prepare, _autograd_step), partial(_prepare, _manual_step)

RIVALS = (
    Rival("PyTorch, layers, autograd", TORCH, AUTOGRAD, cores=1, share=0.2, task=FULL),
    Rival("PyTorch, layers, by hand", TORCH, MANUAL, cores=1, share=0.2, task=FULL),
)
