"""Targets: what is tried, each a way to make a case from its number and a way to run it.

Whatever a case does, it ends in a result or an `SnError`; all else is a finding.
"""

from __future__ import annotations

import contextlib
import functools
import io
import random
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scripts.fuzz import data, live
from scripts.fuzz.mutate import mutated, parse, scrambled, text
from sn.errors import SnError, render
from sn.session import Session
from sn.watchdog import Watchdog

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 1.0  # that a program may take before the watchdog stops it
LONGEST_MESSAGE = 2000  # bytes


class FalseWrongError(Exception):
    """Kernels and twin that differ, or derivatives that are called wrong."""


@dataclass(frozen=True)
class Target:
    """`run(number, seed)` makes a case and runs it; `cases` is how many there are, None without
    end.
    """

    run: Callable[[int, int], None]
    cases: Callable[[], int] | None = None


@functools.cache
def seeds() -> list[str]:
    """Return the programs that mutations start from."""
    found = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "nets").rglob("*.sn"))]
    found += [
        path.read_text(encoding="utf-8", errors="replace")
        for folder in ("conformance", "corpus")
        for path in sorted((ROOT / "tests" / folder).rglob("*.sn"))
        if path.stat().st_size < 20_000
    ]
    for page in sorted((ROOT / "docs").glob("*.md")):
        found += re.findall(r"^```lisp\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S)
    return found


@functools.cache
def words() -> list[str]:
    """Return the words of the language, and those of the net forms."""
    names = [symbol.name for symbol in Session().interpreter.symbols]
    inner = re.findall(r"[a-z][a-z0-9-]+", (ROOT / "docs" / "language.md").read_text("utf-8"))
    return sorted({*names, *inner})


# --- programs, form by form ---


def program(number: int, seed: int) -> None:
    """Evaluate a mutated program form by form, each error forgotten."""
    draw = random.Random(f"{seed} {number}")
    source = draw.choice(seeds())
    if draw.random() < 0.2:
        forms = [scrambled(source, draw)]
    else:
        forms = [text(tree) for tree in mutated(parse(source), words(), draw)]
    _each(forms)


def live_program(number: int, seed: int) -> None:
    """Evaluate a program of SN 2.8's words form by form, each error forgotten."""
    draw = random.Random(f"{seed} {number}")
    _each(live.program(draw))


def _each(forms: list[str]) -> None:
    session = Session()
    with _quiet(), contextlib.suppress(SnError), Watchdog(SECONDS, None):
        for form in forms:
            try:
                session.evaluate(form, "fuzz.sn")
            except SnError as error:
                _told(error)


def _told(error: SnError) -> None:
    """Word an error as a person sees it, and hold the words to their length."""
    shown = render(error, width=100)
    if len(shown.encode("utf-8", "replace")) > LONGEST_MESSAGE + 12 * 200:  # frames are beside it
        raise AssertionError(f"a message of {len(shown)} characters: {shown[:200]}")


# --- whole nets, kernels against the twin ---

_NLFS = (
    "", "", "(nlf-tanh 0.66666666 0)", "(tanh)", "(nlf (lambda (a) (/ a (+ 1 (abs a)))))",
    "(nlf (lambda (a) (max 0 a)))", "(nlf (lambda (a) (/ 1 (+ 1 (exp (- a))))))",
    "(nlf (lambda (a) (* a a)))", "(nlf (lambda (a) (log (+ 1 (exp a)))))",
)  # fmt: skip
_RULES = (
    "sgd (learning-rate 0.1)", "sgd (learning-rate 0.1) (momentum 0.5)",
    "diagonal-newton (learning-rate 0.02) (mu 0.05)",
)  # fmt: skip


def small_net(draw: random.Random) -> str:
    """Return the program of a small net of windows and full connections that fits together."""
    shapes = [(draw.choice((1, 1, 2, 3)), draw.randint(5, 10), draw.randint(5, 10))]
    layers, connects = [f"(layer l0 {_shape(*shapes[0])} {draw.choice(('', '(border -1)'))})"], []
    for index in range(1, draw.randint(2, 4)):
        scheme, shape = _windows(shapes[-1], draw)
        layers.append(f"(layer l{index} {_shape(*shape)} {_options(draw)})")
        connects.append(f"(connect l{index - 1} l{index} {scheme})")
        shapes.append(shape)
    last = len(shapes)
    layers.append(f"(layer l{last} ({draw.randint(1, 4)}) {draw.choice(_NLFS)})")
    connects.append(f"(connect l{last - 1} l{last} (full))")
    if last > 1 and draw.random() < 0.3:
        connects.append(f"(connect l{draw.randrange(last - 1)} l{last} (full))")
    body = "\n  ".join(layers + connects)
    return f"(defnet small\n  {body})\n"


def _shape(maps: int, rows: int, cols: int) -> str:
    return f"({rows} {cols})" if maps == 1 else f"({maps} {rows} {cols})"


def _options(draw: random.Random) -> str:
    bias = draw.choice(("", "", "(bias map)", "(bias none)"))
    return f"{draw.choice(_NLFS)} {bias} {draw.choice(('', '', '(border -1)', '(border 0.5)'))}"


def _windows(shape: tuple[int, int, int], draw: random.Random) -> tuple[str, tuple[int, int, int]]:
    """Return a scheme of windows over a layer, and the shape of what it leads to."""
    maps, *sizes = shape
    kind = draw.choice(("conv", "conv", "local", "subsample", "full"))
    if kind == "full":
        return "(full)", (draw.choice((1, 2, 4)), draw.randint(1, 4), draw.randint(1, 4))
    if kind == "subsample" and min(sizes) >= 2:
        return "(subsample (kernel 2 2))", (maps, sizes[0] // 2, sizes[1] // 2)
    kernel = [draw.randint(1, min(5, size)) for size in sizes]
    stride = [draw.choice((1, 1, 2)) for _ in sizes]
    out = [(size - k) // s + 1 for size, k, s in zip(sizes, kernel, stride, strict=True)]
    kind = "conv" if kind == "subsample" else kind
    scheme = f"({kind} (kernel {kernel[0]} {kernel[1]}) (stride {stride[0]} {stride[1]}))"
    return scheme, (draw.choice((1, 2, 3, 12)), out[0], out[1])


def net(number: int, seed: int) -> None:
    """Check the derivatives of a small net, mutated, and its kernels against the twin."""
    draw = random.Random(f"{seed} {number}")
    source = small_net(draw)
    if draw.random() < 0.4:
        source = "\n".join(text(tree) for tree in mutated(parse(source), words(), draw))
    with _quiet(), tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "fuzz.sn"
        file.write_text(source, encoding="utf-8")
        with Watchdog(20, None):
            try:
                report = Session().check_gradients(file)
            except SnError as error:
                _told(error)
                return
    if not report.passes:
        raise FalseWrongError(source)


# --- every truncation of every program that comes with SN ---


@functools.cache
def _truncations() -> list[tuple[str, int]]:
    files = sorted((ROOT / "nets").glob("*.sn"))
    texts = [path.read_text(encoding="utf-8") for path in files]
    return [(source, end) for source in texts for end in range(len(source))]


def truncation(number: int, seed: int) -> None:
    """Evaluate the start of a program that comes with SN."""
    source, end = _truncations()[number]
    with _quiet(), Watchdog(SECONDS, None):
        try:
            Session().evaluate(source[:end], "fuzz.sn")
        except SnError as error:
            _told(error)


@contextlib.contextmanager
def _quiet():  # type: ignore[no-untyped-def]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


TARGETS = {
    "programs": Target(program),
    "live": Target(live_program),
    "nets": Target(net),
    "truncations": Target(truncation, lambda: len(_truncations())),
    "data": Target(data.run),
}
