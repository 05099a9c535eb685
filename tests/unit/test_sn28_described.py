"""Nets of net forms as the live net: the same units, trained in SN 2.8's words to the same bits."""

from __future__ import annotations

import numpy as np
import pytest

from sn.errors import SnError
from sn.lisp.forms import show
from sn.net.costs import cost
from sn.net.table import freeze
from sn.optim.first_order import Sgd
from sn.optim.second_order import DiagonalNewton
from sn.session import Session
from sn.train.historical import HistoricalEngine

NET = """
(defnet small
  (layer input (6 6) (border -1))
  (layer maps (2 3 3) (nlf-tanh 0.66666666 0))
  (layer output (2) (nlf-tanh 0.66666666 0.05))
  (connect input maps (conv (kernel 3 3) (stride 2 2)))
  (connect maps output (full)))
"""
PATTERNS = np.random.default_rng(1).normal(size=(5, 36)).astype(np.float32)
TARGETS = np.sign(np.random.default_rng(2).normal(size=(5, 2))).astype(np.float32)


def live(text: str = "") -> Session:
    session = Session()
    session.evaluate(NET + "(live-net 'small)" + text)
    return session


def test_layers_become_variables_and_counts_are_those_of_the_net() -> None:
    session = live()
    table = freeze(session.world.networks["small"])
    assert session.evaluate("snum") == table.n_rows
    assert session.evaluate("wnum") == table.n_weights
    assert session.evaluate("nnum") == table.n_units + 2
    assert show(session.evaluate("output")) == "(55 56)"
    assert show(session.evaluate("(list (length input) (nfanin (car maps)))")) == "(36 10)"
    constants = np.flatnonzero(~np.isnan(table.constant))
    border = [unit for unit in constants if table.constant[unit] == -1]
    assert len(border) > 0
    assert session.evaluate(f"(nval {border[0]})") == -1


@pytest.mark.kernels
@pytest.mark.parametrize("newton", [False, True])
def test_it_learns_as_the_historical_engine(newton: bool) -> None:
    session = live("(numeric-mode 'historical) (seed 3) (forget 0.5) (epsilon 0.05)")
    it = session.interpreter
    it.define("rows", session.evaluate("(matrix 5 36)"))
    it.define("wanted", session.evaluate("(matrix 5 2)"))
    it.get_global("rows").data[...] = PATTERNS
    it.get_global("wanted").data[...] = TARGETS
    table = freeze(session.world.networks["small"])
    optimizer = DiagonalNewton(learning_rate=0.05) if newton else Sgd(learning_rate=0.05)
    engine = HistoricalEngine(table, cost.get("lms")(2), optimizer, {"train": PATTERNS}, TARGETS)
    engine.set_weights(session.world.live.weights[0, : table.n_weights].copy())
    order = (np.arange(12) % 5).astype(np.int32)
    engine.begin_pass(order)
    engine.present(order)
    session.evaluate(
        "(setq pattern-matrix rows desired-matrix wanted) (ensemble 0 4)"
        + ("(learn-lm 12)" if newton else "(learn 12)")
    )
    found = session.world.live.weights[0, : table.n_weights]
    assert np.array_equal(found, engine.get_weights())


def test_a_formula_is_computed_unit_by_unit() -> None:
    session = Session()
    session.evaluate(
        "(defnet a (layer in (1)) (layer out (1) (softplus)) (connect in out (full)))"
        "(live-net) (sval 1 2 2) (nval 1 0.5) (forward-prop net-struc)"
    )
    assert session.evaluate("(nval 2)") == pytest.approx(np.log1p(np.exp(1)), rel=1e-6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(live-net)", "there is no net of net forms"),
        (NET + "(live-net 'smal)", "there is no net smal"),
        (NET + "(sn28-kernel 'sn28) (live-net)", "the kernel sn28 has no shared weights"),
        (
            "(defnet a (layer connect (1)) (layer out (1)) (connect connect out (full)))(live-net)",
            "layer connect has the name of a word of SN",
        ),
    ],
)
def test_what_cannot_live_is_refused(text: str, message: str) -> None:
    with pytest.raises(SnError) as caught:
        Session().evaluate(text)
    assert message in caught.value.message
    assert caught.value.span is not None
