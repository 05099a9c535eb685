"""Hover, completion, definitions and positions, without a server."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from lsprotocol import types

from sn.codes import Code
from sn.lsp.check import check, read_findings
from sn.lsp.complete import complete
from sn.lsp.findings import Finding, Job, NetFacts, Place, Result
from sn.lsp.hover import hover
from sn.lsp.names import definition
from sn.lsp.positions import Lines

NET = """(setq size 3)
(de square (x) (* x x))
(defnet n
  (layer input (4 4)) (layer tanh (2 2) (tanh))
  (for (i 2 3) (layer (concat "h" (str i)) (2) (output)))
  (layer h1 (2) (output))
  (connect input tanh (conv (kernel size size)))
  (for (i 2 3) (connect tanh (concat "h" (str i)) (full)))
  (connect tanh h1 (full)))
(experiment n (data "mnist") (optimizer o (sgd (learning-rate 0.1))))
"""


def offered(text: str, file: str = "x.sn", nets: tuple[NetFacts, ...] = ()) -> list[str]:
    """Return what is offered at the bar in a text."""
    place = text.index("^^")
    start, found = complete(text.replace("^^", ""), place, nets, file)
    assert text[start:place].strip('("') == text[start:place]
    return [one.label for one in found]


def told(text: str, nets: tuple[NetFacts, ...] = ()) -> str:
    """Return what is told of the word at the bar."""
    place = text.index("^^")
    found = hover(text.replace("^^", ""), place, nets)
    return found.text if found is not None else ""


@pytest.mark.parametrize(
    ("text", "some", "others"),
    [
        ("(^^", ["defnet", "car", "if", "experiment"], ["kernel", "layer"]),
        ("(defnet n (^^", ["layer", "connect", "expect", "for", "car"], ["kernel"]),
        ("(defnet n (layer a (2) (^^", ["border", "tanh", "dropout"], ["car", "layer"]),
        ("(defnet n (connect a b (c^^", ["conv", "full"], ["car"]),
        ("(defnet n (connect a b (conv (kernel 5 5) (^^", ["stride", "maps"], ["car", "conv"]),
        ("(experiment n (^^", ["data", "optimizer", "passes"], ["car"]),
        ("(experiment n (optimizer a (^^", ["sgd", "adam"], ["data"]),
        ("(experiment n (optimizer a (sgd (^^", ["learning-rate", "decay"], ["data"]),
        ("(experiment n (optimizer a (sgd (learning-rate (^^", ["cosine", "car"], ["decay"]),
        ("(experiment n (cost ^^", ["lms"], ["sgd"]),
        ("(experiment n (init (uniform 1 f^^", ["fan-in"], []),
        ('(experiment n (data "^^', ["zipcode", "mnist"], ["car"]),
        ('(experiment n (data (first-available "zipcode" "m^^', ["mnist-1989"], ["car"]),
        ("(defnet n (layer a (2)) (layer b (2)) (connect ^^", ["a", "b"], ["car", "n"]),
        ("(defnet n (layer a (2)) (layer ^^", [], ["a", "car"]),
        ("(defnet n (layer a (2)))\n(experiment n (init (layer ^^", ["a"], ["car"]),
        ("(defnet m (layer z (2)))\n(experiment ^^", ["m"], ["z"]),
        ("(setq size 3)\n(print ^^", ["size"], ["car"]),
        ("(de square (x) x)\n(sq^^", ["square"], []),
        ("; (^^", [], ["car"]),
        ("'(a ^^", [], ["car"]),
        ('(print "done"^^', [], ["car"]),
        ("(experiment n (optimizer sgd (sgd)) (phase (optimizer ^^", ["sgd"], ["newton"]),
    ],
)
def test_what_may_stand_there_is_offered(text: str, some: list[str], others: list[str]) -> None:
    found = offered(text)
    assert set(some) <= set(found)
    assert not set(others) & set(found)
    if not some:
        assert not found


def test_what_is_nearest_comes_first() -> None:
    assert offered("(defnet n (layer a (2)) (^^")[0] == "layer"
    assert offered("(setq size 3)\n(de size2 (x) x)\n(s^^")[0] == "size2"


def test_what_load_finds_beside_a_program_is_offered(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    for name in ("tables.sn", "parts/one.sn", "x.sn", "notes.txt"):
        (tmp_path / name).write_text("(setq found t)", encoding="utf-8")
    found = offered('(libload "^^', str(tmp_path / "x.sn"))
    assert found == ["parts/one", "tables"]
    for name in found:
        (last,) = check(Job(1, str(tmp_path / "x.sn"), f'(libload "{name}")', 10))
        assert last.findings == ()


def test_layers_that_a_loop_made_are_offered_and_told() -> None:
    *_, last = check(Job(1, "x.sn", NET, 10))
    assert last.nets is not None
    names = ["h1", "h2", "h3", "input", "tanh"]
    assert sorted(
        offered(NET.replace("(connect tanh h1", "(connect ^^"), nets=last.nets)
    ) == sorted(names)
    assert "layer of n, 2, 2 units" in told(NET.replace("tanh h1", "tanh ^^h1"), last.nets)


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("(ca^^r l)", "```sn\n(car list)\n```"),
        ("(defnet n (con^^nect a b (full)))", "```sn\n(connect FROM TO SCHEME)\n```"),
        ("(con^^nect a b)", "```sn\n(connect pre post [weight [epsilon]])\n```"),
        ("(defnet n (connect a b (conv (ker^^nel 5 5))))", "```sn\n(kernel ROWS COLS)\n```"),
        ("(setq a\n  '(1 2))\n(print ^^a)", "```sn\n(setq a\n  '(1 2))\n```"),
        ("(de f (x) x)\n(^^f 1)", "```sn\n(de f (x) x)\n```"),
        ("(^^nonsense)", ""),
        ("; ^^car", ""),
        ("^^", ""),
    ],
)
def test_what_a_word_is(text: str, begins: str) -> None:
    assert told(text).startswith(begins)
    assert bool(told(text)) == bool(begins)


def test_a_word_of_the_program_counts_before_one_of_sn_where_it_is_an_argument() -> None:
    """`tanh` is a layer of this net, and a function of Lisp."""
    *_, last = check(Job(1, "x.sn", NET, 10))
    nets = last.nets or ()
    assert "layer of n, 2 x 2" in told(NET.replace("input tanh", "input ^^tanh"), nets)
    assert "layer of n" not in told(NET.replace("(tanh)", "(^^tanh 1)"), nets)


def test_names_of_a_program_are_shown_as_they_are() -> None:
    text = "(defnet n (layer |a*b* `c` <i>| (2)) (layer b (1)) (connect |a*b* `c` <i>| b (full)))"
    *_, last = check(Job(1, "x.sn", text, 10))
    shown = told(text.replace("(layer |a", "(layer |^^a"), last.nets or ())
    assert r"a\*b\* \`c\` \<i\>" in shown
    long = "(setq a '(" + "\n 1" * 100 + "))\n(print ^^a)"
    assert told(long).count("\n") < 20
    assert told('(setq a "```")\n(print ^^a)').startswith("````sn\n")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(setq a 1) (print ^^a)", "a 1)"),
        ("(setq a 1)\n(setq a 2) (print ^^a)", "a 2)"),
        ("(de f (x) x) (setq f 1) (^^f 1)", "f (x)"),
        ("(de f (x) x) (setq f 1) (print ^^f)", "f 1)"),
        ("(defnet n (layer a (2)))(defnet m (layer a (3)) (connect ^^a a))", "a (3)"),
        ("(defnet n (layer a (2)))\n(experiment n (init (layer ^^a (constant 0))))", "a (2)"),
        ("(defnet n (layer a (2)))\n(experiment ^^n)", "n)"),
        ("(print ^^a)", ""),
        ("^^", ""),
    ],
)
def test_where_a_name_is_defined(text: str, found: str) -> None:
    place, text = text.index("^^"), text.replace("^^", "")
    answer = definition(text, place, {})
    assert (answer is None) == (not found)
    if answer is not None:
        assert answer[0] is None and text[answer[1].start :].startswith(found)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
@pytest.mark.parametrize("text", ["", "a\nbc\n", "é𝒳z\n\n𝒳", "a\x0bb\u2028c\nd"])
def test_positions_lead_back_to_their_characters(text: str, encoding: str) -> None:
    lines = Lines(text, encoding)
    for place in range(len(text) + 1):
        assert lines.offset(lines.position(place)) == place


def test_positions_count_in_units_of_the_encoding() -> None:
    found = {
        name: Lines("é𝒳z", name).position(2).character for name in ("utf-8", "utf-16", "utf-32")
    }
    assert found == {"utf-8": 6, "utf-16": 3, "utf-32": 2}
    lines = Lines("abc\nd")
    assert lines.offset(types.Position(0, 99)) == 3
    assert lines.offset(types.Position(9, 0)) == 5
    there = lines.range_of(Place("x", 2, 1, 2, 1))
    assert (there.start, there.end) == (types.Position(1, 0), types.Position(1, 1))
    assert lines.range_of(Place("x", 7, 1, 8, 9)).end == types.Position(1, 1)


def results(text: str, seconds: float = 10) -> list[Result]:
    return [*check(Job(7, "x.sn", text, seconds))]


def test_a_net_is_told_twice_and_a_text_without_one_once() -> None:
    first, last = results(NET)
    assert not first.is_last and first.nets is None
    assert last.is_last and last.number == 7 and last.findings == ()
    (net,) = last.nets or ()
    assert (net.name, net.units, net.total_connections) == ("n", 26, 70)
    assert len(results("(+ 1 2)")) == 1


def test_every_net_is_told() -> None:
    small = "(defnet {} (layer a (2)) (layer b (1)) (connect a b (full)))"
    *_, last = results(small.format("n") + small.format("m"))
    assert [net.name for net in last.nets or ()] == ["n", "m"]


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("(car 5)", "car needs a list", 1),
        ("\n(nonsense)", "nonsense", 2),
        ("(defnet n)", "net n", 1),
        ("(setq l (range 1 1e12))", "would take", 1),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, message: str, line: int) -> None:
    (last,) = results(text)
    (found,) = last.findings
    assert message in found.message and found.place is not None and found.place.line == line


def test_a_fault_of_sn_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("sn.session.Session.load_text", fail)
    (last,) = results("(+ 1 2)")
    assert last.findings == (
        Finding(
            "internal error: ZeroDivisionError: by zero",
            None,
            "this is a fault in SN, not in your program: `sn check` tells how to report it",
            code=Code.INTERNAL,
        ),
    )


@pytest.mark.parametrize(
    "text", ["(dmc |!| (list 'a))\n!#[", '(print (read-string)) "', "x" * 60_000]
)
def test_what_only_evaluating_can_tell_is_not_told_before(text: str) -> None:
    assert read_findings(text, "x.sn") == ()


def test_a_net_that_takes_long_to_count_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def facts(*_: object) -> None:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            pass

    monkeypatch.setattr("sn.lsp.check._facts", facts)
    first, last = results(NET, 0.3)
    assert first.findings == ()
    (found,) = last.findings
    assert found.is_warning and "no counts: stopped after 0.3 s" in found.message


def test_matrices_are_read_without_numpy() -> None:
    assert read_findings("(print [1 2])", "x.sn") == ()
    (found,) = read_findings("(print [1 2)", "x.sn")
    assert found.beside and "expected" in found.message


def test_all_slips_of_a_form_are_told_at_once_with_their_codes() -> None:
    text = NET.replace("(learning-rate 0.1)", "(learning-rate -1) (nonsense 3)")
    (last,) = results(text)
    assert [one.code for one in last.findings] == [Code.LIMIT, Code.UNKNOWN]
    lines = text.split("\n")
    places = [one.place for one in last.findings if one.place is not None]
    assert [lines[one.line - 1][one.column - 1 : one.end_column] for one in places] == [
        "-1",
        "nonsense",
    ]
