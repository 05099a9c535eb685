"""Names of files and folders: any text is answered, and what is made stays where it belongs."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

import sn
from sn.commands import main
from sn.errors import DataError, SnError
from sn.paths import encodable, is_file, is_folder, is_there, legal_name, possible
from sn.shipped import find_net

NET = """\
(setq inputs  '((-1 -1) (-1 1) (1 -1) (1 1)))
(setq answers '((-1)    (1)    (1)    (-1)))
(defnet {net}
  (layer input (2)) (layer {layer} (2)) (layer output (1))
  (connect input {layer} (full)) (connect {layer} output (full)))
(experiment {net}
  (data (patterns inputs answers)) (criterion sign)
  (optimizer {optimizer} (sgd (learning-rate 0.1)))
  (passes 2))
"""
NAMES = (
    *("a²", "a\x01b", "a\u202eb", "a\u2028b", 'a"b', "a'b", "x" * 300, "..", ".", "/", "../../x"),
    *("/etc/x", "a\0b", "CON", "nul", "$x$", "a$\\x$", "%s", "{}", "[red]x[/red]", "\x1b[31mred"),
    *("<b>", "-x", "--help", " ", "", "é", "\U0001f600", "phases", "best.weights", "passes", "~"),
    *("__metadata__", "h.bias", "lambda", "#", "`", "\ufeff", "\x7f", "1", "rate"),
)
FILES = (
    *("a$\\x$.sn", "a\nb.sn", "-x.sn", "--", "a b.sn", "x" * 251 + ".sn", "é.sn", "a\x1b[31m.sn"),
    *("[red].sn", "%s.sn", "{}.sn", "'q'.sn", ".sn", "..sn", ".hidden", "CON.sn", "~", "a\\b.sn"),
    *("\u2028.sn", "\x01", "=1+1.sn", "$(x).sn"),
)
NOT_UTF_8 = b"a\x80b.sn"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def program(file: str | bytes = "p.sn", **names: str) -> str:
    """Write a program and return the name of its file; names stand between bars in it."""
    exact = {kind: f"|{name}|" for kind, name in names.items()}
    text = NET.format(**{"net": "n", "layer": "h", "optimizer": "a"} | exact)
    path = Path(os.fsdecode(file))
    path.write_text(text, encoding="utf-8")
    return str(path)


def answered(capsys: pytest.CaptureFixture[str], *words: str, codes: tuple[int, ...] = (0,)) -> str:
    """Run a command, demand one of the exit codes and no trace; return what it printed."""
    code = main(list(words))
    out, err = capsys.readouterr()
    assert code in codes, (words, code, err)
    assert "internal error" not in err and "Traceback" not in err
    assert "\x1b" not in out + err
    return out


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_program_may_call_things_anything(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = program(net=name, layer=name, optimizer=name)
    answered(capsys, "check", file)
    report = json.loads(answered(capsys, "check", file, "--json"))
    answered(capsys, "run", file, "--reference", "--out", "out")
    answered(capsys, "run", "--again", "out", "--no-folder")
    answered(capsys, "run", "--resume", "out", "--passes", "3")
    json.loads(answered(capsys, "show", "out", "--json"))
    answered(capsys, "show", "out")
    about = json.loads(Path("out/run.json").read_text(encoding="utf-8"))
    assert report["name"] == about["net"]["name"] == about["optimizer"] == name
    assert [layer["name"] for layer in report["layers"]] == ["input", name, "output"]
    # nothing is made elsewhere
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here"]
    assert sorted(path.name for path in Path().iterdir()) == ["out", "p.sn"]


@pytest.mark.parametrize("file", [*FILES, NOT_UTF_8], ids=ascii)
def test_a_program_may_be_called_anything(
    file: str | bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        name = program(file)
    except OSError:
        pytest.skip("this file system has no such names")
    answered(capsys, "check", "--json", "--", name)
    answered(capsys, "dump", "--", name)
    answered(capsys, "dump", "-o", "dumped", "--", name)
    lines = answered(capsys, "run", "--reference", "--json", "--", name).split("\n")[:-1]
    folder = Path(json.loads(lines[-1])["run"])
    assert folder.parent == Path("runs")
    assert folder.name.isascii() and folder.name.isprintable()
    answered(capsys, "run", "--resume", str(folder), "--passes", "3")
    answered(capsys, "show", str(folder))
    Path(name).unlink()
    answered(capsys, "run", "--again", str(folder), "--no-folder")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here"]


@pytest.mark.parametrize(
    "name",
    [
        "a\0b.sn",
        "x" * 5000,
        "",
        ".",
        "..",
        "/",
        "a/" * 3000,
        "loop",
        "dangling",
        "\udc80",
        "(" * 999,
    ],
    ids=lambda name: ascii(name)[:20],
)
def test_what_is_no_file_is_told(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("loop").symlink_to("loop")
    Path("dangling").symlink_to("nowhere")
    for words in (
        *(["check", name], ["run", name], ["dump", name], ["show", name], ["test", name]),
        *(["predict", name, name], ["run", "--resume", name], ["run", "--again", name]),
        *(["run", "xor", "--from", name], ["run", "xor", "--data", name]),
        *(["nets", "copy", name], ["data", "get", name], ["data", "info", name], [name]),
        *(["compare", name, "--jobs", "1"], ["run", "xor", "--set", f"x={name}"]),
    ):
        answered(capsys, *words, codes=(1, 2))
    with pytest.raises(SnError):
        sn.load(name)
    assert not list(Path().glob("runs/*"))


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("", "the name of a file or folder was expected, found none"),
        ("a\0b", "'a\\x00b' cannot be the name of a file: it has a NUL"),
        ("file", "'file' is a file, and a folder was expected"),
        ("file/x", "cannot write 'file/x': not a directory"),
        ("dangling", "a link that leads nowhere is where a folder shall be"),
        ("loop", "a link that leads nowhere is where a folder shall be"),
        ("loop/x", "too many levels of symbolic links"),
        ("x" * 300, "file name too long"),
    ],
)
@pytest.mark.parametrize("command", ["run", "compare"])
def test_a_folder_that_cannot_be_is_told(
    command: str, out: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("file").touch()
    Path("loop").symlink_to("loop")
    Path("dangling").symlink_to("nowhere")
    file = program()
    assert main([command, file, "--out", out]) in (1, 2)
    assert words in " ".join(capsys.readouterr().err.split())
    assert sorted(path.name for path in Path().iterdir()) == ["dangling", "file", "loop", "p.sn"]


def test_an_empty_name_is_none_from_python() -> None:
    experiment = sn.load(program()).experiment()
    with pytest.raises(SnError, match="expected, found none"):
        experiment.train(folder="", reference=True)
    with pytest.raises(SnError, match="has a NUL"):
        experiment.train(folder="a\0", reference=True)


def test_runs_in_the_way_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    file = program()
    Path("runs").touch()
    assert main(["run", file]) == 1
    assert "cannot write 'runs': a file is where a folder shall be" in capsys.readouterr().err


def test_a_current_folder_that_is_gone_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(Path.cwd())
    for words in (["run", "xor", "--reference"], ["run", "xor", "--reference", "--no-folder"]):
        assert main(words) == 1
    assert "the current folder is gone" in capsys.readouterr().err


def test_a_setting_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", program(), "--set", "inputs=\udc80"]) == 1
    assert "setting inputs is no text: it has bytes beside UTF-8" in capsys.readouterr().err


def test_names_that_are_made_are_legal_everywhere() -> None:
    assert legal_name("a/../b\n", "x") == "a_.._b_"
    assert [legal_name(one, "x") for one in ("", ".", "..", "-", "--a")] == [
        "x",
        "x",
        "x",
        "x",
        "a",
    ]
    assert [legal_name(one, "x") for one in ("CON", "nul.txt", "com1")] == [
        "_CON", "_nul.txt", "_com1",
    ]  # fmt: skip
    assert legal_name("console", "x") == "console"
    assert legal_name("y" * 300, "x") == "y" * 100


@pytest.mark.parametrize("name", ["x" * 300, "a/" * 3000], ids=["long", "deep"])
def test_what_no_system_can_have_holds_no_data(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for form in (f'(matrix "{name}")', f'(matrix "m" "{name}")', f'(images "{name}")'):
        answered(capsys, "run", "xor", "--reference", "--no-folder", "--data", form, codes=(1,))
    monkeypatch.setenv("SN_DATA", name)
    answered(capsys, "data", "list")
    with pytest.raises(DataError, match="zipcode is not on this machine"):
        sn.data.load("zipcode")


@pytest.mark.parametrize("words", [[], ["data"], ["nets"], ["run", "--passes"]])
def test_a_long_word_of_a_command_line_is_clipped(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "a/" * 3000]) == 2
    assert len(capsys.readouterr().err) < 2000


def test_what_no_system_can_have_is_not_there() -> None:
    for name in ("x" * 5000, "a\0b", "/" * 5000 + "x"):
        assert not is_there(Path(name)) and not is_folder(Path(name)) and not is_file(Path(name))
    assert is_there(Path()) and is_folder(Path()) and not is_file(Path())
    assert is_file(Path(__file__))
    assert possible("a") == Path("a")
    assert encodable("a\udc80µ") == "a\\udc80µ"


def test_a_folder_of_programs_names_one_of_them(tmp_path: Path) -> None:
    for name in ("b.sn", "a.sn", "a.csv"):
        (tmp_path / name).touch()
    with pytest.raises(SnError, match="is a folder") as caught:
        find_net(tmp_path)
    assert caught.value.hint == f"name a file in it, such as '{tmp_path / 'a.sn'}'"
