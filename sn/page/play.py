"""Play: the part of a page where the trained net is at work, and a page of it alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sn.data.base import Part
from sn.data.rows import TargetKind
from sn.export.javascript import javascript
from sn.export.portable import Program
from sn.page.data import MOST_BYTES, Frame, Shown, fitting, page_data
from sn.page.html import Html, asset, document, json_data, tag
from sn.page.ink import MOST, Ink, ink_of
from sn.trained.net import TrainedNet

MOST_SLIDERS = 24  # inputs with a slider; more have fields alone
MOST_STORED = 200_000  # weights of a net that is at work in a page: 1 MB of it
MOST_VALUES = 300  # inputs that a page has fields for


class Playground:
    """A net with what a page needs to let it work: its states over a run, and patterns to show.

    `shown` are patterns of a set, None where the data is not here; `ink` how pictures are drawn,
    None where inputs are none.
    """

    def __init__(
        self, net: TrainedNet, frames: Sequence[Frame], shown: Shown | None, ink: Ink | None
    ) -> None:
        self.net = net
        self.program = Program(net.plan)
        self.frames = fitting(frames, len(self.program.slots))
        self.shown = shown
        self.ink = ink

    @property
    def fits(self) -> bool:
        """Whether the weights leave room in a page that can be sent."""
        return len(self.program.slots) <= MOST_STORED

    def data(self) -> Html:
        """Return what the scripts read."""
        return json_data("sn-data", page_data(self.net, self.frames, self.shown, self.ink))

    def scripts(self) -> list[str]:
        """Return the scripts, in the order in which they run."""
        return [
            f"const make = {javascript(self.program)};",
            asset("play.js"),
            asset("draw.js") if self.ink is not None else asset("values.js"),
            asset("report.js"),
        ]

    def section(self) -> Html:
        """Return what one sees of it."""
        title = "Draw a digit" if self._is_of_digits() else "Try it"
        if self.ink is not None and not self._is_of_digits():
            title = "Draw"
        return tag(
            "section",
            tag("h2", title),
            tag(
                "div",
                tag(
                    "div", self._sheet() if self.ink is not None else self._values(), Class="input"
                ),
                self._answer(),
                self._controls(),
                tag("div", id="layers", Class="layers"),
                Class="board",
            ),
            tag("div", tag("p", _INVITATION, Class="note"), id="unit", aria_live="polite"),
            id="play",
        )

    def _is_of_digits(self) -> bool:
        return self.ink is not None and set(self.net.classes) == set("0123456789")

    def _controls(self) -> Html:
        parts = [self._preparing() if self.ink is not None else None]
        if self.shown is not None:
            last = len(self.shown.numbers) - 1
            parts.append(
                tag(
                    "p",
                    tag("label", f"or a {self.shown.name}", For="pattern", Class="whole"),
                    tag("button", "◀", type="button", id="before", aria_label="the one before"),
                    tag("input", type="range", id="pattern", min=0, max=last, value=0),
                    tag("button", "▶", type="button", id="next", aria_label="the next one"),
                    Class="row",
                )
            )
        if len(self.frames) > 1:
            last = len(self.frames) - 1
            name = tag("output", self.frames[-1].name, id="pass")
            parts.append(
                tag(
                    "p",
                    tag("label", "weights ", name, For="passes", Class="whole"),
                    tag("input", type="range", id="passes", min=0, max=last, value=last),
                    Class="row",
                )
            )
        return tag("div", *parts, Class="controls")

    def _sheet(self) -> Html:
        sheet = tag(
            "canvas",
            id="sheet",
            width=280,
            height=280,
            tabindex=0,
            aria_label="Draw here. With keys: arrows move, space puts the pen down and up, "
            "Backspace takes a stroke back, Delete clears.",
        )
        buttons = tag(
            "p",
            tag("button", "clear", type="button", id="clear"),
            tag("button", "undo", type="button", id="undo"),
            Class="row",
        )
        return sheet + buttons

    def _preparing(self) -> Html:
        """Return what is done to a drawing before the net sees it, to be switched off."""
        assert self.ink is not None
        steps = (
            ("fit", "fit into the box", True),
            ("centre", "centre of mass in the middle", self.ink.is_by_mass),
            ("blur", "blur", False),
        )
        boxes = [
            tag("label", tag("input", type="checkbox", id=name, checked=is_on), f" {words}")
            for name, words, is_on in steps
        ]
        measured = (
            f"Measured on the training pictures: a box of {self.ink.box:.0f} of "
            f"{self.net.table.layers[0].shape[-2]} points, lines of {self.ink.pen:.1f}."
        )
        return tag(
            "fieldset",
            tag("legend", "as the data set does it"),
            *boxes,
            tag("p", measured, Class="note"),
        )

    def _values(self) -> Html:
        count = self.net.table.n_inputs
        if count > MOST_VALUES:
            return tag("p", f"{count:,} inputs are too many to set by hand.", Class="note")
        rows = []
        ends = self._input_ends()
        for number, (name, (low, high)) in enumerate(zip(self._input_names(), ends, strict=True)):
            slider = None
            if count <= MOST_SLIDERS:
                step = (high - low) / 200 or 0.01
                slider = tag(
                    "input", type="range", min=low, max=high, step=step, value=low, aria_label=name
                )
            field = tag("input", type="number", step="any", value=f"{low:g}", id=f"value{number}")
            label = tag("label", name, For=f"value{number}", Class="whole")
            rows.append(tag("p", label, slider, field, Class="row value"))
        return tag("div", *rows, id="values")

    def _input_ends(self) -> list[tuple[float, float]]:
        """Return the range of each input, as it is before it is scaled."""
        scaling, whole = self.net.about.scaling, self.net.about.input_range
        if self.shown is None:
            return [whole] * self.net.table.n_inputs
        taken = self.shown.inputs.astype(np.float64)
        ends = np.stack([taken.min(axis=0), taken.max(axis=0)])
        if scaling is not None:
            with np.errstate(all="ignore"):  # by a factor of 0 there is no way back
                ends = ends / scaling.factor + scaling.shift
        return [
            (float(f"{low:.6g}"), float(f"{high:.6g}")) if np.isfinite(high - low) else whole
            for low, high in ends.T.tolist()
        ]

    def _input_names(self) -> list[str]:
        """Return what each input is called: its column, and the word that it stands for."""
        names = []
        for column in self.net.about.columns:
            if column.values:
                names += [f"{column.name} {word}" for word in column.values]
            else:
                names.append(column.name)
        count = self.net.table.n_inputs
        return names if len(names) == count else [f"input {number}" for number in range(count)]

    def _answer(self) -> Html:
        is_classes = self.net.about.kind is TargetKind.CLASSES and self.net.table.n_outputs > 1
        said = tag(
            "p", tag("strong", id="answer"), tag("span", id="sure", Class="note"), Class="said"
        )
        return tag(
            "div",
            said if is_classes else None,
            tag("ul", id="answers"),
            tag("p", id="shown", Class="note", aria_live="polite"),
            Class="answer",
        )


_INVITATION = (
    "Click a unit of any layer, or move there with Tab, Enter and the arrow keys: here stands what "
    "feeds it, with the weights."
)


def playground(
    net: TrainedNet, frames: Sequence[Frame], sets: dict[str, Part], first: Sequence[int] = ()
) -> Playground:
    """Return a net at work, with the patterns of its data that a page has room for.

    Patterns are those of the test set, else of the training set; those that `first` numbers stay
    whatever the room.
    """
    train = sets.get("train")
    ink, scaling = None, net.about.scaling
    is_as_given = scaling is None or (scaling.is_identity and not net.about.fills)
    if train is not None and is_as_given and len(net.table.inputs) == 1:
        ink = ink_of(net.table.layers[0].shape, train.inputs[:MOST], *_range(train, net))
    which = next((name for name in ("test", "validation", "train") if name in sets), None)
    shown = None
    if which is not None:
        shown = _shown(net, which, sets[which], first, 1 if ink is not None else 4)
    return Playground(net, frames, shown, ink)


def _range(train: Part, net: TrainedNet) -> tuple[float, float]:
    low, high = net.about.input_range
    if low < high:
        return low, high
    inputs = np.asarray(train.inputs)
    return float(inputs.min()), float(inputs.max())


def _shown(
    net: TrainedNet, which: str, part: Part, first: Sequence[int], bytes_each: int
) -> Shown | None:
    """Return patterns of a set, whose numbers take so many bytes each; None without any."""
    count, size = len(part.inputs), max(part.inputs.shape[1], 1) * bytes_each
    room = MOST_BYTES * 3 // 4 // size
    if not count or not room:
        return None
    wanted = list(dict.fromkeys([*(int(one) for one in first), *range(min(count, room))]))[:room]
    numbers = sorted(wanted)
    labels: tuple[str | None, ...] = (None,) * len(numbers)
    if net.about.kind is TargetKind.CLASSES:
        names = net.classes
        labels = tuple(
            names[int(part.targets[one])] if int(part.targets[one]) < len(names) else None
            for one in numbers
        )
    word = "digit" if set(net.classes) == set("0123456789") else "pattern"
    name = {"test": f"test {word}", "train": f"training {word}"}.get(which, f"{which} {word}")
    return Shown(name, np.ascontiguousarray(part.inputs[np.array(numbers)]), tuple(numbers), labels)


def play_page(ground: Playground, title: str, words: Html, below: Html) -> str:
    """Return a page of a net alone, a few words above it and a few below."""
    head = tag("header", tag("h1", title), words)
    body = tag("main", head, ground.section(), tag("footer", below)) + ground.data()
    return document(title, body, ground.scripts())
