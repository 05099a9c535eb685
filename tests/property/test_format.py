"""Laws of `sn fmt`: the same forms, every comment, and nothing left to do for a second time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sn.errors import ReadError
from sn.format import format_text
from sn.format.tokens import scan
from sn.lisp.forms import SymbolTable, Value, number_exact, show, to_list
from sn.parser import Host, read

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = sorted(
    path for folder in ("nets", "tests", "docs") for path in (ROOT / folder).rglob("*.sn")
)

# --- programs ---

HEADS = (
    "de f (x y)", "let ((a 1) (b 2))", "if", "when (> a b)", "cond", "setq a", "layer h1 (12 8 8)",
    "connect input h1", "defnet n", "experiment n", "optimizer sgd", "progn", "reference \"LeCun\"",
    "lambda (x)", "each ((i (range 0 7)))", "f", "some-long-name-of-a-function", "list", "+", "",
)  # fmt: skip
WORDS = ("a", "h1-to-h2", "1", "-1", "0.66666666", "2.5e-3", "1+", "2/3", "x.y", "@b", "T_1", "été")
STRINGS = ('"text"', '""', '"; no comment"', '"a \\" quote (not open"', '"two \\\nlines"')
NAMES = ("|Exact Name|", "|;|", "|(|")
COMMENTS = ("; a comment", ";; ((", ";;;", ';\t"quoted', "; " + 30 * "long ", ";x  ")
BLOCKS = ("#! in line !#", "#! over\n  two lines !#")

BLANKS = (" ", " ", " ", "  ", "   ", "\n", "\n  ", "\n\n", "\n\n\n   ", "\t", "")
PREFIXES = ("'", "`", "~", ":", "^P", "` ,", "`(,@")


class Author:
    """Somebody who writes well-formed programs without any care for how they look."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def program(self) -> str:
        """Some forms, with comments between."""
        forms = range(self.chance.randint(1, 5))
        return "".join(self.between() + self.form(4) + self.between() for _ in forms)

    def between(self) -> str:
        """Blanks, line ends and comments."""
        chance = self.chance
        text = chance.choice(BLANKS)
        while chance.random() < 0.2:
            comment = f"{chance.choice(COMMENTS)}\n"
            text += chance.choice((comment, comment, chance.choice(BLOCKS))) + chance.choice(BLANKS)
        return text

    def form(self, depth: int) -> str:
        """A word, or a form with others in it."""
        chance = self.chance
        if depth == 0 or chance.random() < 0.3:
            return chance.choice(WORDS + STRINGS + NAMES)
        kind = chance.random()
        if kind < 0.1:
            prefix = chance.choice(PREFIXES)
            end = ")" if "(" in prefix else ""
            return prefix + self.between() + self.form(depth - 1) + end
        if kind < 0.15:
            return f"({self.form(depth - 1)} . {self.form(depth - 1)})"
        inside = "".join(
            f"{self.between()} {self.form(depth - 1)}" for _ in range(chance.randint(0, 5))
        )
        if kind < 0.2:
            return f"[{inside}{self.between()}]"
        if kind < 0.25:
            return f"({inside} ^Lfile.sn \n)"
        return f"({chance.choice(HEADS)}{inside}{self.between()})"


def programs(number: int, first: int = 0) -> Iterator[tuple[int, str]]:
    """So many programs that the reader takes, each with its seed."""
    for seed in range(first, first + 3 * number):
        text = Author(seed).program()
        if is_read(text):
            yield seed, text
            number -= 1
            if number == 0:
                return
    raise AssertionError("most of the programs are not well formed")


def is_read(text: str) -> bool:
    """Whether a text is well formed."""
    try:
        scan(text, "t")
    except ReadError:
        return False
    return True


def shown(text: str) -> list[str]:
    """The forms of a program, as they print."""
    table = SymbolTable()

    def matrix(opener: str, values: list[Value], *_: object) -> Value:
        return to_list([opener, *values])

    return [show(form, number_exact) for form in read(text, "t", Host(table.intern, matrix))]


def comments_of(text: str) -> list[str]:
    """The comments of a program, in order."""
    return [token.text for token in scan(text, "t").tokens if "comment" in token.kind]


def hold(text: str, name: str = "t") -> None:
    """Hold the format of a text to the laws."""
    new = format_text(text, name)
    assert comments_of(new) == comments_of(text), name
    assert format_text(new, name) == new, name
    if scan(text, name).tail_line is None:
        assert shown(new) == shown(text), name
        assert new == "" or (new.endswith("\n") and not new.endswith("\n\n")), name
        assert "\n\n\n" not in new, name


# --- laws ---


ODD = (
    "(a\n ; c\n)", "' ; c\n a", "(^Lx\n)", "#!/usr/bin/sn\n(a)", "(f x)))))\n(g)", "", "; only",
    "`(a , @b ,@c)", "(a; c\n)", "(dmc |$| 1)\n  $x  y", "(reading \"f\" (read-string))  (a  b)",
    "(setq  x (read-string))  left  as it is (", "((layer a (1)))", "(defnet n (layer))",
    "(a)\x0c(b)", "^P[1 2]", "^P' ; c\n a", "`(,@ ' ; c\n a)",
)  # fmt: skip


@pytest.mark.parametrize("text", ODD)
def test_an_odd_program_keeps_its_forms_and_comments(text: str) -> None:
    hold(text)


def test_programs_keep_their_forms_and_comments() -> None:
    for seed, text in programs(30):
        hold(text, f"Author({seed})")


@pytest.mark.slow
def test_a_thousand_programs_keep_their_forms_and_comments() -> None:
    for seed, text in programs(1000, first=1000):
        hold(text, f"Author({seed})")


@given(st.text(st.sampled_from("()[]#'`,@~:.|\"\\;!^-+_ aA1e0x\n\t\x10")))
@example("` , @a")
@example("#!a\n!#")
def test_lisp_like_text_is_laid_out_or_refused_by_the_reader(text: str) -> None:
    if is_read(text):
        hold(text)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_program_of_the_tree_keeps_its_forms_and_comments(path: Path) -> None:
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    if is_read(text):
        hold(text)
    else:
        assert path.is_relative_to(ROOT / "tests" / "corpus"), "this does not even read"


@pytest.mark.parametrize("path", sorted((ROOT / "nets").rglob("*.sn")), ids=lambda path: path.stem)
def test_the_nets_are_written_in_the_house_layout(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert format_text(text, path.name) == text
