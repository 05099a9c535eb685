"""Limits: the same numbers are refused in Lisp, in Python and on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sn
from sn.contest import compare, contenders
from sn.errors import SettingError, SnError
from sn.limits import AVERAGE, DECAY, MOMENTUM, PASSES, POSITIVE, RATE, SEED, Limit
from sn.net.init import Init, Uniform
from sn.optim.base import optimizer
from sn.session import Session
from sn.train.experiment import check_targets
from sn.train.orders import order_of_pass

NAN, INFINITE = float("nan"), float("inf")
NET = "(defnet n (layer in (16 16)) (layer out (10)) (connect in out (full)))"
# option, what it may be, what it may not
SETTINGS: list[tuple[str, list[float], list[float]]] = [
    ("learning-rate", [0, 0.5, 7], [-0.1, INFINITE, NAN]),
    ("momentum", [0, 0.999], [-0.1, 1, 2, NAN]),
    ("decay", [0, 0.5, 1], [-1e-9, 1.001, INFINITE]),
    ("gamma", [1e-9, 1], [0, -0.1, 1.1, NAN]),
    ("mu", [0, 3], [-0.05, INFINITE]),
    ("samples", [0, 5], [-1, 2.5]),
    ("limit", [0.1, 50], [0, -1]),
]


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (RATE, "a number of at least 0"),
        (MOMENTUM, "a number of at least 0 and below 1"),
        (AVERAGE, "a number above 0 and at most 1"),
        (DECAY, "a number from 0 to 1"),
        (PASSES, "a whole number of at least 0"),
        (SEED, "a whole number from 0 to 18446744073709551615"),
        (Limit(most=2, is_open_above=True), "a number below 2"),
        (Limit(), "a number"),
    ],
)
def test_a_limit_says_what_it_wants(limit: Limit, words: str) -> None:
    assert limit.words == words


@pytest.mark.parametrize("value", [True, "3", None, NAN, INFINITE, -INFINITE, [1], 1j, b"1"])
@pytest.mark.parametrize("limit", [RATE, PASSES, SEED, Limit()])
def test_what_is_no_number_is_refused_by_every_limit(limit: Limit, value: Any) -> None:
    with pytest.raises(SettingError, match="a setting must be a "):
        limit.take("a setting", value)


def test_numbers_of_numpy_are_numbers() -> None:
    assert PASSES.take("passes", np.int64(3)) == 3
    assert type(PASSES.take("passes", np.float32(3))) is int
    assert RATE.take("a rate", np.float32(0.5)) == 0.5
    assert not SEED.allows(10**400)
    with pytest.raises(SettingError, match="found -2"):
        PASSES.take("passes", np.int8(-2))


def in_lisp(kind: str, option: str, value: float, before: str = "") -> None:
    """Describe an experiment with one option; other options are as they must be."""
    rate = "" if option == "learning-rate" else "(learning-rate 0.1)"
    text = f'(experiment n (data "mnist-1989")\n (optimizer s ({kind} {rate} ({option} x))))'
    session = Session()
    session.interpreter.set_global("x", float(value))
    session.evaluate(f"{NET}{before}\n{text}", "here.sn")


def kinds_with(option: str) -> list[str]:
    field = option.replace("-", "_")
    return [e.name for e in optimizer.describe() if field in e.value.__dataclass_fields__]


@pytest.mark.parametrize(("option", "right", "wrong"), SETTINGS, ids=[s[0] for s in SETTINGS])
def test_options_of_optimizers_have_limits_in_lisp_and_python(
    option: str, right: list[float], wrong: list[float]
) -> None:
    field = option.replace("-", "_")
    assert kinds_with(option)
    for kind in kinds_with(option):
        others = {} if field == "learning_rate" else {"learning_rate": 0.1}
        for value in right:
            in_lisp(kind, option, value)
            optimizer.get(kind)(**others, **{field: value})
        for value in wrong:
            with pytest.raises(SettingError, match=f"the {option} must be a ") as lisp:
                in_lisp(kind, option, value)
            assert lisp.value.span is not None
            assert (lisp.value.span.file, lisp.value.span.line) == ("here.sn", 3)
            with pytest.raises(SettingError, match=f"{option} must be a "):
                optimizer.get(kind)(**others, **{field: value})
        for value in (True, "0.5", None):
            with pytest.raises(SettingError, match=f"{option} must be a "):
                optimizer.get(kind)(**others, **{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("variable", ["alpha", "decay", "gamma", "mu"])
def test_the_variables_of_sn_have_the_limits_of_the_options(variable: str) -> None:
    with pytest.raises(SettingError, match=f"from the variable {variable}, must be") as told:
        in_lisp("diagonal-newton", "learning-rate", 0.1, f"(setq {variable} -1)")
    assert told.value.span is not None
    assert told.value.span.line == 3


def test_the_rate_of_a_layer_has_the_limit_of_a_rate() -> None:
    text = (
        f'{NET}(experiment n (data "mnist-1989")\n(optimizer s (sgd (epsilon 1) (layer out -2))))'
    )
    with pytest.raises(SettingError, match="a number of at least 0, found -2") as told:
        Session().evaluate(text, "here.sn")
    assert told.value.span is not None
    assert (told.value.span.line, told.value.span.column) == (2, 42)
    with pytest.raises(SettingError, match="learning-rate of layer out must be"):
        optimizer.get("sgd")(learning_rate=1, layers={"out": -2})


def test_a_clipped_curvature_needs_room() -> None:
    text = "(diagonal-newton (damping clip) (mu 3) (limit 2))"
    with pytest.raises(SettingError, match="limit must be at least mu, 3, found 2") as told:
        Session().evaluate(f'{NET}(experiment n (data "mnist-1989") (optimizer s {text}))')
    assert told.value.span is not None


@pytest.mark.parametrize("targets", [(1.0, 1.0), (1.0, -1.0), (NAN, 1.0), (-1.0, INFINITE)])
def test_the_right_target_is_the_larger(targets: tuple[float, float]) -> None:
    with pytest.raises(SettingError):
        check_targets(*targets)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.sn"
    text = '(experiment n (data "mnist-1989") (optimizer s (sgd (epsilon 0.001))))'
    path.write_text(NET + text)
    return path


@pytest.mark.parametrize("passes", [-1, 2.5, True, "3", NAN, INFINITE])
def test_passes_are_checked_in_python(small: Path, passes: Any) -> None:
    with pytest.raises(SettingError, match="passes must be a whole number of at least 0"):
        sn.load(small).experiment().train(passes=passes)
    with pytest.raises(SettingError, match="passes must be a whole number of at least 0"):
        compare(contenders([small]), [0], passes=passes)


@pytest.mark.parametrize("seed", [-1, 2**64, 0.5, False, "1", NAN])
def test_seeds_are_checked_in_python(small: Path, seed: Any) -> None:
    calls = [
        lambda: sn.load(small).experiment().train(seed=seed),
        lambda: sn.load(small).experiment().examples(seed),
        lambda: sn.load(small).check_gradients(seed),
        lambda: Session(seed=seed),
        lambda: compare(contenders([small]), [seed], passes=1),
    ]
    for call in calls:
        with pytest.raises(SettingError, match="seed must be a whole number from 0 to 1844674407"):
            call()


def test_every_seed_of_64_bits_is_another_one(small: Path) -> None:
    seeds = (0, 1, 2**32, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 2, 2**64 - 1)
    table = sn.load(small).table
    drawn = {Init().draw(table, seed).tobytes() for seed in seeds}
    orders = {order_of_pass("shuffled", 50, seed, 1).tobytes() for seed in seeds}
    assert len(drawn) == len(orders) == len(seeds)


@pytest.mark.parametrize("settings", ["rate", {"rate": 0.01}, {1: "2"}, {"": "2"}])
def test_settings_are_text(small: Path, settings: Any) -> None:
    with pytest.raises(SettingError):
        sn.load(small, settings)


def test_settings_from_python_are_checked_as_on_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "with.sn"
    path.write_text(f"(setq rate 0.1)\n{NET}")
    with pytest.raises(SnError, match="has no variable 'rte'") as told:
        sn.load(path, {"rte": "1"})
    assert told.value.hint == "did you mean 'rate'?"
    with pytest.raises(SnError, match=r"train\(passes=\.\.\.\)|has no variable 'passes'"):
        sn.load(path, {"passes": "1"})
    for text in ("", "1 2"):
        with pytest.raises(SnError, match="setting rate needs one value"):
            sn.load(path, {"rate": text})
    with pytest.raises(SnError, match="never closed"):
        sn.load(path, {"rate": "(1"})
    program = sn.load(path, {"RATE": "7"})
    assert program.session.evaluate("rate") == 7.0


@pytest.mark.parametrize("scale", [-1.0, NAN, True, "2.4"])
def test_the_width_of_initial_weights_has_a_limit(scale: Any) -> None:
    with pytest.raises(SettingError, match="scale must be a number of at least 0"):
        Uniform(scale)
    assert Uniform(0).scale == 0


def test_names_and_counts_of_other_kinds_are_refused(small: Path) -> None:
    with pytest.raises(SettingError, match="optimizer must be a name, found 3"):
        sn.load(small).experiment().train(optimizer=3)  # type: ignore[arg-type]
    for options in ({"jobs": 0}, {"jobs": 1.5}, {"reach": 0.0}, {"reach": NAN}):
        with pytest.raises(SettingError, match=f"{next(iter(options))} must be"):
            compare(contenders([small]), [0], passes=1, **options)  # type: ignore[arg-type]


def test_positive_is_open_at_zero() -> None:
    assert not POSITIVE.allows(0)
    assert POSITIVE.allows(5e-324)
