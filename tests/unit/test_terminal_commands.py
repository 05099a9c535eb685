"""What a terminal would obey: no command sends it any out of programs, files and their names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sn
from sn.commands import main
from sn.commands._texts import print_whole
from sn.diagnostics.terminal import COLOURS
from sn.results.lines import json_line

TITLE, RED, CSI = "\x1b]0;mine\x07", "\x1b[31m", "\x9b31m"
NAME = f"{TITLE}{RED}{CSI}x"
PROGRAM = f"""; {NAME}
(defnet n (layer in (2)) (layer out (1)) (connect in out (full)))
(experiment n
  (data (patterns '((1 2) (2 1)) '((1) (-1))))
  (optimizer sgd (sgd (learning-rate 0.01))))
"{NAME}"
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(f"{NAME}.sn").write_text(PROGRAM, encoding="utf-8")
    Path(f"{NAME}.csv").write_text("1,2\n")


def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(f"sys.{stream}.isatty", lambda: True)


@pytest.mark.parametrize(
    "words",
    [
        *(["dump", f"{NAME}.sn", "--stage", stage] for stage in ("forms", "table", "plan")),
        *(["dump", f"{NAME}.sn", "--stage", stage] for stage in ("schedule", "source")),
        ["check", f"{NAME}.sn"],
        ["predict", "net", f"{NAME}.csv", "--reference"],
        ["predict", "net", f"{NAME}.csv", "--reference", "--csv"],
        ["predict", "net", f"{NAME}.csv", "--reference", "--json"],
        ["show", "net", "--source"],
        ["show", "net"],
        [NAME],
        ["run", NAME],
        ["run", f"--{NAME}"],
        ["run", "xor", "--memory", NAME],
        ["run", "xor", "--set", NAME],
        ["data", NAME],
    ],
    ids=lambda words: ascii(" ".join(words))[:60],
)
def test_a_terminal_is_sent_nothing_that_it_obeys(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if words[0] in ("show", "predict"):
        sn.load(f"{NAME}.sn").experiment().train(reference=True, folder="net", passes=1)
    terminal(monkeypatch)
    main(words)
    shown = "".join(capsys.readouterr())
    assert shown
    for ours in COLOURS:
        shown = shown.replace(ours, "")
    assert not [char for char in shown if not char.isprintable() and char not in "\n\t"]


def test_what_is_printed_as_it_is_stays_so_for_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    print_whole(f"{NAME}\n\t")
    assert capsys.readouterr().out == f"{NAME}\n\t"
    terminal(monkeypatch)
    print_whole(f"{RED}\n\t")
    assert capsys.readouterr().out == "\\x1b[31m\n\t"


def test_json_is_the_same_for_who_reads_it() -> None:
    line = json_line({"name": f"{NAME}µ"})
    assert line.isprintable() and "µ" in line
    assert json.loads(line) == {"name": f"{NAME}µ"}
