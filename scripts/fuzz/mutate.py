"""Mutate: programs that are nearly right, form by form, and texts that are nearly whole.

A program is cut into its top-level forms as text; a mutation edits one form as a tree of words,
lists and strings (`parse`, `text`), which need not be well formed for SN.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

Tree: TypeAlias = "str | list[Tree]"

_TOKEN = re.compile(
    r"""\s*(;[^\n]*\n|"(?:\\.|[^"\\])*"|\|[^|]*\||['`,~:]+@?|[()\[\]]|[^\s()\[\]"';`,|]+)"""
)
NUMBERS = (
    "0", "1", "-1", "2", "3", "0.5", "-0.5", "7", "16", "256", "65536", "32768", "-32769",
    "2147483648", "1e9", "1e18", "-1e18", "1e308", "-1e308", "1e-308", "1e39", "0x7fffffff",
    "1e16", "9007199254740993", "0.1", "100", "1000", "100000",
)  # fmt: skip
STRINGS = (
    '""', '"a"', '"%s %d %g"', '"%1000000000d"', '"\\\\e"', '"((((" ', '"/etc/passwd"', '"../x"',
    '"a*(b|c)*(d*)*e"', '"' + "a" * 3000 + '"', '"\\\\^[[2J"', '"é€\u2028\u202e"', '"$x^$"',
    '"mnist-1989"', '"none.csv"',
)  # fmt: skip
FORMS = (
    "(let ((l (list 1 2 3))) (rplacd (cddr l) l) l)",
    "(let ((l (list 1 2 3 4))) (rplacd (cdddr l) (cdr l)) l)",
    "(let ((l (list 1))) (rplaca l l) l)",
    "(let ((m (array 2))) (m 0 m) m)",
    "(range 1 1e9)",
    "(range 1 50)",
    "(lambda (x) (x x))",
    "((lambda (f) (f f)) (lambda (f) (f f)))",
    "(while t 1)",
    "(de loop (n) (loop (+ n 1)))",
    "'" + "(" * 300 + "a" + ")" * 300,
    "(eval '(eval '(+ 1 2)))",
    "[[1 2][3 4]]",
    "(matrix 1e5 1e5)",
    "(setq x '(eval x))",
    "t",
    "()",
)  # fmt: skip


def parse(source: str) -> list[Tree]:
    """Return a text as trees; brackets without partner are dropped."""
    stack: list[list[Tree]] = [[]]
    for match in _TOKEN.finditer(source):
        token = match[1]
        if token.startswith(";"):
            continue
        if token in "([":
            stack.append(["["] if token == "[" else [])
        elif token in ")]":
            if len(stack) > 1:
                done = stack.pop()
                stack[-1].append(done)
        else:
            stack[-1].append(token)
    while len(stack) > 1:
        done = stack.pop()
        stack[-1].append(done)
    return stack[0]


def text(tree: Tree) -> str:
    """Return a tree as text; edits may have made it deep, so nothing here calls itself."""
    parts: list[str] = []
    todo: list[Tree] = [tree]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            # what is a prefix stays with what follows it
            parts.append(item if item[:1] in "'`,~" else f"{item} ")
        else:
            is_array = item[:1] == ["["]
            parts.append("[" if is_array else "(")
            todo.append("]" if is_array else ")")
            todo += reversed(item[is_array:])
    return "".join(parts).rstrip(" ")


def mutated(trees: list[Tree], words: Sequence[str], draw: random.Random) -> list[Tree]:
    """Return the trees with some edits, drawn from what usually goes wrong."""
    found = [_copy(tree) for tree in trees]
    for _ in range(draw.choice((1, 1, 1, 2, 3, 6))):
        places = list(_places(found))
        if not places:
            break
        edit = draw.choice(EDITS)
        edit(draw.choice(places), places, words, draw)
    return found


Place: TypeAlias = "tuple[list[Tree], int]"


def _places(trees: list[Tree]) -> list[Place]:
    """Return every place of a tree, as the list that it is in and its index there."""
    found: list[Place] = []
    todo = [trees]
    while todo:
        inside = todo.pop()
        for index, item in enumerate(inside):
            found.append((inside, index))
            if isinstance(item, list):
                todo.append(item)
    return found


def _copy(tree: Tree) -> Tree:
    if isinstance(tree, str):
        return tree
    copied = list(tree)
    todo = [copied]
    while todo:
        inside = todo.pop()
        for index, item in enumerate(inside):
            if isinstance(item, list):
                inside[index] = list(item)
                todo.append(inside[index])  # type: ignore[arg-type]
    return copied


def _replace(place: Place, places: list[Place], words: Sequence[str], draw: random.Random) -> None:
    inside, index = place
    kind = draw.randrange(5)
    if kind == 0:
        inside[index] = draw.choice(NUMBERS)
    elif kind == 1:
        inside[index] = draw.choice(STRINGS)
    elif kind == 2:
        inside[index] = draw.choice(FORMS)
    elif kind == 3:
        other, at = draw.choice(places)
        inside[index] = _copy(other[at])
    else:
        inside[index] = draw.choice(words)


def _number(place: Place, places: list[Place], words: Sequence[str], draw: random.Random) -> None:
    numbers = [(some, at) for some, at in places if _is_number(some[at])]
    if numbers:
        inside, index = draw.choice(numbers)
        inside[index] = draw.choice(NUMBERS)


def _remove(place: Place, places: list[Place], words: Sequence[str], draw: random.Random) -> None:
    inside, index = place
    del inside[index]


def _repeat(place: Place, places: list[Place], words: Sequence[str], draw: random.Random) -> None:
    inside, index = place
    inside[index:index] = [_copy(inside[index])] * draw.choice((1, 1, 2, 40))


def _swap(place: Place, places: list[Place], words: Sequence[str], draw: random.Random) -> None:
    inside, index = place
    other = draw.randrange(len(inside))
    inside[index], inside[other] = inside[other], inside[index]


def _wrap(place: Place, places: list[Place], words: Sequence[str], draw: random.Random) -> None:
    inside, index = place
    times = draw.choice((1, 1, 1, 3, 200))
    for _ in range(times):
        inside[index] = (
            [draw.choice(words), inside[index]] if draw.random() < 0.7 else [inside[index]]
        )


def _call(place: Place, places: list[Place], words: Sequence[str], draw: random.Random) -> None:
    inside, index = place
    values = (*NUMBERS, *STRINGS, *FORMS, *words[:40])
    inside[index] = [draw.choice(words), *(draw.choice(values) for _ in range(draw.randrange(5)))]


def _is_number(tree: Tree) -> bool:
    return isinstance(tree, str) and re.fullmatch(r"[+-]?[0-9.][0-9.eExa-f+-]*", tree) is not None


Edit: TypeAlias = Callable[[Place, "list[Place]", Sequence[str], random.Random], None]
EDITS: tuple[Edit, ...] = (
    _replace, _replace, _number, _number, _number, _remove, _repeat, _swap, _wrap, _call, _call,
)  # fmt: skip


def scrambled(source: str, draw: random.Random) -> str:
    """Return a text with characters changed, cut out, repeated or put in."""
    for _ in range(draw.choice((1, 1, 2, 5))):
        at = draw.randrange(len(source) + 1)
        end = min(len(source), at + draw.choice((1, 1, 1, 5, 40)))
        part = source[at:end]
        new = draw.choice(
            ("", part * draw.choice((2, 50)), draw.choice("()[]\"|;'`,~:.#^\\0\x00\x1b\u202e²é\n"))
        )
        source = source[:at] + new + source[end:]
    return source
