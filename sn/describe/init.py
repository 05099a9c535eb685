"""The init option of an experiment: the law of the initial weights."""

from __future__ import annotations

from sn.describe.options import Clause, choice, clause, count, limited
from sn.errors import UnknownNameError
from sn.limits import NOT_NEGATIVE
from sn.lisp.machine import Machine
from sn.net.init import Init, fan_in_law
from sn.net.layer import Network

INIT = "(init (uniform X LAW))"


def read_init(it: Machine, found: Clause, net: Network) -> Init:
    """Read (init (uniform X [LAW]))."""
    count(found, 1, 1, INIT)
    inner = clause(found.args[0], INIT)
    if inner.word != "uniform":
        raise UnknownNameError(f"there is no init '{inner.word}'", span=inner.head_span, hint=INIT)
    laws = dict.fromkeys(fan_in_law)
    count(inner, 1, 2, f"(uniform X [LAW]), LAW one of {', '.join(laws)}")
    law = choice(inner.args[1], "init law", laws) if len(inner.args) == 2 else "constant"
    return Init(limited(it, inner.args[0], "the width", NOT_NEGATIVE), law)
