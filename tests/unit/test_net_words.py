"""Trained nets as values of Lisp: every word says what the method in Python says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import sn
from sn.errors import SnError

pytestmark = pytest.mark.kernels


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of the encoder."""
    folder = tmp_path_factory.mktemp("runs") / "encoder"
    sn.load("encoder").experiment().train(folder=folder)
    return folder


def ask(run: Path, text: str) -> object:
    session = sn.Session(allow=sn.Allow(read=run))
    session.interpreter.set_global("net", session.evaluate(f'(open-net "{run.as_posix()}")'))
    value = session.evaluate(text)
    return session.interpreter.show(value)


EYE = "(all ((i (range 0 7))) (all ((j (range 0 7))) (if (= i j) 1 0)))"


def test_a_net_predicts_and_shows_its_states(run: Path) -> None:
    net = sn.open(run)
    assert ask(run, f"(net-predict net {EYE})") == "(0 1 2 3 4 5 6 7)"
    assert ask(run, "net") == "::NET:encoder"
    outputs = sn.Session(allow=sn.Allow(read=run))
    outputs.interpreter.set_global("net", outputs.evaluate(f'(open-net "{run.as_posix()}")'))
    found = outputs.evaluate(f"(net-outputs net {EYE})").numbers()
    np.testing.assert_array_equal(found.astype(np.float32), net.outputs(np.eye(8)))
    found = outputs.evaluate('(net-states net \'(0 0 1 0 0 0 0 0) "code")').numbers()
    np.testing.assert_allclose(found, net.states(np.eye(8)[2], "code"), rtol=1e-6)
    found = outputs.evaluate('(net-weights net "code.weight")').numbers()
    np.testing.assert_array_equal(found.astype(np.float32), net.weights["code.weight"])


def test_names_and_figures_are_lists(run: Path) -> None:
    assert ask(run, "(net-weights net)").count('"') == 2 * len(sn.open(run).weights)
    assert ask(run, f"(cdr (net-test net {EYE} {EYE}))") == "(0 8)"
    assert ask(run, f"((net-confusion net {EYE} {EYE}) 3 3)") == "1"
    assert ask(run, "(if (net-curvature net) 'kept)") == "kept"


def test_a_net_is_trained_further(run: Path) -> None:
    before, after = (
        float(str(ask(run, f"(car (net-test {net} {EYE} {EYE}))")))
        for net in ("net", "(net-train net 5)")
    )
    assert after < before


ENCODER = Path(sn.__file__).parents[1] / "nets" / "encoder.sn"


def test_a_net_lives_and_comes_back(run: Path) -> None:
    net = sn.open(run)
    session = sn.Session(allow=sn.Allow(read=run))
    session.interpreter.set_global("trained", session.evaluate(f'(open-net "{run.as_posix()}")'))
    session.evaluate(ENCODER.read_text(), "encoder.sn")
    session.evaluate("(live-net 'encoder) (net-into-live trained)")
    assert session.evaluate("wnum") == len(net.weight_vector)
    src, dst, wid = net.table.src[0], net.table.dst[0], net.table.wid[0]
    assert session.evaluate(f"(sval {src} {dst})") == net.weight_vector[wid]
    session.evaluate(f"(sval {src} {dst} 0.25)")
    session.interpreter.set_global("changed", session.evaluate("(net-of-live trained)"))
    found = session.interpreter.get_global("changed").net.weight_vector
    assert found[wid] == 0.25
    assert (found != net.weight_vector).sum() == 1
    with pytest.raises(SnError, match="the live net is not encoder"):
        session.evaluate("(clear-net) (net-into-live trained)")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('(open-net "nowhere")', "nowhere"),
        ("(net-predict net '(1 2))", "expected patterns of 8 numbers"),
        ('(net-predict net \'(1 "a"))', "patterns are a matrix"),
        ('(net-weights net "cod.weight")', "no weights 'cod.weight'"),
        ('(net-states net \'(0 0 1 0 0 0 0 0) "h9")', "no layer 'h9'"),
        ("(net-predict 3 '(1))", "trained net"),
        ("(net-test net '((1 0)))", "patterns need targets"),
        ('(net-test net "test")', "was trained on 'encoder.sn'"),
    ],
)
def test_what_does_not_fit_is_told(run: Path, text: str, message: str) -> None:
    with pytest.raises(SnError, match=message):
        ask(run, text)
