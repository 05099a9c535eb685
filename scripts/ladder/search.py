"""Search: how rung 7 was chosen, by training digits alone.

Every sixth training digit is held out; each candidate is rung 4 with some words changed, trained on
the others, and judged by its misses of those held out: on the stand-in and on the real digits, over
a few seeds. The test digits are not looked at. Most candidates go on from the best before them.

Read next: ../../nets/ladder/7-ours.sn for what came out.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sn.session import Session
from sn.train.batches import BatchEngine
from sn.train.engines import KernelEngine
from sn.train.loop import order_of_pass

ROOT = Path(__file__).resolve().parents[2]
BASE = ROOT / "nets" / "ladder" / "4-relu-dropout.sn"
HELD_OUT = 6  # every so manieth digit
SETS = ("mnist-1989", "zipcode")
Edit = tuple[str, str]

RULE = "(adamw (learning-rate (linear 3e-4 1e-4 80)))"
ORDER = ("(order constant)", "(order shuffled)")


def _units(kind: str) -> list[Edit]:
    """Return the changes that make hidden units of another kind."""
    words = ("(12 8 8) ", "(12 4 4) ", "(30)     ")
    return [(f"{size}(relu)", f"{size}({kind})") for size in words]


def _shown(how: str) -> Edit:
    return "(augment (shift 1) (wrap))", f"(augment {how})"


def _rule(rate: str, end: str = "1e-5", passes: int = 80, more: str = "") -> Edit:
    return RULE, f"(adamw (learning-rate (cosine {rate} {end} {passes})){more})"


def _newton(passes: int = 80) -> Edit:
    rate = f"(learning-rate (cosine 5e-4 5e-6 {passes}))"
    return RULE, f"(diagonal-newton {rate} (mu 0.05) (gamma 0.05))"


def _passes(count: int) -> Edit:
    return "(passes 80)\n  (order", f"(passes {count})\n  (order"


def _smoothed(share: float) -> Edit:
    return "(cost softmax)", f"(cost softmax (label-smoothing {share:g}))"


def _blocks_of_eight() -> str:
    rows = [" ".join(str(x) for x in sorted((i + j) % 12 for j in range(8))) for i in range(12)]
    return "'(" + " ".join(f"({row})" for row in rows) + ")"


TABLE = """'((0 1 2 3 4 5 6 7) (0 1 2 3 4 5 6 7) (0 1 2 3 4 5 6 7) (0 1 2 3 4 5 6 7)
        (4 5 6 7 8 9 10 11) (4 5 6 7 8 9 10 11) (4 5 6 7 8 9 10 11) (4 5 6 7 8 9 10 11)
        (0 1 2 3 8 9 10 11) (0 1 2 3 8 9 10 11) (0 1 2 3 8 9 10 11) (0 1 2 3 8 9 10 11))"""
NO_DROPOUT = ("(dropout 0.25)", "")
TURNED = _shown("(shift 1) (rotate 10) (scale 0.1)")
COSINE = [_rule("1e-3"), TURNED]
BARE = [*COSINE, NO_DROPOUT]
SILU = [_rule("2e-3"), TURNED, NO_DROPOUT, *_units("silu")]
GELU = [_rule("2e-3"), TURNED, NO_DROPOUT, *_units("gelu")]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Rung 4 with words changed."""

    name: str
    words: str
    edits: Sequence[Edit]

    @property
    def source(self) -> str:
        """Its program."""
        text = BASE.read_text(encoding="utf-8")
        for old, new in self.edits:
            assert old in text, f"{old} is not in {BASE.name}"
            text = text.replace(old, new)
        return text


def _changed(edits: Sequence[Edit], *others: Edit) -> list[Edit]:
    """Return edits with some in the place of those of the same words."""
    words = {old for old, _ in others}
    return [*(edit for edit in edits if edit[0] not in words), *others]


TRIED = tuple(
    Candidate(*one)
    for one in (
        ("rung4", "rung 4 itself", []),
        ("gelu", "gelu units", _units("gelu")),
        ("silu", "silu units", _units("silu")),
        ("shift2", "shifts by two pixels", [_shown("(shift 2)")]),
        ("rot", "rotations by 10 degrees, sizes by 10 %", [TURNED]),
        ("rot2", "by 15 and 15", [_shown("(shift 1) (rotate 15) (scale 0.15)")]),
        ("cos", "rate 1e-3, falling to 1e-5 as a cosine", [_rule("1e-3")]),
        ("newton-ce", "diagonal Newton with the cross-entropy", [_newton()]),
        ("cos-rot", "cosine and rotations", COSINE),
        (
            "cos-rot-ema",
            "averaged weights, 0.999",
            _changed(COSINE, _rule("1e-3", more=" (average 0.999)")),
        ),
        ("cos-rot-ls", "labels smoothed by 0.1", [*COSINE, _smoothed(0.1)]),
        ("cos-rot-drop1", "dropout 0.1", [*COSINE, ("(dropout 0.25)", "(dropout 0.1)")]),
        ("cos-rot-nodrop", "no dropout", BARE),
        ("cos-rot-gelu", "gelu units, dropout 0.25", [*COSINE, *_units("gelu")]),
        ("cos-rot-silu", "silu units, dropout 0.25", [*COSINE, *_units("silu")]),
        ("cos-rot-shuf", "in random order", [*COSINE, ORDER]),
        ("nd-silu", "no dropout, silu units", [*BARE, *_units("silu")]),
        ("nd-silu-2e-3", "rate 2e-3", SILU),
        (
            "nd-silu-2e-3-ema",
            "averaged weights, 0.9995",
            _changed(SILU, _rule("2e-3", more=" (average 0.9995)")),
        ),
        ("nd-silu-2e-3-shift", "shifts alone", _changed(SILU, _shown("(shift 1)"))),
        (
            "nd-silu-2e-3-rot5",
            "rotations by 5 degrees, sizes by 5 %",
            _changed(SILU, _shown("(shift 1) (rotate 5) (scale 0.05)")),
        ),
        (
            "nd-silu-2e-3-rot15",
            "rotations by 15 degrees, sizes by 15 %",
            _changed(SILU, _shown("(shift 1) (rotate 15) (scale 0.15)")),
        ),
        ("nd-silu-2e-3-ls", "labels smoothed by 0.1", [*SILU, _smoothed(0.1)]),
        ("nd-silu-2e-3-decay", "decay 0.1", _changed(SILU, _rule("2e-3", more=" (decay 0.1)"))),
        (
            "nd-silu-2e-3-b4",
            "batches of 4, rate 4e-3",
            _changed(SILU, _rule("4e-3", more=" (batch 4)")),
        ),
        (
            "nd-silu-2e-3-160",
            "160 passes",
            [*_changed(SILU, _rule("2e-3", passes=160)), _passes(160)],
        ),
        ("nd-relu-2e-3", "relu units, rate 2e-3", _changed(BARE, _rule("2e-3"))),
        ("r-3e-3", "rate 3e-3", _changed(BARE, _rule("3e-3"))),
        ("r-160", "160 passes", [*_changed(BARE, _rule("2e-3", passes=160)), _passes(160)]),
        (
            "r-160-ema",
            "160 passes, averaged weights, 0.9995",
            [
                *_changed(BARE, _rule("2e-3", passes=160, more=" (average 0.9995)")),
                _passes(160),
            ],
        ),
        ("nd-gelu-2e-3", "gelu units, rate 2e-3", GELU),
        ("g-overlap", "the table of runs of eight maps", [*GELU, (TABLE, _blocks_of_eight())]),
        ("g-3e-3", "rate 3e-3", _changed(GELU, _rule("3e-3"))),
        ("g-b8", "batches of 8, rate 5e-3", _changed(GELU, _rule("5e-3", more=" (batch 8)"))),
        ("g-ls5", "labels smoothed by 0.05", [*GELU, _smoothed(0.05)]),
        ("g-decay", "decay 0.05", _changed(GELU, _rule("2e-3", more=" (decay 0.05)"))),
        ("g-newton", "diagonal Newton with the cross-entropy", _changed(GELU, _newton())),
        ("g-160", "160 passes", [*_changed(GELU, _rule("2e-3", passes=160)), _passes(160)]),
        (
            "g-160-ema",
            "160 passes, averaged weights, 0.9995",
            [
                *_changed(GELU, _rule("2e-3", passes=160, more=" (average 0.9995)")),
                _passes(160),
            ],
        ),
    )
)


def search(n_seeds: int, jobs: int, names: Sequence[str] = ()) -> dict[str, Any]:
    """Train candidates, all or those named; return the misses of what was held out, by set."""
    found: dict[str, Any] = {}
    chosen = [one for one in TRIED if one.name in names or not names]
    with ProcessPoolExecutor(jobs) as pool:
        for one in chosen:
            found[one.name] = {
                digits: list(pool.map(partial(held_out, one.source, digits), range(n_seeds)))
                for digits in SETS
            }
            print(one.name, found[one.name], flush=True)
    return found


def held_out(source: str, digits: str, seed: int) -> int:
    """Train on five sixths of the training digits; return the misses of the others."""
    with tempfile.TemporaryDirectory(prefix="sn-ladder-") as folder:
        file = Path(folder, "candidate.sn")
        file.write_text(source, encoding="utf-8")
        experiment = Session(settings={"digits": f'"{digits}"'}).load(file).experiment()
    spec, table = experiment.spec, experiment.table
    data, _ = spec.data.load()
    numbers = np.arange(len(data.train))
    kept = numbers % HELD_OUT != HELD_OUT - 1
    low, high = spec.targets
    wanted = np.where(np.eye(table.n_outputs, dtype=bool)[data.train.targets], high, low)
    sets = {
        "train": np.ascontiguousarray(data.train.inputs[kept]),
        "validation": np.ascontiguousarray(data.train.inputs[~kept]),
    }
    rule = next(iter(spec.optimizers.values()))
    desired = wanted[kept].astype(np.float32)
    rest = (table, rule, sets, desired, spec.cost, experiment._draws(data, seed, 0))
    engine = (
        BatchEngine(experiment.compile_batches, *rest)
        if rule.phases.in_batches
        else KernelEngine(experiment.compile, *rest)
    )
    engine.set_weights(spec.init.draw(table, seed))
    for number in range(1, spec.passes + 1):
        order = order_of_pass(spec.order or "constant", len(desired), seed, number)
        engine.begin_pass(order)
        engine.present(order)
        engine.end_pass()
    answers = engine.outputs("validation").argmax(axis=1)
    return int(np.count_nonzero(answers != data.train.targets[~kept]))
