"""Make docs/builtins.md: every function and form of SN Lisp, from the docstrings.

    python scripts/make_builtins_page.py

A test keeps the page as this script makes it.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sn import networds, optim  # noqa: E402, F401 - from this checkout, installed or not
from sn.data import dataset, source  # noqa: E402
from sn.describe.network import NET_FORMS  # noqa: E402
from sn.lisp.calls import builtins, special_forms  # noqa: E402
from sn.lisp.library import manuals  # noqa: E402
from sn.net.activations import activation  # noqa: E402
from sn.net.costs import cost  # noqa: E402
from sn.net.init import fan_in_law, init_law  # noqa: E402
from sn.net.schemes import scheme  # noqa: E402
from sn.optim.base import optimizer  # noqa: E402
from sn.optim.schedule import schedule  # noqa: E402
from sn.registry import Entry, Registry, load_folder  # noqa: E402
from sn.sn28 import new_interpreter  # noqa: E402

PAGE = ROOT / "docs" / "builtins.md"
HEAD = """# The words of SN Lisp

<!-- Made by scripts/make_builtins_page.py from the docstrings; edit those. -->

Every form and function that a program can use, with its call form and, where `=>` stands, an
example and its value. `name...` may be repeated, `[name]` may be left out. How they fit together
is told in [language.md](language.md).
"""
# The words inside net and experiment forms: title, what they are for, where they are kept.
WORDS: tuple[tuple[str, str, Registry[Any]], ...] = (
    ("Schemes", "What `(connect FROM TO SCHEME)` takes, besides `(scheme FUNCTION)`.", scheme),
    (
        "Non-linearities",
        "What `(layer NAME (SIZE ...) NON-LINEARITY)` takes, besides `(nlf FUNCTION)`.",
        activation,
    ),
    ("Costs", "What `(cost NAME)` takes; it also takes a function of output and target.", cost),
    (
        "Initial weights",
        "What `(init ...)`, `(biases ...)` and `(layer NAME ...)` in it take.",
        init_law,
    ),
    (
        "Laws of initial weights",
        "What `(uniform X LAW)` and `(gaussian S LAW)` take; F is the fan-in.",
        fan_in_law,
    ),
    ("Optimizers", "What `(optimizer NAME RULE)` takes.", optimizer),
    (
        "Schedules",
        "What stands for a number of an optimizer that changes, besides a function of two numbers.",
        schedule,
    ),
)


def page() -> str:
    """Return the text of the page."""
    new_interpreter()
    load_folder(optim)
    parts = [HEAD, "## Net forms\n"]
    net_words = [*NET_FORMS, "defnet", "experiment"]
    parts += entry("defnet", special_forms.get("defnet").__doc__)
    for word, form in NET_FORMS.items():
        parts += entry(word, form.__doc__)
    parts += entry("experiment", special_forms.get("experiment").__doc__)
    for title, lead, registry in WORDS:
        parts += [f"### {title}\n", f"{lead}\n", *words(registry)]
    parts += ["### Data sets\n", "What `(data NAME)` takes; [data.md](data.md) tells more.\n"]
    parts += [f'* `"{name}"`: {source(name).title}' for name in sorted(dataset)] + [""]
    specials = [one for one in special_forms.describe() if one.name not in net_words]
    parts += sections("Special forms", specials)
    parts += sections("Functions", builtins.describe())
    parts += library()
    return "\n".join(parts).rstrip() + "\n"


def sections(title: str, entries: Sequence[Entry[Any]]) -> Iterator[str]:
    """Yield a chapter: a section per file, in order of name."""
    yield f"## {title}\n"
    files = sorted({one.file for one in entries})
    for file in files:
        yield f"### {topic(file)}\n"
        mine = [one for one in entries if one.file == file]
        for doc in dict.fromkeys(one.doc for one in mine):
            yield from entry(", ".join(one.name for one in mine if one.doc == doc), doc)


def library() -> Iterator[str]:
    """Yield the chapter of the functions written in SN Lisp: a section per file."""
    yield "## The library\n"
    yield "Functions of SN 2.8 in SN Lisp, loaded when they are called: see `sn/lib`.\n"
    for part, found in sorted(manuals().items()):
        if found:
            yield f"### {part}\n"
        for one in found:
            yield f"#### {one.name}\n"
            yield f"```\n{one.call}\n```\n"
            yield f"{one.text}\n"


def topic(file: str) -> str:
    """Return what a file of functions is about: its docstring up to the first colon."""
    parts = Path(file).relative_to(ROOT).with_suffix("").parts
    module = importlib.import_module(".".join(parts))
    first = (module.__doc__ or "").partition("\n")[0]
    return first.partition(":")[0].rstrip(".")


def entry(names: str, doc: str | None) -> Iterator[str]:
    """Yield one entry: the names, the call form, what it does, examples."""
    lines = [line.removeprefix("    ") for line in (doc or "").strip().split("\n")]
    usage, *rest = "\n".join(lines).split("\n\n")
    yield f"#### {names}\n"
    yield f"```\n{usage}\n```\n"
    for paragraph in rest:
        is_code = "\n=> " in paragraph or paragraph.startswith("(")
        yield f"```\n{paragraph}\n```\n" if is_code else f"{paragraph}\n"


def words(registry: Registry[Any]) -> Iterable[str]:
    """Yield the entries of a registry as a list: call form, then what it means."""
    found = []
    for one in sorted(registry.describe(), key=lambda one: one.name):
        text = " ".join(one.doc.split())
        usage, ended, meaning = text.partition("): ")
        if ended:
            usage, meaning = f"{usage})", meaning
        elif text.startswith("("):
            usage, _, meaning = text.partition("). ")
            usage += ")"
        else:
            usage, meaning = one.name, text
        _, blank, tail = usage.partition(" ")
        if usage.startswith("(") and not usage.startswith("(cost"):
            usage = f"({one.name}{blank}{tail}" if blank else f"({one.name})"
        found.append(f"* `{usage}`: {meaning}")
    return [*found, ""]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE}: {len(builtins.describe())} functions, {len(special_forms.describe())} forms")
