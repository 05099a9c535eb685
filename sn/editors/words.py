"""Words: what each word of SN Lisp is called and means, for editors.

They come from the registries and from the tables that forms are read by. Loading them takes half a
second the first time, so nothing here is imported by what has to start at once.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sn import networds, optim  # noqa: F401 - their words are part of the language
from sn.data import dataset
from sn.describe import vocabulary
from sn.lisp.calls import builtins, special_forms
from sn.lisp.library import manuals
from sn.net.activations import activation
from sn.net.costs import cost
from sn.net.init import fan_in_law, init_law
from sn.net.schemes import scheme
from sn.optim.base import optimizer
from sn.optim.schedule import schedule
from sn.registry import load_folder
from sn.sn28 import new_interpreter

CONSTANTS = ("t", "nil")


@dataclass(frozen=True, slots=True)
class Words:
    """The manuals of all words, by word.

    `net_forms` are bound inside `defnet` or describe nets; `net_words` are what may stand in them.
    """

    special_forms: Mapping[str, str]
    functions: Mapping[str, str]
    net_forms: Mapping[str, str]
    net_words: Mapping[str, str]
    data_sets: tuple[str, ...]

    def options(self, heads: Sequence[str]) -> Mapping[str, str]:
        """Return what may start a list in forms named by their first words, outermost first."""
        return vocabulary.options_in(heads)

    def takes_expressions(self, heads: Sequence[str]) -> bool:
        """Return whether any expression may stand there too."""
        return vocabulary.takes_expressions(heads)

    def alone(self, heads: Sequence[str]) -> Mapping[str, str]:
        """Return what may stand in the innermost of such forms without a list of its own."""
        return vocabulary.arguments_in(heads)


@functools.cache
def words() -> Words:
    """Return all words."""
    new_interpreter()
    load_folder(optim)
    net_forms = vocabulary.net_forms()
    of_registries: dict[str, str] = {}
    for registry in (scheme, activation, cost, init_law, fan_in_law, optimizer, schedule):
        of_registries |= vocabulary.manuals(registry)
    specials = vocabulary.manuals(special_forms)
    return Words(
        special_forms={name: doc for name, doc in specials.items() if name not in net_forms},
        functions={**_library(), **vocabulary.manuals(builtins)},
        net_forms=net_forms,
        net_words={**_all_options(), **of_registries},
        data_sets=tuple(sorted(dataset)),
    )


def _library() -> dict[str, str]:
    """Return the manuals of the functions that are written in SN Lisp."""
    return {one.name: f"{one.call}\n\n{one.text}" for part in manuals().values() for one in part}


def _all_options() -> dict[str, str]:
    """Return the options of all forms that the vocabulary reaches, going inwards."""
    found: dict[str, str] = {}
    waiting: list[tuple[str, ...]] = [("defnet", word) for word in vocabulary.net_forms()]
    while waiting:
        heads = waiting.pop()
        options = vocabulary.options_in(heads)
        found |= options
        found |= vocabulary.arguments_in(heads)
        if len(heads) < 5:
            waiting += [(*heads, word) for word in options if word not in heads]
    return found


def manual(word: str, heads: Sequence[str]) -> str | None:
    """Return what a word means inside forms, named by their first words, outermost first.

    None for a word that SN does not know.
    """
    known = words()
    of_forms = (known.options(heads), known.alone(heads))
    of_lisp = (known.special_forms, known.functions)
    in_net = "defnet" in heads or "experiment" in heads
    tables = (*of_forms, known.net_forms, *of_lisp) if in_net else (*of_lisp, known.net_forms)
    return next((table[word] for table in tables if word in table), None)
