"""`sn fmt`: files in the house layout, and those that are left as they are."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from sn.commands import main

UGLY = """(defnet n ; a net
 (layer input (2))
   (layer o (1) )


 (connect input o (full))
)
"""
NICE = """(defnet n ; a net
  (layer input (2))
  (layer o     (1))

  (connect input o (full)))
"""
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def ugly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that is not laid out, in the current folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "ugly.sn"
    path.write_text(UGLY, newline="")
    return path


def test_a_file_is_laid_out_in_its_place(ugly: Path, capsys: Capture) -> None:
    ugly.chmod(0o754)
    assert main(["fmt", "ugly.sn"]) == 0
    assert ugly.read_text() == NICE
    assert ugly.stat().st_mode & 0o777 == 0o754
    assert capsys.readouterr().err == "ugly.sn: laid out\n"
    before = ugly.stat().st_mtime_ns
    assert main(["fmt", "ugly.sn"]) == 0
    assert ugly.stat().st_mtime_ns == before, "a file that is laid out is not written"
    assert capsys.readouterr() == ("", "")


def test_check_writes_nothing_and_tells_which_files_would_change(
    ugly: Path, capsys: Capture
) -> None:
    Path("nice.sn").write_text(NICE)
    assert main(["fmt", "--check", "nice.sn", "ugly.sn"]) == 1
    assert ugly.read_text() == UGLY
    assert capsys.readouterr() == ("", "ugly.sn: would be laid out\n")
    assert main(["fmt", "--check", "nice.sn"]) == 0


def test_a_diff_shows_what_would_change(ugly: Path, capsys: Capture) -> None:
    assert main(["fmt", "--diff", "ugly.sn"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("--- ugly.sn\n+++ ugly.sn\n@@ -1,7 +1,5 @@\n (defnet n ; a net\n")
    assert "\n- (layer input (2))\n" in shown and "\n+  (layer input (2))\n" in shown
    assert ugly.read_text() == UGLY
    assert main(["fmt", "--diff", "--check", "ugly.sn"]) == 1


def test_a_folder_stands_for_the_programs_below_it(ugly: Path, capsys: Capture) -> None:
    Path("below").mkdir()
    Path("below/other.sn").write_text(UGLY)
    Path("below/other.txt").write_text(UGLY)
    assert main(["fmt", "--check", "."]) == 1
    assert (
        capsys.readouterr().err == "below/other.sn: would be laid out\nugly.sn: would be laid out\n"
    )
    assert main(["fmt", "below"]) == 0
    assert Path("below/other.sn").read_text() == NICE
    assert Path("below/other.txt").read_text() == UGLY == ugly.read_text()


def test_a_link_stays_a_link(ugly: Path) -> None:
    os.symlink("ugly.sn", "link.sn")
    assert main(["fmt", "link.sn"]) == 0
    assert Path("link.sn").is_symlink() and ugly.read_text() == NICE


def test_stdin_goes_to_stdout(
    ugly: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"(a   b) ; \xe9\n"))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert main(["fmt", "-"]) == 0
    assert capfdbinary.readouterr().out == b"(a b) ; \xe9\n"


def test_bytes_that_are_no_text_and_line_ends_stay(ugly: Path) -> None:
    ugly.write_bytes(b"(a   b) ; caf\xe9\r\n(c)\r\n")
    assert main(["fmt", "ugly.sn"]) == 0
    assert ugly.read_bytes() == b"(a b) ; caf\xe9\r\n(c)\r\n"


def test_a_file_that_does_not_read_is_left_and_told_the_others_are_laid_out(
    ugly: Path, capsys: Capture
) -> None:
    Path("bad.sn").write_text("(a   b)\n(setq x\n")
    Path("worse.sn").write_text("(a ]")
    assert main(["fmt", "bad.sn", "worse.sn", "absent.sn", "ugly.sn"]) == 1
    assert Path("bad.sn").read_text() == "(a   b)\n(setq x\n"
    assert ugly.read_text() == NICE
    assert capsys.readouterr().err == (
        "ugly.sn: laid out\n"
        "bad.sn:2:1: error[SN0101]: this '(' is never closed\n"
        "   2 | (setq x\n"
        "     | ^\n"
        "  hint: a ')' is missing\n"
        "\nworse.sn:1:4: error[SN0101]: expected ')', found ']'\n"
        "   1 | (a ]\n"
        "     |    ^\n"
        "worse.sn:1:1: note: '(' was opened here\n"
        "   1 | (a ]\n"
        "     | ^\n"
        "\nerror[SN0400]: cannot read absent.sn: No such file or directory\n"
    )


def test_what_a_program_reads_itself_is_left(ugly: Path, capsys: Capture) -> None:
    text = '(a   b)\n(printf (read-string "~@"))\n  as   it ( is\n@\n'
    ugly.write_text(text)
    assert main(["fmt", "ugly.sn"]) == 0
    assert ugly.read_text() == text.replace("(a   b)", "(a b)")
    note = "note: ugly.sn:2: left as it is from here on: the program reads its own text"
    assert note in capsys.readouterr().err


def test_a_line_that_is_too_long_is_broken(ugly: Path) -> None:
    rows = " ".join(["(0 1 2 3 4 5)"] * 7)
    body = " ".join(f"(print {name})" for name in ("alpha", "beta", "gamma") * 3)
    ugly.write_text(f"(setq table '({rows}))\n(de f (x) {body})\n")
    assert main(["fmt", "ugly.sn"]) == 0
    lines = ugly.read_text().splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[:3] == [
        "(setq table",
        "      '(" + " ".join(["(0 1 2 3 4 5)"] * 6),
        "        (0 1 2 3 4 5)))",
    ]
    assert lines[3:6] == ["(de f (x)", "  (print alpha)", "  (print beta)"]


@pytest.mark.parametrize(
    ("text", "nice"),
    [
        ("(if a\n b\n      c)", "(if a\n  b\n  c)"),
        ("(cond (a\n b)\n (t c))", "(cond (a\n       b)\n      (t c))"),
        ("(f a\n b)", "(f a\n   b)"),
        ("(f a\n  b)", "(f a\n  b)"),  # a word of the program's own may have a body
        ("(setq a\n  b)", "(setq a\n      b)"),
        ("(let ((a 1)\n (b 2))\n c)", "(let ((a 1)\n      (b 2))\n  c)"),
        ("(lambda (a\n b) c)", "(lambda (a\n         b) c)"),
        ("'(a b\n c)", "'(a b\n  c)"),
        ("(a)  ; one\n(bb) ; two", "(a)  ; one\n(bb) ; two"),
        ("(a   1)  ; one", "(a 1)  ; one"),
        ("(setq a   1)\n(setq abc 2)", "(setq a   1)\n(setq abc 2)"),
        ("(setq a   1)", "(setq a 1)"),
        ("(a) ; one\n    ; more\n(b)", "(a) ; one\n    ; more\n(b)"),
        ("(f\n  ; why\n  )", "(f\n  ; why\n)"),
        ("[[1 2][3 4]]", "[[1 2][3 4]]"),
        ("(a)\n\n\n\n(b)\n\n", "(a)\n\n(b)"),
    ],
)
def test_the_layout(text: str, nice: str, ugly: Path) -> None:
    ugly.write_text(text)
    assert main(["fmt", "ugly.sn"]) == 0
    assert ugly.read_text() == f"{nice}\n"
