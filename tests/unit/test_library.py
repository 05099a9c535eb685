"""The library in SN Lisp: found by its names, and never in the way of what a program defines."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from sn.errors import SnError
from sn.format import format_text
from sn.lisp.forms import Value, show
from sn.lisp.library import FOLDER, index, library_file, meant_file, part_of
from sn.lisp.waiting import Waiting, is_own, load_part
from sn.session import Session

ROOT = Path(__file__).resolve().parents[2]


def value(text: str) -> Value:
    return Session().evaluate(text)


def shown(text: str) -> str:
    return show(value(text))


def test_the_index_is_as_the_script_makes_it() -> None:
    script = ROOT / "scripts" / "make_library_index.py"
    spec = importlib.util.spec_from_file_location("make_library_index", script)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (FOLDER / "index.json").read_text("utf-8")
    assert text == module.index_text(), "run scripts/make_library_index.py"


def test_no_name_is_defined_twice_nor_a_builtin() -> None:
    it = Session().interpreter
    names = [name for part in index().values() for name in part["functions"]]
    assert len(names) > 150
    assert len(set(names)) == len(names)
    for name in names:
        assert type(it.get_global(name)) is Waiting, name
        assert not it.intern(name).locked, f"{name}: programs may define it"


@pytest.mark.parametrize("part", [name for name in index() if not name.startswith("sn28/")])
def test_a_part_defines_what_the_index_says(part: str) -> None:
    session = Session()
    load_part(session.interpreter, session.interpreter.library[part])
    for name in index()[part]["functions"]:
        found = session.interpreter.get_global(name)
        assert found is not None and type(found) is not Waiting, name


def test_a_function_is_loaded_by_its_first_call() -> None:
    assert shown("(rank-of-max '(1 3 2))") == "1"
    assert shown("(mapcar 'nextcho-seq '(0))") == "(0)"


def test_what_a_program_defined_before_stays() -> None:
    text = "(de rank-of-max (l) 'mine) (set-class-max) (rank-of-max '(1 2))"
    assert shown(text) == "mine"
    assert shown("(setq confidence 95) (ensemble 0 3) (list confidence patt-max)") == "(95 3)"


def test_what_a_program_defines_later_counts() -> None:
    assert shown("(set-class-max) (de classify (n) 'mine) (classify 3)") == "mine"


def test_the_library_is_loaded_below_all_bindings() -> None:
    text = """
    (de f (state confidence) (set-nextcho-rnd) (ensemble 1 4) (list state confidence))
    (list (f 1 2) confidence patt-min)
    """
    assert shown(text) == "((1 2) 90 1)"


def test_a_copy_of_a_function_stays_what_it_was() -> None:
    text = """
    (setq old same-side)
    (de same-side (x y low high) (list 'new (old x y low high)))
    (same-side 1 2 0 0)
    """
    assert shown(text) == "(new t)"


def test_a_locked_name_stays_locked() -> None:
    text = "(de same-side () 'mine) (lock-symbol same-side) (rank-of-max '(1)) (same-side)"
    assert shown(text) == "mine"


def test_a_file_of_the_program_comes_before_the_library(tmp_path: Path) -> None:
    (tmp_path / "netenv.sn").write_text("(de hoeffding () 'own)")
    program = tmp_path / "main.sn"
    program.write_text('(libload "netenv")\n(setq answer (hoeffding))\n')
    session = Session()
    session.load(program)
    assert show(session.interpreter.get_global("answer")) == "own"


def test_files_of_the_library_are_found_last() -> None:
    assert library_file("netenv") == library_file("netenv.sn") == FOLDER / "netenv.sn"
    assert library_file("sn28/lib/netenv.lsh") == FOLDER / "netenv.sn"
    assert library_file("../session.py") is None and library_file("nothing") is None
    assert part_of(FOLDER / "netenv" / "online.sn") == "netenv/online"
    assert part_of(ROOT / "nets" / "xor.sn") is None
    assert value('(libload "connect")') == str(FOLDER / "connect.sn")


def test_libload_leaves_what_the_program_defined() -> None:
    text = """
    (de mask-epsi (x) 'mine)
    (libload "connect")
    (list (mask-epsi 1) (local-next (list 0 2) 2 4))
    """
    assert shown(text) == "(mine (2 4))"


def test_a_log_of_performances_is_read_back() -> None:
    text = r"""
    (setq perf-file "kept")
    (ensemble 0 3)
    (setq age 4 global-error 0.5 good-an-percent 25)
    (save-perf "%6d %10.8f %6.2f ;{%d-%d}\n" age global-error good-an-percent 0 3)
    (save-perf "%6d %10.8f %6.2f ;{%d-%d}\n" 8 0.125 100 0 3)
    (save-perf "%6d %10.8f %6.2f ;{%d-%d}\n" 8 0.25 50 4 7)
    (load-perf-file "kept")
    """
    assert shown(text) == '(("{0-3}" (4 0.5 25) (8 0.125 100)) ("{4-7}" (8 0.25 50)))'


def test_a_file_of_the_library_is_laid_out() -> None:
    for part in index():
        text = (FOLDER / f"{part}.sn").read_text("utf-8")
        assert format_text(text) == text, part


def test_it_is_known_whose_a_function_is() -> None:
    session = Session()
    it = session.interpreter
    assert is_own(it, "learn") and is_own(it, "classify") and not is_own(it, "car")
    session.evaluate("(nextpat-seq 0) (set-class-max) (de learn (n) n)")
    assert is_own(it, "nextpat-seq") and is_own(it, "class-max")
    assert not is_own(it, "learn") and not is_own(it, "classify")
    session.evaluate("(setq class-max ())")
    assert not is_own(it, "class-max")


def test_a_function_that_waits_shows_its_definition() -> None:
    assert shown("(funcdef set-class-max)") == "(lambda () (sn-set-class 'max 'class-max))"
    assert shown("(== (classof all-synapse) |DMD|)") == "t"


def test_a_macro_that_waits_is_not_taken_for_a_function(tmp_path: Path) -> None:
    program = tmp_path / "main.sn"
    program.write_text("(alloc-net 4 4)\n(newneurons 2)\n(all-neuron (i) (setq last-unit i))\n")
    session = Session()
    session.load(program)
    assert session.interpreter.get_global("last-unit") == 2


def test_parts_of_the_library_load_one_another(tmp_path: Path) -> None:
    (tmp_path / "netenv").mkdir()
    (tmp_path / "netenv" / "variables.sn").write_text('(error \'mine "not the part")')
    program = tmp_path / "main.sn"
    program.write_text('(libload "sn28/sn28ite")\n(ensemble 0 3)\n')
    session = Session()
    session.load(program)
    assert show(session.evaluate("(list (sn28-kernel) patt-max)")) == "(sn28ite 3)"


def refusal(text: str) -> SnError:
    """Return the error of a program whose second line fails."""
    with pytest.raises(SnError) as caught:
        Session().evaluate(f"(setq pattern-matrix [[1 2]] x ())\n{text}", "<text>")
    assert caught.value.span is not None
    assert (caught.value.span.file, caught.value.span.line) == ("<text>", 2)
    return caught.value


def test_what_goes_wrong_in_the_library_is_told_at_the_call_of_the_program() -> None:
    error = refusal("(de f () (weight 'a)) (f)")
    assert str(error.span) == "<text>:2:10", "the innermost call of the program's own text"
    (arose,) = error.labels
    assert arose.text == "it arose here, in the library"
    assert arose.span.file == str(FOLDER / "netenv" / "fields.sn")
    assert error.frames == ["(weight ...) at <text>:2:10", "(f ...) at <text>:2:23"]
    assert not refusal("(ensemble 3 2)").labels, "the library says itself what it refuses"
    assert not refusal("(de present-pattern (l n) (car 3)) (learn 1)").labels


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(learn 1)", "present-pattern: the layer has no units: (build-net ...) makes layers"),
        ("(setq pattern-matrix ()) (perf)", "pattern-matrix: it is (), not a matrix: (load-pat"),
        ("(set-class-lms x)", "sn-class-lms: a threshold is a number, found: ()"),
        ("(set-cost-thlms 'a)", "sn-cost-thlms: a threshold is a number, found: a"),
        ("(forget)", "forget: missing arguments"),
    ],
)
def test_the_library_says_what_it_lacks(text: str, message: str) -> None:
    assert refusal(text).message.startswith(message)


def test_call_forms_of_the_library_are_those_of_its_manual() -> None:
    error = refusal("(run 3)")
    assert error.message == "run: missing arguments"
    assert error.hint == "the call form is (run it num)"
    assert not error.labels


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("SN28/SN28itenew", "did you mean 'sn28/sn28itenew'?"),
        ("netnv.sn", "did you mean 'netenv'?"),
        ("tools/bptool", "tools with menus do not come with SN: (addpath FOLDER)"),
        ("zzz", ""),
    ],
)
def test_a_file_that_is_not_there_may_be_of_the_library(name: str, hint: str) -> None:
    assert (meant_file(name) or "").startswith(hint)
    assert (refusal(f'(libload "{name}")').hint or "").startswith("searched in: ")
    assert hint in (refusal(f'(libload "{name}")').hint or "")
