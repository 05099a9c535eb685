"""The documents are true: their examples run, their links lead somewhere, the lists are whole.

In a `lisp` block the comment `; => VALUE` is checked against the form before it, `; prints TEXT`
against what it prints, `; error: TEXT` against its message, which a `text` block then shows in
full. A `python` block is run. In a
`console` block each line `$ sn ...` is run; `...` in the output below stands for any text.
"""

from __future__ import annotations

import importlib.util
import io
import re
import shlex
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from sn.commands import main
from sn.errors import SnError, render
from sn.lisp.forms import span_of
from sn.lisp.ports import OutputPort
from sn.results.table import REJECTED
from sn.session import Session

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "sn").glob("*.md"),
        *(ROOT / "nets").glob("*.md"),
    ]
)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CLAIM = re.compile(r"\s*;[ \t]+(=>|prints|error:)[ \t]+(.*)")


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(path: Path, language: str) -> list[tuple[int, str]]:
    """Return the blocks of a language in a document, each with the line it starts on."""
    text = path.read_text(encoding="utf-8")
    return [
        (text.count("\n", 0, match.start()) + 2, match[2])
        for match in BLOCK.finditer(text)
        if match[1] == language
    ]


def having(language: str) -> pytest.MarkDecorator:
    """One test for each document with blocks of a language."""
    found = [path for path in DOCUMENTS if blocks(path, language)]
    return pytest.mark.parametrize("path", found, ids=relative)


def script(name: str) -> ModuleType:
    """Import a program of scripts/."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@having("lisp")
def test_lisp_examples_do_what_their_comments_say(path: Path) -> None:
    session = Session()
    told: list[str] = []
    for first, text in blocks(path, "lisp"):
        lines = text.split("\n")
        for form in session.interpreter.read(text, f"{path.stem}.sn"):
            span = span_of(form)
            if span is None:
                continue
            where = f"{relative(path)}:{first + span.line - 1}"
            end = sum(len(line) + 1 for line in lines[: span.end_line - 1]) + span.end_column
            claim = CLAIM.match(text, end)
            printed = io.StringIO()
            value, error = None, ""
            session.interpreter.out = OutputPort(printed, "$stdout")
            try:
                value = session.interpreter.evaluate(form)
            except SnError as raised:
                error = raised.message
                told.append(render(raised, lambda _, text=text: text, shows_code=True))
            kind, expected = (claim[1], claim[2].strip()) if claim else ("", "")
            assert bool(error) == (kind == "error:"), f"{where}: {error or 'no error'}"
            if kind == "error:":
                assert error == expected, where
            elif kind == "=>":
                assert session.interpreter.show(value) == expected, where
            elif kind == "prints":
                assert printed.getvalue().split() == expected.split(), where
    shown = [text for _, text in blocks(path, "text") if text.startswith(f"{path.stem}.sn:")]
    assert shown == [f"{message}\n" for message in told]


@pytest.mark.kernels
@having("console")
def test_console_examples_print_what_they_show(
    path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """`$ cat FILE` shows a file, which the commands behind it find; `...` stands for anything."""
    parts = [
        (first, *part.partition("\n")[::2])
        for first, text in blocks(path, "console")
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    ]
    monkeypatch.delenv("SN_DATA", raising=False)
    monkeypatch.chdir(tmp_path if any(line.startswith("cat ") for _, line, _ in parts) else ROOT)
    for first, line, expected in parts:
        command, *words = shlex.split(line)
        if command == "cat":
            Path(words[0]).write_text(expected, encoding="utf-8")
            continue
        main(words)
        shown = capsys.readouterr()
        pattern = ".*".join(re.escape(piece) for piece in expected.strip().split("..."))
        matches = re.fullmatch(pattern, (shown.out + shown.err).strip(), re.DOTALL)
        assert matches, f"{relative(path)}:{first}: {line} prints\n{shown.out}{shown.err}"


@pytest.mark.kernels
@having("python")
def test_python_examples_run(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("SN_DATA", raising=False)
    names: dict[str, object] = {}
    for first, text in blocks(path, "python"):
        exec(compile("\n" * (first - 1) + text, relative(path), "exec"), names)


@having("toml")
def test_toml_examples_are_toml(path: Path) -> None:
    for _, text in blocks(path, "toml"):
        assert tomllib.loads(text)


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_links_lead_to_files_that_are_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target:
            assert (path.parent / target).exists(), f"{relative(path)} links to {target}"


def test_the_page_of_builtins_is_as_its_script_makes_it() -> None:
    made = script("make_builtins_page").page()
    kept = (ROOT / "docs" / "builtins.md").read_text(encoding="utf-8")
    assert made == kept, "run `python scripts/make_builtins_page.py`"


def test_the_map_of_stages_names_every_module() -> None:
    text = (ROOT / "sn" / "README.md").read_text(encoding="utf-8")
    for path in (ROOT / "sn").iterdir():
        if path.name.startswith(("_", ".")) or path.suffix == ".md":
            continue
        name = f"{path.name}/" if path.is_dir() else path.name
        assert f"`{name}`" in text, f"sn/README.md says nothing about {name}"


ENTRY = re.compile(r"^\* (`[^`]+`|\[[^]]+\])", re.MULTILINE)


@pytest.mark.parametrize("path", [ROOT / "README.md", ROOT / "sn" / "README.md"], ids=relative)
def test_lists_name_each_thing_once(path: Path) -> None:
    names = ENTRY.findall(path.read_text(encoding="utf-8"))
    twice = sorted({name for name in names if names.count(name) > 1})
    assert len(names) > 10
    assert not twice, f"{relative(path)} tells twice of {', '.join(twice)}"


RESULT = re.compile(r"^\|(?P<cells>.*)\| `(?P<command>sn run [^`]*)` \|$", re.MULTILINE)


@pytest.mark.slow
@pytest.mark.kernels
@pytest.mark.parametrize(
    "row",
    list(RESULT.finditer((ROOT / "README.md").read_text(encoding="utf-8"))),
    ids=lambda row: row["command"],
)
def test_the_readme_gives_the_numbers_that_its_commands_print(
    row: re.Match[str],
    folder_of: Callable[[str], Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cells = [cell.strip(" *") for cell in row["cells"].split("|")]
    monkeypatch.chdir(ROOT)
    if cells[0] == "real":
        monkeypatch.setenv("SN_DATA", str(folder_of("zip.train.gz")))
    else:
        monkeypatch.delenv("SN_DATA", raising=False)
        monkeypatch.setenv("SN_CACHE", str(ROOT / "build" / "no-data"))
    assert main([*shlex.split(row["command"])[1:], "--no-folder"]) == 0
    out = capsys.readouterr().out
    printed = [
        # where the cost is another one, the table quotes the row of SN's half squares
        re.search(rf"^{name}(?:, half squares)? +(\S+)", out, re.MULTILINE)
        for name in ("train error", "train misses", "test error", "test misses", REJECTED)
    ]
    assert [match[1] for match in printed if match] == [cell.split()[0] for cell in cells[-5:]]


def test_the_page_of_diagnostics_is_the_one_that_its_script_makes() -> None:
    page = ROOT / "docs" / "diagnostics.md"
    made = script("make_diagnostics_page").page()
    assert made == page.read_text(encoding="utf-8"), "run `python scripts/make_diagnostics_page.py`"


def test_the_pictures_of_windows_are_those_that_their_programs_draw() -> None:
    made: dict[Path, str] = script("make_window_pictures").pictures()
    assert len(made) == 2
    for file, text in made.items():
        assert text == file.read_text(encoding="utf-8"), "run scripts/make_window_pictures.py"
