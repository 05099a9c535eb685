"""When a run ends early, and by which set."""

from __future__ import annotations

import pytest

from sn.errors import SettingError
from sn.results.record import PassRecord, Scores
from sn.train.stopping import Stop, deciding


def passes(*errors: float) -> list[PassRecord]:
    return [
        PassRecord(number, Scores(error, None, 4), None, 0.0)
        for number, error in enumerate(errors, 1)
    ]


@pytest.mark.parametrize(
    ("stop", "errors", "is_due"),
    [
        (Stop(), (0.0, 0.0), False),
        (Stop(error=0.1), (0.3, 0.1), True),
        (Stop(error=0.1), (0.3, 0.11), False),
        (Stop(patience=2), (0.3, 0.2, 0.25, 0.2), True),
        (Stop(patience=2), (0.3, 0.2, 0.25), False),
        (Stop(patience=2), (0.3, 0.2, 0.25, 0.19), False),
        (Stop(patience=1), (0.3,), False),
    ],
)
def test_a_run_ends_when_it_is_good_enough_or_stops_improving(
    stop: Stop, errors: tuple[float, ...], is_due: bool
) -> None:
    assert stop.is_due(passes(*errors)) is is_due


def test_the_validation_set_decides_and_the_test_set_never() -> None:
    train, test, validation = (Scores(error, None, 4) for error in (0.1, 0.2, 0.3))
    assert deciding(PassRecord(1, train, test, 0.0, validation)) is validation
    assert deciding(PassRecord(1, train, test, 0.0)) is train


def test_patience_is_a_number_of_passes() -> None:
    with pytest.raises(SettingError, match="patience"):
        Stop(patience=0)
