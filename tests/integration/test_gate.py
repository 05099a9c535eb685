"""A program stays in its folders: seventy-five ways out, each tried in a process that is watched.

An audit hook of the interpreter tells of every file that the process opens to write, removes,
renames or links, whoever does it: none is elsewhere, and what lies elsewhere stays as it was.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

import pytest

from sn.results.origin import SOURCE

SECRET = "the secret of another folder"

# {out}: a folder beside the program's; {link}: a link to it from the program's own folder;
# {file}, {linked}: links to a file there, and to one that is not there yet
WRITES = {
    "an absolute path": '(writing "{out}/new" (print 1))',
    "an absolute path to what is there": '(writing "{out}/kept" (print 1))',
    "a path upwards": '(writing "../out/new" (print 1))',
    "a path up and down": '(writing "a/../../../out/new" (print 1))',
    "a path far upwards": '(writing "../../../../../../../../..{out}/new" (print 1))',
    "a folder that is a link": '(writing "{link}/new" (print 1))',
    "a file that is a link": '(writing "{file}" (print 1))',
    "a link to what is not there yet": '(writing "{linked}" (print 1))',
    "append": '(writing (open-append "{out}/kept") (print 1))',
    "append through a link": '(writing (open-append "{file}") (print 1))',
    "open-write": '(open-write "{out}/new")',
    "open-write with a suffix": '(open-write "{out}/new" "wei")',
    "a redirection of load": '(load "part" "{out}/new")',
    "unlink": '(unlink "{out}/kept")',
    "unlink upwards": '(unlink "../out/kept")',
    "unlink in a folder that is a link": '(unlink "{link}/kept")',
    "unlink the folder itself": '(unlink "{out}")',
    "unlink of a name of dots": '(unlink "{link}/.")',
    "save-matrix": '(save-matrix [1 2] "{out}/new")',
    "save-ascii-matrix": '(save-ascii-matrix [1 2] "{out}/new.mat")',
    "export-raw-matrix": '(export-raw-matrix [1 2] "{out}/kept")',
    "export-text-matrix": '(export-text-matrix [1 2] "{link}/new")',
    "export-raw-matrix through a link": '(export-raw-matrix [1 2] "{file}")',
    "a window": '(progn (new-window) (draw-line 0 0 9 9) (save-window "{out}/new.svg"))',
    "a window that is a PNG": '(progn (new-window) (save-window "{link}/new.png"))',
    "a codebook": '(save-codebook (new-codebook 2 3) "{out}/new")',
    "a codebook that is text": '(save-ascii-codebook (new-codebook 2 3) "{link}/new")',
    "weights": '(progn {net} (save-net "{out}/new"))',
    "weights of layers": '(progn {net} (save-net "{out}/new" (list 1 2)))',
    "weights that are text": '(progn {net} (save-ascii-net "{link}/new"))',
    "weights as C": '(progn {net} (save-weights-as-c "{out}/new"))',
    "weights through a link": '(progn {net} (save-net/merge "{file}" (list 1 2)))',
    "a log of performances": '(progn {net} (setq perf-file "{out}/kept") (save-perf "x"))',
    "a log in a folder that is a link": '(progn {net} (setq perf-file "{link}/new") (epsi 1))',
    "its own program": '(writing "{here}/main.sn" (print 1))',
    "its own data": '(writing "{here}/part.sn" (print 1))',
    "the cache of kernels": '(writing "{cache}/kernels/sn_kernel_0.bin" (print 1))',
    "a shipped net": '(writing "{nets}/zipcode.sn" (print 1))',
    "a module of Python": '(writing "{nets}/../sn/evil.py" (print 1))',
    "a device": '(writing "/dev/full" (print 1))',
    "the memory of this process": '(writing "/proc/self/mem" (print 1))',
    "a name with NUL": '(writing (concat "{out}/new" "\\000") (print 1))',
    "a handle": '(writing "/dev/fd/1" (print 1))',
    "a command": '(sys "touch {out}/new")',
    "a command of the reader": "^!touch {out}/new",
}
READS = {
    "open-read": '(reading "{out}/kept" (print (read-string)))',
    "open-read upwards": '(reading "../out/kept" (print (read-string)))',
    "a folder that is a link": '(reading "{link}/kept" (print (read-string)))',
    "a file that is a link": '(reading "{file}" (print (read-string)))',
    "load": '(load "{out}/kept")',
    "load upwards": '(load "../out/kept")',
    "libload": '(libload "{out}/kept")',
    "load-matrix": '(load-matrix "{out}/kept")',
    "map-matrix": '(map-matrix "{link}/kept")',
    "import-raw-matrix": '(print (import-raw-matrix (matrix 2) "{out}/kept"))',
    "import-text-matrix": '(print (import-text-matrix (matrix 2) "{file}"))',
    "load-codebook": '(load-codebook "{out}/kept")',
    "load-ascii-codebook": '(load-ascii-codebook "{file}")',
    "merge-net": '(merge-net "{out}/kept")',
    "load-net": '(progn {net} (load-net "{link}/kept"))',
    "load-perf-file": '(load-perf-file "{out}/kept")',
    "plot-perf-file": '(plot-perf-file "{out}/kept")',
    "an autoload": '(progn (autoload "{out}/kept" f) (f))',
    "a trained net": '(open-net "{out}/kept")',
    "a folder of runs": '(open-net "{link}")',
    "a table": '(data-of (csv "{out}/kept"))',
    "a table that is a link": '(data-of (csv "{file}"))',
    "a table upwards": '(data-of (csv "../out/kept"))',
    "images": '(data-of (images "{out}"))',
    "images in a folder that is a link": '(data-of (images "{link}"))',
    "a matrix": '(data-of (matrix "{out}/kept"))',
    "a matrix by its suffix": '(data-of (matrix "{out}/words"))',
    "an idx file": '(data-of (idx "{out}/kept" "{out}/kept"))',
    "an array": '(data-of (npy "{file}"))',
    "arrays": '(data-of (npz "{file}"))',
    "a file of FANN": '(data-of (fann "{out}/kept"))',
    "a test set": '(data-of (csv "table.csv" (label 1)) (test "{out}/kept"))',
}
NET = """
(defnet n (layer a (1)) (layer b (2)) (connect a b (full)))
(experiment n (data {}) (optimizer o (sgd (learning-rate 0.1))) (passes 1))
"""

WATCHED = textwrap.dedent("""
    import io, json, os, sys
    told = []
    def hook(event, args):
        if event == "open" and isinstance(args[0], (str, bytes)):
            flags = args[2] or 0
            if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND):
                told.append(os.path.abspath(os.fsdecode(args[0])))
        elif event in ("os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink", "os.mkdir",
                       "os.truncate", "os.chmod", "shutil.rmtree"):
            names = [name for name in args if isinstance(name, (str, bytes))]
            told.extend(os.path.abspath(os.fsdecode(name)) for name in names)
        elif event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"):
            told.append("a process")
    from sn.commands import main
    results = []
    for words in json.loads(sys.argv[1]):
        if not told:
            sys.addaudithook(hook)
            told.append("")
        del told[1:]
        sys.stderr = io.StringIO()
        code = main(words)
        results.append([code, told[1:], sys.stderr.getvalue()])
    print("RESULTS" + json.dumps(results))
""")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with that of a program, `here`, and beside it `out`, which it must not touch."""
    place = tmp_path_factory.mktemp("place").resolve()
    here, out = place / "here", place / "out"
    here.mkdir()
    out.mkdir()
    (here / "part.sn").write_text("(setq x 3)")
    (here / "table.csv").write_text("1,a\n2,b\n")
    (out / "kept").write_text(f"{SECRET},a\n2,b\n")
    (out / "words.mat").write_text(SECRET)
    (out / "a.png").write_text(SECRET)
    (here / "folder").symlink_to(out)
    (here / "file").symlink_to(out / "kept")
    (here / "linked").symlink_to(out / "new")
    return place


def attempt(place: Path, form: str, number: int) -> str:
    """Write the program of an attempt; return its name."""
    here, out = place / "here", place / "out"
    for name, path in {
        "out": out,
        "here": here,
        "link": here / "folder",
        "file": here / "file",
        "linked": here / "linked",
        "cache": os.environ.get("SN_CACHE", place / "cache"),
        "net": "(newneurons 2) (connect 1 2)",
        "nets": Path(__file__).parents[2] / "nets",
    }.items():
        form = form.replace("{" + name + "}", str(path))
    if form.startswith("(data-of "):
        form = NET.format(form.removeprefix("(data-of ").removesuffix(")"))
    file = here / f"way{number}.sn"
    file.write_text(form + "\n")
    return str(file)


class Attempt(NamedTuple):
    """What came of a command line: its exit code, what it touched, and what it said is wrong."""

    code: int
    touched: list[str]
    told: str


def run_all(place: Path, commands: list[list[str]]) -> tuple[list[Attempt], str]:
    """Run command lines in a watched process; return what came of each, and all they printed."""
    cwd = place / "cwd"
    cwd.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, json.dumps(commands)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "RESULTS" in done.stdout, done.stderr
    shown, _, results = done.stdout.rpartition("RESULTS")
    return [Attempt(*result) for result in json.loads(results)], shown


@pytest.mark.parametrize(
    "command", [["run"], ["run", "--no-folder"], ["check"], ["draw"], ["dump"]]
)
def test_no_way_leads_out(place: Path, command: list[str]) -> None:
    ways = {f"write: {k}": v for k, v in WRITES.items()}
    ways |= {f"read: {k}": v for k, v in READS.items()}
    assert len(ways) >= 75
    programs = [attempt(place, form, number) for number, form in enumerate(ways.values())]
    found, shown = run_all(place, [[command[0], program, *command[1:]] for program in programs])
    runs = place / "cwd" / ("runs" if command == ["run"] else "nowhere")
    for (way, form), (code, touched, told) in zip(ways.items(), found, strict=True):
        if command[0] == "run" or not form.startswith("(data-of"):  # others read no data
            assert code == 1, f"{way} is not refused: {form}"
            refusal = " ".join(told.split())
            words = ("this program may not", "no program may", "no file can be called")
            assert any(one in refusal for one in words), told
        # a folder of its own may be made, and is taken back
        elsewhere = [path for path in touched if not Path(path).is_relative_to(runs)]
        assert not elsewhere, f"{way} touched {elsewhere}"
        assert SECRET not in told
    assert SECRET not in shown
    out = place / "out"
    assert sorted(path.name for path in out.iterdir()) == ["a.png", "kept", "words.mat"]
    assert (out / "kept").read_text() == f"{SECRET},a\n2,b\n"
    assert not list((place / "here").glob("new*"))


def test_the_program_of_a_strangers_run_stays_in_too(place: Path) -> None:
    """Going on with a run that came from elsewhere evaluates its program: with the same gate."""
    here, out = place / "here", place / "out"
    whole = here / "whole.sn"
    whole.write_text(NET.format('(csv "table.csv" (label 1))'))
    run = place / "cwd" / "run"
    (begun,), _ = run_all(place, [["run", str(whole), "--reference", "--out", str(run)]])
    assert begun.code == 0, begun.told
    (run / SOURCE).write_text(NET.format(f'(csv "{out}/kept" (label 1))'))
    resumed = ["run", "--resume", str(run), "--fork", "--passes", "2"]
    for command in (resumed, ["run", "--again", str(run)], ["test", str(run)]):
        (found,), shown = run_all(place, [command])
        assert found.code == 1, found.told
        assert SECRET not in shown + found.told
        assert f"may not read '{out}/kept'" in " ".join(found.told.split())


def test_what_is_opened_is_open(place: Path) -> None:
    here, out = place / "here", place / "out"
    program = here / "opened.sn"
    program.write_text(
        f'(reading "{out}/kept" (print (read-string)))'
        f'(writing "{out}/new" (print 7)) (sys "echo from the shell")'
    )
    words = ["--allow-read", str(out), "--allow-write", str(out), "--allow-shell"]
    ((code, touched, told),), shown = run_all(place, [["run", str(program), *words]])
    try:
        assert code == 0, told
        assert SECRET in shown
        assert "from the shell" in shown
        assert (out / "new").read_text() == "7\n"
        assert str(out / "new") in touched
    finally:
        (out / "new").unlink(missing_ok=True)
