"""`sn draw`: which files it takes, where the figure goes, and what is told when it cannot."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import sn
from sn.commands import main
from sn.shipped import nets_folder
from tests.drawn import overlaps, parsed, words


def drawn_svg(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["draw", *words]) == 0
    return capsys.readouterr().out


def test_a_net_that_comes_with_sn_is_drawn_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    svg = drawn_svg(capsys, "zipcode")
    assert svg.startswith("<svg ") and svg.endswith("</svg>\n")
    assert "12 × 8 × 8 = 768 units" in words(svg)


def test_the_picture_in_the_documents_is_today_s(capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(__file__).resolve().parents[2] / "docs" / "images" / "zipcode-net.svg"
    again = f"sn draw zipcode -o {path}"
    assert path.read_text(encoding="utf-8") == drawn_svg(capsys, "zipcode"), again


def test_a_figure_is_written_to_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "net.SVG"
    assert drawn_svg(capsys, "lenet-1", "-o", str(path)) == ""
    assert path.read_text(encoding="utf-8") == drawn_svg(capsys, "lenet-1")


def test_a_png_is_written_to_a_file(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py")
    path = tmp_path / "net.png"
    assert main(["draw", "xor", "--unit", "hidden:1", "-o", str(path)]) == 0
    assert path.read_bytes()[:4] == b"\x89PNG"


def test_what_a_program_prints_is_no_part_of_the_picture(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    program = tmp_path / "tell.sn"
    program.write_text(f'(print "hello")\n{(nets_folder() / "xor.sn").read_text()}')
    assert main(["draw", str(program)]) == 0
    shown = capsys.readouterr()
    assert "hello" in shown.err and parsed(shown.out) is not None
    assert main(["draw", str(program), "-o", str(tmp_path / "net.svg")]) == 0
    assert "hello" in capsys.readouterr().out


def test_a_unit_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    assert "what h2:3:1:2 sees" in words(drawn_svg(capsys, "zipcode", "--unit", "h2:3:1:2"))


def test_a_unit_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "zipcode", "--unit", "h2:12:0:0"]) == 1
    assert "h2:0:0:0 to h2:11:3:3" in capsys.readouterr().err


@pytest.mark.kernels
def test_a_trained_net_is_drawn_with_its_kernels(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    assert main(["run", "xor", "--passes", "3", "--out", str(run)]) == 0
    capsys.readouterr()
    svg = drawn_svg(capsys, str(run))
    assert svg == drawn_svg(capsys, str(run / "xor.sn.safetensors"))
    told = words(svg)
    assert any(text.startswith("trained 3 passes of sgd on ") for text in told)
    net = sn.open(run)
    largest = float(np.abs(net.weights["hidden.weight"]).max())
    assert f"m = {largest:.3g}" in told
    assert net.figure().svg == svg
    assert overlaps(net.figure("output:0").svg) == []


@pytest.mark.parametrize(
    ("words_", "code", "message"),
    [
        (["zipcod"], 1, "zipcode"),
        (["nowhere.sn"], 1, "there is no file"),
        (["zipcode", "-o", "net.jpg"], 2, "expected the name of an .svg or .png"),
        (["zipcode", "-o", "nowhere/net.svg"], 1, "cannot write"),
        (["nowhere.sn.safetensors"], 1, "there is no run"),
        ([], 2, "Missing argument"),
    ],
)
def test_what_cannot_be_drawn_is_told(
    words_: list[str],
    code: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["draw", *words_]) == code
    assert message in capsys.readouterr().err


def test_a_folder_without_a_trained_net_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["draw", str(tmp_path)]) == 1
    assert "holds no trained net" in capsys.readouterr().err


def test_a_terminal_is_asked_where_the_figure_goes() -> None:
    ours, theirs = pty.openpty()
    try:
        program = "from sn.commands import main; raise SystemExit(main(['draw', 'xor']))"
        done = subprocess.run(
            [sys.executable, "-c", program],
            stdout=theirs,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(theirs)
        os.close(ours)
    assert done.returncode == 2
    assert "-o net.svg" in done.stderr
