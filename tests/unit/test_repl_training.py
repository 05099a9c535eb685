"""Training from a prompt: it goes on where it was, and takes over what still fits."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from sn.networds import LispNet
from sn.repl.dialogue import Dialogue
from sn.results.check_report import CheckReport
from sn.results.record import PassRecord
from sn.session import Session
from sn.train.observer import Observer
from sn.trained.net import open_trained
from tests.listening import Listener

pytestmark = pytest.mark.kernels
NET = """
(setq hidden 3)
(defnet small
  (layer in (2)) (layer h (hidden)) (layer out (1)) (connect in h (full)) (connect h out (full)))
(experiment small (data (patterns '((0 1) (1 0) (1 1)) '((1) (-1) (1))))
  (optimizer sgd (sgd (learning-rate 0.1))) (optimizer slow (sgd (learning-rate 0.01))) (passes 4))
"""


class Told(Listener):
    """One who notes the names of nets."""

    def show_parts(self, report: CheckReport) -> None:
        self.said.append(report.name)


class Stops(Observer):
    """Presses Ctrl-C after a pass, once."""

    def __init__(self) -> None:
        self.at: int | None = None
        self.passes: list[int] = []
        self.taken: list[tuple[list[str], list[str]]] = []

    def pass_finished(self, record: PassRecord) -> None:
        self.passes.append(record.number)
        if record.number == self.at:
            self.at = None
            raise KeyboardInterrupt

    def weights_taken(
        self, net: str, taken: Sequence[str], left: Sequence[tuple[str, str]]
    ) -> None:
        self.taken.append((sorted(taken), sorted(name for name, _ in left)))


@pytest.fixture
def watch() -> Stops:
    return Stops()


@pytest.fixture
def begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, watch: Stops
) -> Iterator[Callable[..., Dialogue]]:
    """Begin a dialogue in a folder of its own that has the net."""
    monkeypatch.chdir(tmp_path)

    @contextlib.contextmanager
    def watching() -> Iterator[Sequence[Observer]]:
        yield (watch,)

    with contextlib.ExitStack() as stack:

        def made(is_kept: bool = False) -> Dialogue:
            dialogue = Dialogue(Session(), Told(), watching, is_kept=is_kept)
            stack.callback(dialogue.close)
            assert dialogue.answer(NET)
            return dialogue

        yield made


@pytest.fixture
def dialogue(begin: Callable[..., Dialogue]) -> Dialogue:
    return begin()


def weights(dialogue: Dialogue) -> dict[str, np.ndarray]:
    """Return the weights as they stand, by name."""
    assert dialogue.answer("(trained)"), dialogue.errors.last
    net = dialogue.it.get_global("*1")
    assert isinstance(net, LispNet)
    return net.net.weights


def are_equal(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(
        np.array_equal(one[name], other[name]) for name in one
    )


def whole_run(passes: int, **options: object) -> dict[str, np.ndarray]:
    """Return the weights that so many passes of `Experiment.train` lead to."""
    session = Session()
    session.evaluate(NET)
    from sn.session import Program

    record = Program(session, Path("a.sn"), NET).experiment().train(passes, **options)  # type: ignore[arg-type]
    return dict(record.weights)


def test_training_goes_on_where_it_was(dialogue: Dialogue, watch: Stops) -> None:
    assert dialogue.answer("(train)")
    assert watch.passes == [1, 2, 3, 4]
    assert are_equal(weights(dialogue), whole_run(4))
    assert dialogue.answer("(train 3)")
    assert watch.passes == [1, 2, 3, 4, 5, 6, 7]
    assert are_equal(weights(dialogue), whole_run(7))


def test_the_fresh_net_can_be_looked_at(dialogue: Dialogue) -> None:
    fresh = weights(dialogue)
    assert are_equal(fresh, whole_run(0))
    assert dialogue.answer('(net-test (trained) "train")')


def test_what_was_stopped_goes_on_to_its_end(dialogue: Dialogue, watch: Stops) -> None:
    watch.at = 2
    with pytest.raises(KeyboardInterrupt):
        dialogue.answer("(train)")
    dialogue.tell_interrupt()
    person = dialogue.person
    assert isinstance(person, Told)
    assert person.said[-1] == "interrupted after pass 2; (train) goes on from there"
    assert are_equal(weights(dialogue), whole_run(2))
    dialogue.tell_interrupt()
    assert person.said[-1] == "interrupted"  # of something else
    assert dialogue.answer("(train)")
    assert watch.passes == [1, 2, 3, 4]
    assert are_equal(weights(dialogue), whole_run(4))


def test_a_net_that_was_changed_takes_over_what_fits(dialogue: Dialogue, watch: Stops) -> None:
    assert dialogue.answer("(train)")
    before = weights(dialogue)
    assert dialogue.answer("(rebuild)") and dialogue.answer("(train 1)")
    assert watch.taken == [] and watch.passes[-1] == 5  # nothing had changed
    assert dialogue.answer("(setq hidden 5) (rebuild) (train 1)")
    assert watch.taken == [(["out.bias"], ["h.bias", "h.weight", "out.weight"])]
    assert weights(dialogue)["h.weight"].shape == (5, 2)
    assert before["h.weight"].shape == (3, 2)


def test_another_optimizer_starts_from_the_weights(dialogue: Dialogue, watch: Stops) -> None:
    assert dialogue.answer("(train)") and dialogue.answer("(train 'slow 1)")
    assert watch.taken[-1][1] == [] and watch.passes[-1] == 1
    assert dialogue.answer("(train 1)")  # by the optimizer that was named last
    assert watch.passes[-1] == 2


def test_training_may_begin_anew(dialogue: Dialogue, watch: Stops) -> None:
    assert dialogue.answer("(train)")
    first = weights(dialogue)
    assert dialogue.answer("(train-anew)") and dialogue.answer("(train)")
    assert are_equal(weights(dialogue), first)
    assert watch.passes == [1, 2, 3, 4, 1, 2, 3, 4]


def test_the_value_is_the_net(dialogue: Dialogue, capsys: pytest.CaptureFixture[str]) -> None:
    assert dialogue.answer("(train 1)")
    assert capsys.readouterr().out.endswith("= ::NET:small\n")
    person = dialogue.person
    assert isinstance(person, Told)
    assert "1 pass of sgd" in person.said[-1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(train 'smal)", "there is no experiment and no optimizer 'smal'"),
        ("(train -1)", "passes"),
        ('(train "small")', "train needs"),
        ("(trained 'other)", "no experiment 'other'"),
        ("(layers 'other)", "there is no net 'other'"),
    ],
)
def test_what_is_not_there_is_told(dialogue: Dialogue, text: str, message: str) -> None:
    assert not dialogue.answer(text)
    assert dialogue.errors.last is not None and message in dialogue.errors.last.error.message


def test_there_must_be_an_experiment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    dialogue = Dialogue(Session(), Told(), lambda: contextlib.nullcontext(()), is_kept=False)
    for text in ("(train)", "(trained)", "(train-anew)", "(layers)", "(rebuild)"):
        assert not dialogue.answer(text)
        assert dialogue.errors.last is not None
        assert "describes no network" in dialogue.errors.last.error.message


def test_nothing_is_left_unless_it_is_wanted(dialogue: Dialogue, tmp_path: Path) -> None:
    assert dialogue.answer("(train 1)")
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_kept_can_be_opened_and_holds_the_program(
    begin: Callable[..., Dialogue], tmp_path: Path
) -> None:
    dialogue = begin(is_kept=True)
    assert dialogue.answer("(help) (train 2)") and dialogue.answer("(train 1)")
    (folder,) = (tmp_path / "runs").iterdir()
    assert open_trained(folder).about.passes == 3
    source = (folder / "source.sn").read_text()
    assert "(defnet small" in source and "(train" not in source and "(help" not in source


def test_layers_are_shown(dialogue: Dialogue) -> None:
    assert dialogue.answer("(layers)")
    person = dialogue.person
    assert isinstance(person, Told)
    assert person.said[-1] == "small"
