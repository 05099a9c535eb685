"""Tables and texts on terminals of several widths, and in a pipe, which has none."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sn.commands._progress import pass_line
from sn.commands._tables import print_table, table_lines
from sn.commands._texts import print_fact, print_text
from sn.folding import columns
from sn.results.record import PassRecord, Scores

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = ("connection", "scheme", "kernels' gradient", "where exact", "")
ROWS = (
    ("input -> a-layer-with-a-name", "conv", "4e-07", "-", "ok"),
    ("h1 -> h2", "scheme lambda", "1e-02", "2e-11", "WRONG"),
)
NUMBERS = COLUMNS[2:4]


def lines(width: int | None, rows: tuple[tuple[str, ...], ...] = ROWS) -> list[str]:
    return [line.rstrip() for line in table_lines(COLUMNS, rows, NUMBERS, width)]


def test_one_miss_is_no_misses() -> None:
    one, two = (PassRecord(1, Scores(0.1, n, 480), None, 0.0) for n in (1, 2))
    assert pass_line(one) == "pass   1  train 1.00e-1   1 miss     0.21 %"
    assert pass_line(two) == "pass   1  train 1.00e-1   2 misses   0.42 %"


def test_a_pipe_gets_a_row_a_line() -> None:
    assert lines(None) == [
        "connection                    scheme         kernels' gradient  where exact",
        "input -> a-layer-with-a-name  conv                       4e-07            -  ok",
        "h1 -> h2                      scheme lambda              1e-02        2e-11  WRONG",
    ]


def test_headings_fold_before_anything_else() -> None:
    assert lines(70) == [
        "                                             kernels'  where",
        "connection                    scheme         gradient  exact",
        "input -> a-layer-with-a-name  conv              4e-07      -  ok",
        "h1 -> h2                      scheme lambda     1e-02  2e-11  WRONG",
    ]


def test_a_table_that_is_too_wide_becomes_blocks() -> None:
    assert lines(60) == [
        "connection: input -> a-layer-with-a-name",
        "  scheme: conv",
        "  kernels' gradient: 4e-07",
        "  where exact: -",
        "  ok",
        "",
        "connection: h1 -> h2",
        "  scheme: scheme lambda",
        "  kernels' gradient: 1e-02",
        "  where exact: 2e-11",
        "  WRONG",
    ]


@pytest.mark.parametrize("width", range(20, 130, 5))
def test_names_and_verdicts_stay_whole_at_every_width(width: int) -> None:
    found = lines(width)
    for row in ROWS:
        assert any(row[0] in line for line in found) or columns(row[0]) > width - 14
    assert any("WRONG" in line for line in found)
    assert all(columns(line) <= width for line in found) or width < 36


def test_a_last_column_of_words_is_folded() -> None:
    found = list(table_lines(("net", "what it is"), [("demo", "a net for the tests")], (), 24))
    assert [line.rstrip() for line in found] == [
        "net   what it is",
        "demo  a net for the",
        "      tests",
    ]


def test_a_row_without_a_name_goes_on_with_the_one_above() -> None:
    rows = [("sgd", "12.0 ± 1.0", "3"), ("", "11 to 13", "")]
    found = list(table_lines(("", "test misses", "runs"), rows, ("test misses", "runs"), 14))
    assert found == [
        "sgd",
        "  test misses:",
        "    12.0 ±",
        "    1.0, 11 to",
        "    13",
        "  runs: 3",
    ]


def test_wide_characters_keep_their_columns() -> None:
    found = list(table_lines(("a", "b"), [("日本", "x"), ("h", "y")], (), None))
    assert found == ["a     b", "日本  x", "h     y"]


def test_a_pass_takes_as_many_lines_as_it_must() -> None:
    record = PassRecord(3, Scores(0.0234, 10, 7291), Scores(0.05, 20, 2007), 1.0)
    assert "\n" not in pass_line(record)
    assert pass_line(record, 80) == pass_line(record)
    assert pass_line(record, 60).count("\n") == 1
    assert pass_line(record, 40).count("\n") == 2
    for width in (40, 60, 80):
        assert all(len(line) <= width for line in pass_line(record, width).split("\n"))


# --- real terminals ---

PROGRAM = """
(defnet narrow (layer input (4 4) (border -1)) (layer h1 (3 4 4)) (layer output (2))
  (connect input h1 (conv (kernel 3 3))) (connect h1 output (full))
  (connect input output (scheme (lambda (the-units-of-the-input the-units-of-the-output) ()))))
"""
WORDS = (
    ["--help"],
    ["check", "narrow.sn"],
    ["check", "missing.sn"],
    ["nets"],
    ["data", "list"],
    ["data", "info", "zipcode"],
    ["run", "--help"],
    ["run", "narrow.sn"],
    ["rnu"],
)
WIDTHS = (40, 60, 80, 120)
END = "-- all is said --"


@pytest.fixture(scope="module")
def terminals(tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    """What terminals of several widths are sent by the commands of WORDS, in one process."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "narrow.sn").write_text(PROGRAM)
    ours, theirs = pty.openpty()
    program = (
        "import fcntl, struct, termios\n"
        "from sn.commands import main\n"
        f"for width in {WIDTHS}:\n"
        "    size = struct.pack('HHHH', 50, width, 0, 0)\n"
        "    fcntl.ioctl(0, termios.TIOCSWINSZ, size)\n"
        f"    for words in {WORDS!r}: main(words)\n"
        f"    print({END!r}, flush=True)\n"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "SN_DATA")}
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env={**environment, "TERM": "xterm", "PYTHONPATH": str(ROOT), "SN_CACHE": str(folder)},
    )
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:
        # Linux reports the end as an input/output error
        pass
    os.close(ours)
    assert process.wait(20) == 0
    # rich hides and shows the cursor
    text = re.sub(r"\x1b\[\S*?[a-zA-Z]", "", shown.decode()).replace("\r", "")
    *parts, rest = text.split(f"{END}\n")
    assert not rest
    return dict(zip(WIDTHS, parts, strict=True))


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_terminal_but_single_words(
    width: int, terminals: dict[int, str]
) -> None:
    shown = terminals[width]
    assert "Traceback" not in shown
    for line in shown.split("\n"):
        # hashes and paths stay whole, so that they can be copied
        assert columns(line) <= width or max(map(len, line.split())) > width - 14, line
    for word in ("input -> h1", "zipcode-overlap", "makes no connections", "digits-480"):
        assert " ".join(word.split()) in " ".join(shown.split())


def test_names_are_printed_without_their_control_characters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A layer, a class or a file may be called anything; a terminal obeys none of it."""
    hostile = "\x1b[2Jred\x07\r"
    print_table(("name", hostile), [(hostile, "1")], right=(hostile,))
    print_fact("file", hostile, 12)
    print_text(f"saved to {hostile}\nand {hostile}")
    out = capsys.readouterr().out
    assert "\x1b" not in out and "\x07" not in out and "\r" not in out
    assert out.count(r"\x1b[2Jred\x07\r") == 5
