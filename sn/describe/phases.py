"""The phase options of an experiment: one optimizer after the other."""

from __future__ import annotations

from collections.abc import Mapping

from sn.describe.options import Argument, choice, clause, clauses, count, limited
from sn.describe.several import Several
from sn.errors import ArityError, EvalError
from sn.lisp.machine import Machine
from sn.optim.base import Optimizer
from sn.train.phases import AT_LEAST_ONE, PHASES, Phase

PHASE = "(phase (passes N) (optimizer NAME))"
_PARTS = {"passes": "(passes N)", "optimizer": "(optimizer NAME)"}


def read_phases(
    it: Machine, parts: list[Argument], optimizers: Mapping[str, Optimizer]
) -> tuple[Phase, ...]:
    """Read every (phase (passes N) (optimizer NAME)), in their order.

    Raises: ArityError for one that lacks either, UnknownNameError for another optimizer.
    """
    if parts and PHASES in optimizers:
        raise EvalError(
            f"an optimizer cannot be called '{PHASES}' in an experiment that has phases",
            span=parts[0].span,
            hint=f"--optimizer {PHASES} is the run through all of them",
        )
    return tuple(_phase(it, part, optimizers) for part in parts)


def _phase(it: Machine, part: Argument, optimizers: Mapping[str, Optimizer]) -> Phase:
    found = clause(part, PHASE)
    passes, chosen = None, None
    errors = Several()
    for option in clauses(list(found.args), _PARTS, "phase", errors):
        with errors:
            count(option, 1, 1, _PARTS[option.word])
            if option.word == "passes":
                passes = limited(it, option.args[0], "the number of passes", AT_LEAST_ONE)
            else:
                chosen = choice(option.args[0], "optimizer", dict.fromkeys(optimizers))
    errors.end()
    if passes is None or chosen is None:
        lacking = "passes" if passes is None else "optimizer"
        raise ArityError(
            f"a phase says nothing about its {lacking}", span=found.span, hint=f"write {PHASE}"
        )
    return Phase(passes, chosen)
