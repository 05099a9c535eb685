"""Fitting: what is told of windows that do not fit, with the numbers that would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sn.codes import Code
from sn.display import number_text
from sn.errors import NetError, Span


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a windowed connection: `n` windows of `kernel` units, `gap` apart, `step` from
    one window to the next, over `n_src` units of layer `src` for as many of layer `dst`.
    """

    word: str
    n: int
    n_src: int
    kernel: int
    gap: int
    step: int
    src: str
    dst: str

    @property
    def span(self) -> int:
        """How many units a window reaches over."""
        return (self.kernel - 1) * self.gap + 1

    @property
    def needed(self) -> int:
        """How many units the windows reach over together."""
        return (self.n - 1) * self.step + self.span

    @property
    def fits(self) -> int:
        """How many windows fit inside."""
        return (self.n_src - self.span) // self.step + 1 if self.span <= self.n_src else 0

    @property
    def what(self) -> str:
        """The windows in words."""
        dilated = f" and dilation {number_text(self.gap)}" if self.gap > 1 else ""
        n, kernel, step = (number_text(number) for number in (self.n, self.kernel, self.step))
        return f"{n} windows of {kernel} with stride {step}{dilated}"

    def ways(self) -> str:
        """Return which single change would make the windows fit, with its number."""
        word, found = self.word, []
        if self.fits > 0:
            found.append(f"{number_text(self.fits)} {word} in {self.dst}")
        room = self.n_src - (self.n - 1) * self.step  # for the last window
        kernel = (room - 1) // self.gap + 1
        if kernel > 0 and room - (kernel - 1) * self.gap - 1 < self.step:
            found.append(f"a kernel of {number_text(kernel)}")
        step = (self.n_src - self.span) // (self.n - 1) if self.n > 1 else 0
        if step > 0 and self.n_src - (self.n - 1) * step - self.span < step:
            found.append(f"a stride of {number_text(step)}")
        found.append(f"{number_text(self.needed)} {word} in {self.src}")
        return f"what fits along the {word}: " + ", or ".join(found)


def outside(found: Sequence[Axis], place: Span | None, label: str, has_offset: bool) -> NetError:
    """Return the error for windows that reach outside a layer without a border."""
    src = found[0].src
    text = f"the windows of {label} reach outside {src}, which has no border"
    others = f"(border VALUE) in layer {src} or (wrap)"
    short = [one for one in found if one.needed > one.n_src]
    if len(short) == 2 and replace(short[0], word=short[1].word) == short[1]:
        short = [replace(short[0], word="rows and columns")]
    if has_offset or not short:
        return NetError(
            text, code=Code.WINDOW, span=place, hint=f"change the offset, or say {others}"
        )
    counts = [
        f"{one.what} need {number_text(one.needed)} {one.word}, {src} has {number_text(one.n_src)}"
        for one in short
    ]
    ways = "; ".join(one.ways() for one in short)
    return NetError(
        f"{text}: {'; '.join(counts)}", code=Code.WINDOW, span=place, hint=f"{ways}; or {others}"
    )


def unseen(one: Axis, place: Span | None) -> NetError:
    """Return the error for windows that leave units at the end unseen."""
    rest, all_ = number_text(one.n_src - one.needed), number_text(one.n_src)
    return NetError(
        f"{one.what} leave {rest} of the {all_} {one.word} of {one.src} unseen",
        code=Code.WINDOW,
        span=place,
        hint=f"{one.ways()}; or (offset ...) says where the first window starts",
    )


def other_count(one: Axis, place: Span | None) -> NetError:
    """Return the error for windows of which not as many fit as the layer has units."""
    fits, kernel, step, n_src, n = (
        number_text(number) for number in (one.fits, one.kernel, one.step, one.n_src, one.n)
    )
    return NetError(
        f"{fits} windows of {kernel} with stride {step} fit in the {n_src} {one.word} of "
        f"{one.src}, {one.dst} has {n}",
        code=Code.WINDOW,
        span=place,
        hint=one.ways() if one.fits else f"a window has {n_src} {one.word} at most",
    )
