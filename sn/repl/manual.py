"""Manual: what a word of SN means, in lines for a terminal, and the words that look like it.

A word may mean several things: `tanh` is a function, and `layer` stands in a net and in the
options of an experiment. All of them are told, each under where it may stand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sn.editors.words import words
from sn.errors import UnknownNameError, did_you_mean
from sn.folding import fold as fold_line
from sn.lisp.forms import Symbol, Value, fold, to_list
from sn.lisp.leads.words import words as their_words

# what the tables of words hold, in the order in which a word is looked for
_PLACES = {
    "special_forms": "special form",
    "functions": "function",
    "net_forms": "describes nets and experiments",
    "net_words": "inside a net or an experiment",
}
_NEAR = 8  # words that an error shows
_MOST = 40  # words that a search shows; chosen here: a screen


def manual_text(word: str, others: Mapping[str, str] = {}) -> str:
    """Return all that SN says of a word, as text of several lines; letters may be of any case.

    `others` are words known here besides, with their manuals.
    Raises: UnknownNameError with the nearest words, for one that it does not know.
    """
    name = fold(word)
    found = [*_meanings(name, others)]
    if not found:
        hint = _elsewhere(name) or did_you_mean(name, [*_all_words(), *others])
        if hint is None:
            near = [one for one, _ in apropos(name, others)][:_NEAR] if name else []
            has_it = "; these have it in them: " + ", ".join(near) if near else ""
            hint = f"docs/builtins.md has all words{has_it}"
        raise UnknownNameError(f"SN has no word '{word}'", hint=hint)
    return "\n\n".join(f"{name}: {place}\n\n{_indented(doc)}" for place, doc in found)


def folded(text: str, width: int | None) -> str:
    """Return what a manual says as wide as there is room: prose anew, and forms line by line."""
    if width is None:
        return text
    parts = []
    for paragraph in text.split("\n\n"):
        lines = paragraph.split("\n")
        if not lines[0].lstrip().startswith(("(", "=>")) and lines[0].startswith("  "):
            lines = ["  " + " ".join(line.strip() for line in lines)]
            parts.append("\n".join(fold_line(lines[0], width, "  ")))
        else:
            parts.append(
                "\n".join(part for line in lines for part in fold_line(line, width, "    "))
            )
    return "\n\n".join(parts)


def apropos(part: str, others: Mapping[str, str] = {}) -> list[tuple[str, str]]:
    """Return the words that a text is a part of, by name, each with the first line of its manual.

    Words that begin with it come first.
    """
    part = fold(part)
    found = {word: doc for word, doc in {**others, **_all_words()}.items() if part in word}
    names = sorted(found, key=lambda word: (not word.startswith(part), word))
    return [(name, found[name].partition("\n")[0]) for name in names[:_MOST]]


def _meanings(name: str, others: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield where a word may stand, and what it means there; nothing twice."""
    told = set()
    if name in others:
        told.add(others[name])
        yield "word of the prompt, `sn repl`", others[name]
    known = words()
    for table, place in _PLACES.items():
        doc = getattr(known, table).get(name)
        if doc is not None and doc not in told:
            told.add(doc)
            yield place, doc


def _elsewhere(name: str) -> str | None:
    """Return what SN calls a word of another language, None for one that is none."""
    if name not in their_words:
        return None
    lead, f, x = their_words.get(name), Symbol("f"), Symbol("x")
    product = to_list([Symbol("*"), x, x])
    # calls that the word may stand in: a definition, an assignment, a use
    calls: tuple[list[Value], ...] = ([f, to_list([x]), product], [x, 5.0], [product, 0.0], [x], [])
    hints = [hint for args in calls if (hint := lead(args)) is not None]
    if not hints or hints[0].startswith("SN says "):  # the same arguments, whatever they are
        return hints[0].partition(":")[0] if hints else None
    found = {hint.partition(":")[0]: hint for hint in reversed(hints[:2])}
    return "; ".join(reversed(found.values()))


def _all_words() -> dict[str, str]:
    known = words()
    found: dict[str, str] = {}
    for table in reversed(_PLACES):
        found |= getattr(known, table)
    return found


def _indented(doc: str) -> str:
    return "\n".join(f"  {line}" if line else "" for line in doc.split("\n"))
