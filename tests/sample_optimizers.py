"""Optimizers of every kind, for tests that hold one engine to another."""

from __future__ import annotations

from sn.net.expr import call, const, variable
from sn.optim.adaptive import Adagrad, Adam, AdamW, RmsProp
from sn.optim.base import Optimizer, Scale
from sn.optim.conjugate import ConjugateGradient
from sn.optim.first_order import Batch, Nesterov, Sgd
from sn.optim.rprop import Rprop
from sn.optim.rules import Decay
from sn.optim.schedule import Cosine, Formula, Linear, PerPass, Step
from sn.optim.second_order import BatchNewton, Damping, DiagonalNewton, Form

PRESENTATION, HIGH, LOW = variable("presentation"), const(0.1), const(0.02)

# what is set, and how far the kernels may be from the twin after two passes: a curvature that is
# nearly 0 magnifies the rounding of a step
OPTIMIZERS: dict[str, tuple[Optimizer, float]] = {
    "sgd": (Sgd(learning_rate=0.02), 1e-6),
    "sgd, a rate per layer": (Sgd(learning_rate=0.02, layers={"out": 0.1}), 1e-6),
    "sgd, a rate per weight": (Sgd(learning_rate=0.3, scale=Scale.FAN_IN), 1e-6),
    "sgd, momentum and decay": (
        Sgd(learning_rate=0.02, momentum=0.5, decay=0.01, decay_rule=Decay.SCALED),
        1e-6,
    ),
    "sgd, plain decay": (Sgd(learning_rate=0.02, layers={"h": 0.0}, decay=0.01), 1e-6),
    "batch": (Batch(learning_rate=0.005, momentum=0.5), 1e-6),
    "batch, masks": (Batch(learning_rate=0.02, scale=Scale.MASK), 1e-6),
    "newton": (DiagonalNewton(learning_rate=0.01), 2e-5),
    "newton, full": (DiagonalNewton(learning_rate=0.01, curvature=Form.FULL), 5e-5),
    "newton, sampled": (DiagonalNewton(learning_rate=0.01, samples=9), 2e-5),
    "newton, clipped": (
        DiagonalNewton(learning_rate=0.01, damping=Damping.CLIP, limit=2.0, momentum=0.5),
        2e-5,
    ),
    "batch newton": (BatchNewton(learning_rate=0.1), 2e-5),
    "conjugate gradient": (ConjugateGradient(mu=0.1), 2e-5),
    "nesterov": (Nesterov(learning_rate=0.02, momentum=0.8), 1e-6),
    "nesterov, a rate per weight": (Nesterov(learning_rate=0.3, scale=Scale.FAN_IN), 1e-6),
    # a descent that is nearly 0 has a sign that rounding decides, and Adam steps by the sign
    "adam": (Adam(learning_rate=0.002, eps=1e-3), 2e-5),
    "sgd, decays of layers and biases": (
        Sgd(learning_rate=0.02, decay=0.01, decays={"h": 0.05, "": 0.0}),
        1e-6,
    ),
    "batch, no decay of biases": (
        Batch(learning_rate=0.005, decay=0.02, decays={"": 0.0}, decay_rule=Decay.SCALED),
        1e-6,
    ),
    "newton, a decay of one layer": (
        DiagonalNewton(learning_rate=0.01, decays={"out": 0.02}),
        2e-5,
    ),
    "adamw, decays": (
        AdamW(learning_rate=0.002, eps=1e-3, decays={"out": 0.3, "": 0.0}),
        2e-5,
    ),
    "adamw": (AdamW(learning_rate=0.002, eps=1e-3, decay=0.1), 2e-5),
    "adagrad": (Adagrad(learning_rate=0.01, eps=1e-2), 2e-5),
    "rmsprop": (RmsProp(learning_rate=0.002, eps=1e-2, momentum=0.5), 2e-5),
    "rprop": (Rprop(learning_rate=0.02), 2e-5),
    "adam, frozen": (Adam(learning_rate=0.002, eps=1e-3, layers={"h": 0.0}), 2e-5),
    "sgd, linear": (
        Sgd(
            learning_rate=0.03,
            layers={"out": 0.06},
            schedules={"learning_rate": Linear(0.03, 0, 3)},
        ),
        1e-6,
    ),
    "sgd, by presentation": (
        Sgd(
            learning_rate=0.05,
            momentum=0.0,
            decay=0.01,
            layers={"out": 0.1},
            schedules={
                "learning_rate": Formula(0.05 / (1 + 0.1 * PRESENTATION)),
                "momentum": PerPass((0.0, 0.5)),
                "layer out": Formula(call("if", call("lt", PRESENTATION, const(9)), HIGH, LOW)),
            },
        ),
        1e-6,
    ),
    "sgd, a changing rate per weight": (
        Sgd(
            learning_rate=0.3,
            scale=Scale.FAN_IN,
            schedules={"learning_rate": Formula(0.3 / PRESENTATION)},
        ),
        1e-6,
    ),
    "newton, changing": (
        DiagonalNewton(
            learning_rate=0.01,
            schedules={"mu": Cosine(0.3, 0.05, 3), "gamma": Formula(1 / (PRESENTATION + 1))},
        ),
        2e-5,
    ),
    "newton, sampled and changing": (
        DiagonalNewton(
            learning_rate=0.01,
            samples=9,
            schedules={"learning_rate": Formula(0.2 / (19 + PRESENTATION))},
        ),
        2e-5,
    ),
    "batch, changing": (
        Batch(
            learning_rate=0.005,
            schedules={
                "learning_rate": Formula(0.05 / (10 + PRESENTATION)),
                "momentum": PerPass((0, 0.5)),
            },
        ),
        1e-6,
    ),
    "adam, changing": (
        Adam(learning_rate=0.002, eps=1e-3, schedules={"learning_rate": Step(0.004, 0.5, 1)}),
        2e-5,
    ),
    "conjugate gradient, changing": (
        ConjugateGradient(mu=0.1, schedules={"mu": Linear(0.2, 0.1, 2)}),
        2e-5,
    ),
    "adam, a rate per weight": (Adam(learning_rate=0.01, eps=1e-3, scale=Scale.FAN_IN), 2e-5),
}
