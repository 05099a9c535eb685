"""The slips a newcomer makes, and word for word what SN answers.

Each slip is one change to tests/golden/errors/zipcode.sn, or one wrong command line. The answer
stands in tests/golden/errors/SLIP.txt: what changed, what was typed, stderr and the exit code.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sn.commands import main
from sn.describe.leads.words import OTHER_WORDS

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden" / "errors"
PROGRAM = (GOLDEN / "zipcode.sn").read_text(encoding="utf-8")
FIRST_ROW = "'((0 1 2 3 4 5 6 7)\n"
EXPECT = "\n  (expect (units 1256) (connections 64660) (parameters 9760)))"
DATA = '(data (first-available "zipcode" "mnist-1989"))'
H1 = "(layer h1     (12 8 8) (nlf-tanh 0.66666666 0) (border -1))"
H3 = "(layer h3     (30)     (nlf-tanh 0.66666666 0))"
OUTPUT = "(layer output (10)     (nlf-tanh 0.66666666 0))"
H2 = "(layer h2     (12 4 4) (nlf-tanh 0.66666666 0))"
H2_H3 = "(connect h2    h3     (full))"


@dataclass(frozen=True)
class Slip:
    """Changes of the program, (old, new) once each, and the command line to meet it with."""

    changes: tuple[tuple[str, str], ...]
    words: str = "check zipcode.sn"

    @property
    def program(self) -> str:
        """The program with the changes made."""
        text = PROGRAM
        for old, new in self.changes:
            assert old in text, f"the program no longer has {old}"
            text = text.replace(old, new, 1)
        return text


def edit(old: str, new: str, words: str = "check zipcode.sn") -> Slip:
    """A slip in the text of the program."""
    return Slip(((old, new),), words)


def row(text: str) -> Slip:
    """The first row of the table is `text` instead."""
    return edit(FIRST_ROW, f"'({text}\n")


def unexpected(old: str, new: str, words: str = "check zipcode.sn") -> Slip:
    """A slip in a program without an `expect` that would see it first."""
    return Slip(((EXPECT, ")"), (old, new)), words)


def typed(words: str) -> Slip:
    """A slip on the command line; the program is well."""
    return Slip((), words)


def before_h1(form: str) -> Slip:
    """A slip in a form that stands before that of layer h1."""
    return edit(H1, f"{form}\n  {H1}")


def experiment(form: str) -> Slip:
    """A slip in a form of the experiment."""
    return edit("(optimizer sgd", f"{form}\n  (optimizer sgd")


SLIPS = {
    # the table of maps
    "table-row-with-13-maps": row("(0 1 2 3 4 5 6 7 8 9 10 11 12)"),
    "table-map-12": edit("(4 5 6 7 8 9 10 11)\n", "(4 5 6 7 8 9 10 12)\n"),
    "table-map-twice": row("(0 1 2 3 4 5 6 6)"),
    "table-map-half": row("(0 1 2 3 4 5 6 7.5)"),
    "table-map-is-a-word": row("(0 1 2 3 4 5 6 seven)"),
    "table-13-rows": edit("11)))\n", "11)\n        (0 1 2 3 8 9 10 11)))\n"),
    "table-row-missing": edit("        (0 1 2 3 4 5 6 7)\n", ""),
    "table-row-without-parentheses": row("0 1 2 3 4 5 6 7"),
    "table-row-with-4-maps": row("(0 1 2 3)"),
    "table-not-quoted": edit("'((0 1", "((0 1"),
    "table-name-misspelt": edit("(maps h1-to-h2)", "(maps h1-to-h3)"),
    "table-name-quoted": edit("(maps h1-to-h2)", "(maps 'h1-to-h2)"),
    # layers
    "slice-of-a-computed-layer": edit(H2, "(layer h2 (12 4 4) (from h1 0 191))"),
    "slice-of-an-unknown-layer": before_h1("(layer left (from inptu 0 127))"),
    "slice-beyond-the-end": before_h1("(layer left (from input 128 256))"),
    "slice-backwards": before_h1("(layer left (from input 127 0))"),
    "slice-without-an-end": before_h1("(layer left (from input 0))"),
    "slice-of-other-sizes": before_h1("(layer left (8 8) (from input 0 127))"),
    "slice-larger-than-its-layer": before_h1("(layer left (20 20) (from input 0 127))"),
    "slice-that-computes": before_h1("(layer left (from input 0 127) (tanh))"),
    "slice-that-is-one-twice": before_h1("(layer left (128) (input) (from input 0 127))"),
    "slice-that-feeds-nothing": before_h1("(layer left (from input 0 127))"),
    "slice-that-is-fed": Slip(
        ((H1, f"{H1}\n  (layer low (from input 128 255))\n  (connect h1 low (full))"),)
    ),
    "slice-before-the-input": edit("(layer input  (16 16)", "(layer input  (from image 0 255)"),
    "output-that-shows-the-pattern": edit("(16 16)  (border -1)", "(16 16)  (output)"),
    "output-that-is-none": experiment("(output h3 (cost lms))"),
    "output-of-an-unknown-layer": experiment("(output outptu (cost lms))"),
    "output-without-a-layer": experiment("(output)"),
    "output-twice": experiment("(output output (targets 0 1)) (output output (cost lms))"),
    "output-with-an-unknown-option": experiment("(output output (wieght 2))"),
    "output-with-a-weight-of-its-own": experiment("(output output (weight 2))"),
    "output-that-does-not-suit-its-cost": experiment("(output output (cost softmax))"),
    "output-that-another-layer-became": edit(H3, f"{H3[:-1]} (output))"),
    "output-of-no-weight": Slip(
        (
            *((one, f"{one[:-1]} (output))") for one in (H3, OUTPUT)),
            ("(optimizer sgd", "(output h3 (weight 0))\n  (optimizer sgd"),
        )
    ),
    "output-of-another-size": Slip(
        (*((one, f"{one[:-1]} (output))") for one in (H3, OUTPUT)),),
        "run zipcode.sn",
    ),
    "layer-unknown": edit("(connect h3    output", "(connect h4    output"),
    "layer-twice": edit("(layer h3     (30)", "(layer h2     (30)"),
    "layer-without-parentheses": edit("(layer h3     (30) ", "(layer h3     30 "),
    "layer-with-four-sizes": edit("(12 8 8)", "(12 8 8 1)"),
    "layer-with-half-a-unit": edit("(layer h3     (30) ", "(layer h3     (30.5) "),
    "layer-with-a-keyword": edit("(16 16)  (border -1)", "(16 16)  :border -1"),
    "layer-not-connected": unexpected(f"  {H2_H3}\n", ""),
    "layer-without-a-net": edit(f"{H2}\n", f"{H2}))\n(defnet other\n"),
    "layer-after-the-net": Slip(((EXPECT, ")\n\n(layer extra (10))"),)),
    "fraction": edit("(nlf-tanh 0.66666666 0) (border", "(nlf-tanh 2/3 0) (border"),
    "activation-unknown": edit(H2, "(layer h2 (12 4 4) (mish))"),
    "activation-misspelt": edit(H2, "(layer h2 (12 4 4) (nlf-tahn 0.66666666 0))"),
    "activation-with-an-argument-too-many": edit(H2, "(layer h2 (12 4 4) (tanh 1))"),
    "activation-of-an-unknown-function": edit(H2, "(layer h2 (12 4 4) (nlf gauss))"),
    "activation-of-what-kernels-lack": edit(H2, "(layer h2 (12 4 4) (nlf (lambda (x) (rand x))))"),
    "activation-of-the-input": edit("(16 16)  (border -1)", "(16 16)  (tanh)"),
    # connections
    "kernel-misspelt": edit("h1     (conv (kernel", "h1     (conv (kernal"),
    "kernel-missing": edit("(conv (kernel 5 5) (stride 2 2)))", "(conv (stride 2 2)))"),
    "kernel-with-three-sizes": edit("(conv (kernel 5 5)", "(conv (kernel 5 5 1)"),
    "kernel-without-a-border": edit("0) (border -1)", "0)"),
    "stride-too-small": edit("(conv (kernel 5 5) (stride 2 2)))", "(conv (kernel 5 5)))"),
    "wrap-along-columns": edit("(stride 2 2)))", "(stride 2 2) (wrap columns)))"),
    "conv-on-a-vector": edit(
        "(connect h3    output (full))", "(connect h3 output (conv (kernel 5 5)))"
    ),
    "scheme-unknown": edit(H2_H3, "(connect h2 h3 (dense))"),
    "scheme-missing": edit(H2_H3, "(connect h2 h3)"),
    "scheme-without-parentheses": edit(H2_H3, "(connect h2 h3 full)"),
    "connect-backwards": edit(H2_H3, "(connect h3 h2 (full))"),
    "connect-twice": unexpected(H2_H3, f"{H2_H3}\n  {H2_H3}"),
    "expect-mismatch": edit("12 8 8) (nlf-tanh 0.66666666 0)", "12 8 8) (bias map)"),
    # the text
    "parenthesis-missing": edit(H2, H2[:-1]),
    "parenthesis-missing-at-the-end": edit("(parameters 9760)))", "(parameters 9760))"),
    "string-not-closed": edit('"mnist-1989"', '"mnist-1989'),
    "defnet-misspelt": edit("(defnet", "(defent"),
    "layer-misspelt": edit("(layer h3", "(lyaer h3"),
    "words-too-many": edit("(layer h3     (30) ", "(layer h3     (30) hidden "),
    # the experiment
    "experiment-of-an-unknown-net": edit("(experiment zipcode", "(experiment zip-code"),
    "experiment-without-data": edit(f"  {DATA}\n", ""),
    "experiment-missing": Slip(((PROGRAM[PROGRAM.index("(experiment") :], ""),), "run zipcode.sn"),
    "optimizer-unknown": edit("(sgd (learning-rate rate))", "(sdg (learning-rate rate))"),
    "optimizer-option-misspelt": edit("(learning-rate rate)", "(learning-rat rate)"),
    "optimizer-without-a-rate": edit("(sgd (learning-rate rate))", "(sgd)"),
    "optimizer-without-a-name": edit("(optimizer sgd (sgd", "(optimizer (sgd"),
    "rate-not-set": edit("(setq rate 0.003)", "(setq rat 0.003)"),
    "rate-is-a-string": edit("(setq rate 0.003)", '(setq rate "0.003")'),
    "rate-divided-by-zero": edit("(setq rate 0.003)", "(setq rate (/ 3 0))"),
    "cost-unknown": edit("(cost lms)", "(cost mse)"),
    "init-law-unknown": edit("(uniform 2.4 fan-in)", "(uniform 2.4 fanin)"),
    "order-unknown": edit("(order constant)", "(order random)"),
    "passes-negative": edit("(passes 23)", "(passes -1)"),
    "passes-fractional": edit("(passes 23)", "(passes 2.5)"),
    "targets-equal": edit("(targets -1 1)", "(targets 1 1)"),
    "targets-reversed": edit("(targets -1 1)", "(targets 1 -1)"),
    "rate-negative": edit("(learning-rate rate)", "(learning-rate -0.1)"),
    "momentum-too-large": edit("(learning-rate rate)", "(learning-rate rate) (momentum 1)"),
    "decay-too-large": edit("(learning-rate rate)", "(learning-rate rate) (alpha 0) (decay 1.5)"),
    "passes-twice": edit("(passes 23)", "(passes 23) (passes 24)"),
    "option-unknown": edit("(passes 23)", "(epochs 23)"),
    # the data
    "data-misspelt": edit(DATA, '(data "mnist-1998")'),
    "data-without-quotes": edit(DATA, "(data zipcode)"),
    "data-from-a-file": edit(DATA, '(data "digits.csv")'),
    "data-absent": edit(DATA, '(data "zipcode")', "run zipcode.sn"),
    "data-of-another-size": unexpected(
        "(layer input  (16 16)", "(layer input  (20 20)", "run zipcode.sn"
    ),
    "data-of-other-classes": unexpected(
        "(layer output (10)", "(layer output (26)", "run zipcode.sn"
    ),
    # the command line
    "file-missing": typed("run zipcod.sn"),
    "file-is-a-folder": typed("run folder"),
    "file-is-empty": edit(PROGRAM, "", "run zipcode.sn"),
    "file-is-no-text": typed("run picture.png"),
    "run-forgotten": typed("zipcode.sn"),
    "run-of-nothing": typed("run"),
    "command-misspelt": typed("chekc zipcode.sn"),
    "option-misspelt": typed("run zipcode.sn --pases 3"),
    "seed-negative": typed("run zipcode.sn --seed -1"),
    "optimizer-not-in-the-program": typed("run zipcode.sn --optimizer adam"),
    "set-without-a-value": typed("run zipcode.sn --set rate"),
    "set-unknown": typed("run zipcode.sn --set rte=0.01"),
    "set-an-option": typed("run zipcode.sn --set seed=3"),
    "set-half-a-list": typed("run zipcode.sn --set rate=(+ 1"),
    "set-to-a-word": typed("run zipcode.sn --set rate=fast"),
    "stage-unknown": typed("dump zipcode.sn --stage code"),
    "data-get-unknown": typed("data get zipcod"),
    "data-get-not-offered": typed("data get digits-480"),
    "nets-copy-unknown": typed("nets copy zipcod"),
}


def explain(slip: Slip) -> str:
    """Return the changed lines of the program and the command line, as a golden file opens."""
    before, after = PROGRAM.splitlines(), slip.program.splitlines()
    found = difflib.unified_diff(before, after, n=0, lineterm="")
    lines = [line for line in found if not line.startswith(("---", "+++", "@@"))]
    if len(lines) > 8:
        lines = [*lines[:2], f"- ... {len(lines) - 2} more lines"]
    return "\n".join([*lines, f"$ sn {slip.words}", ""])


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a newcomer, without the real digits."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SN_DATA", raising=False)
    monkeypatch.setenv("SN_CACHE", "cache")
    (tmp_path / "folder").mkdir()
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xfe")
    return tmp_path


def answer(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run one command line and return what a person sees of it when it fails."""
    code = main(words)
    shown = capsys.readouterr()
    assert code in {1, 2}, shown.err
    assert "Traceback" not in shown.err
    return f"{shown.err}exit code {code}\n"


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_told_with_its_place_and_what_to_do(
    name: str,
    desk: Path,
    capsys: pytest.CaptureFixture[str],
    golden: Callable[[str, str], None],
) -> None:
    slip = SLIPS[name]
    (desk / "zipcode.sn").write_text(slip.program, encoding="utf-8")
    # the last option's value may hold blanks
    golden(f"errors/{name}.txt", explain(slip) + answer(slip.words.split(" ", 3), capsys))


def test_no_golden_slip_is_left_of_one_that_is_gone() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == {*SLIPS, "rate-too-large"}


@pytest.mark.kernels
def test_a_learning_rate_too_large_is_told_with_its_layer_and_pattern(
    desk: Path, capsys: pytest.CaptureFixture[str], golden: Callable[[str, str], None]
) -> None:
    slip = edit("(10)     (nlf-tanh 0.66666666 0)", "(10) (linear)", "run zipcode.sn --no-folder")
    (desk / "zipcode.sn").write_text(slip.program, encoding="utf-8")
    words = [*slip.words.split(), "--set", "rate=1"]
    golden("errors/rate-too-large.txt", explain(slip) + answer(words, capsys))


@pytest.mark.parametrize("word", OTHER_WORDS)
def test_a_word_of_the_field_is_in_the_glossary(word: str) -> None:
    rows = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    ours = OTHER_WORDS[word]
    assert any(f"`{word}`" in line and f"`{ours}`" in line for line in rows)
