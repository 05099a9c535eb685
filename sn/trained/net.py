"""Net: a trained net as a thing in memory, which predicts.

    net = sn.open("runs/zipcode")
    net.predict(patterns), net.outputs(patterns), net.states(pattern, "h2")

It is made of a file alone; the program that described it is not evaluated. Outputs come from the
kernels that scored it while it was trained, bit for bit, states from the twin.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sn.data.base import Part
from sn.data.rows import TargetKind
from sn.data.streamed import Streamed
from sn.display import brief
from sn.errors import DataError, NetError, did_you_mean
from sn.lower.ir import Plan
from sn.lower.recognise import lower
from sn.memory.files import claim
from sn.net.layer import Layer, layers_html
from sn.net.loss import split
from sn.net.reference import Reference
from sn.net.table import ConnectionTable
from sn.results.record import Scores
from sn.results.reports import ClassReport, Report
from sn.train.feed import Feed
from sn.train.scoring import answers, report, score
from sn.train.targets import Desired, desired_at, judged
from sn.trained.about import About
from sn.trained.optimizers import rule_of
from sn.trained.patterns import MOST_AT_ONCE, Wanted, pattern_parts
from sn.trained.pictures import usual_range
from sn.trained.places import trained_file
from sn.trained.reading import Contents, read_trained
from sn.trained.sets import other_data, own_data, tallied_part
from sn.trained.words import facts, title

if TYPE_CHECKING:
    from sn.figure.picture import Figure
    from sn.kernels import Kernels

_WHOLE = re.compile("-?[0-9]{1,18}")  # what an integer of NumPy holds

Array = NDArray[Any]
Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]


class TrainedNet:
    """A net with its weights and all that its file says.

    `table` are its connections, `about` what it was trained for and how.
    """

    def __init__(self, contents: Contents, path: Path | None = None) -> None:
        self.table: ConnectionTable = contents.table
        self.about: About = contents.about
        self.path = path
        self._vector = contents.weights
        self._curvature = contents.curvature

    def with_weights(self, weights: Floats32) -> TrainedNet:
        """Return this net with other weights, (n_weights,) float32; it is in no file."""
        return type(self)(Contents(self.table, weights, self.about))

    @property
    def name(self) -> str:
        """The name of the net."""
        return self.table.name

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers, the inputs first."""
        return self.table.layers

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, of the labels or of the values."""
        return self.about.classes

    @property
    def weights(self) -> dict[str, Floats32]:
        """The weights by name, each array shaped as `record.weights` has it."""
        return {one.name: self._vector[one.wid] for one in self.table.parameters}

    @property
    def curvature(self) -> dict[str, Floats32] | None:
        """The curvatures of the weights at the end, by name; None where none were kept."""
        if self._curvature is None:
            return None
        return {one.name: self._curvature[one.wid] for one in self.table.parameters}

    @property
    def weight_vector(self) -> Floats32:
        """The weights in weight order, as `table.wid` counts them: (n_weights,) float32."""
        return self._vector

    @property
    def curvature_vector(self) -> Floats32 | None:
        """The curvatures in weight order, None where none were kept."""
        return self._curvature

    @cached_property
    def plan(self) -> Plan:
        """What the compiler recognises in the table."""
        return lower(self.table)

    @cached_property
    def _kernels(self) -> Kernels:
        from sn.kernels import compile_net  # Numba is slow to start, as in compiled.py

        # the rule of the training, whose kernels the cache may have
        return compile_net(self.plan, self.about.cost, rule_of(self.about.options))

    def scaled(self, patterns: Any, first: int = 0) -> Floats32:
        """Return patterns as the net takes them: (n, n_inputs) float32.

        `patterns` is (n, n_inputs), one pattern, or either in the shape of the input layer;
        messages count them from `first`.
        Raises: DataError for another shape, and for what is no finite number.
        """
        shape, size = self.table.pattern_shape, self.table.n_inputs
        try:
            given = np.asarray(patterns)
            numbers = given.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise DataError(f"the patterns are not numbers: {error}") from error
        fits = (shape, (size,))
        if given.shape in fits:
            numbers = numbers.reshape(1, -1)
        elif given.ndim > 1 and given.shape[1:] in fits:
            numbers = numbers.reshape(len(given), size)
        else:
            raise DataError(
                f"expected patterns of {size} numbers, (n, {size}), found the shape {given.shape}",
                hint=f"layer {self.layers[0].name} has the shape {shape}"
                if self.layers[0].size == size
                else "the input layers are " + ", ".join(_sized(self.table)),
            )
        with np.errstate(over="ignore", invalid="ignore"):  # told below
            taken, scaling = numbers.astype(np.float32), self.about.scaling
        if scaling is not None:
            taken = scaling(taken)
        bad = np.argwhere(~np.isfinite(taken))
        if len(bad):
            row, column = bad[0].tolist()
            found = numbers[row, column]
            raise DataError(
                f"input {column} of pattern {first + row} is {found:g}, expected a finite number",
                hint="this net was trained without missing values" if np.isnan(found) else None,
            )
        return taken

    def wanted(
        self, columns: str = "", array: str = "", invert: bool = False, resize: bool = False
    ) -> Wanted:
        """Return what a file of patterns must hold; see `Wanted`. `invert` swaps black and white.

        Black and white are the ends of the usual range that the inputs of the training lie in.
        """
        low, high = usual_range(*self.about.input_range)
        return Wanted(
            shape=self.table.pattern_shape,
            may_miss=self.about.fills,
            dark=high if invert else low,
            light=low if invert else high,
            known=self.about.columns,
            columns=columns,
            array=array,
            resize=resize,
        )

    def outputs(self, patterns: Any, reference: bool = False) -> Floats32:
        """Return the states of the output units: (n, n_outputs) float32.

        `patterns` as in `scaled`, or the name of a file of them; an array, mapped or not, and a
        file of NumPy are looked at a part at a time.
        Of several output layers they stand side by side; of classes the last layer answers.
        With `reference`, from the twin in float64, without a kernel.
        Raises: DataError as `scaled` does, and for a file that cannot be read.
        """
        if isinstance(patterns, str | Path):
            parts: Iterable[tuple[int, Any]] = pattern_parts(Path(patterns), self.wanted())
        else:
            parts = self._parts(patterns)
        found = [self._outputs(self.scaled(some, n), reference, n) for n, some in parts]
        return found[0] if len(found) == 1 else np.concatenate(found)

    def _parts(self, patterns: Any) -> Iterator[tuple[int, Any]]:
        """Yield patterns some at a time, each part with the number of its first one."""
        fits = self.table.pattern_shape, (self.table.n_inputs,)
        is_one = not isinstance(patterns, np.ndarray) or patterns.shape in fits
        if is_one or patterns.ndim < 2:
            yield 0, patterns
            return
        for first in range(0, max(len(patterns), 1), MOST_AT_ONCE):
            yield first, patterns[first : first + MOST_AT_ONCE]

    def _outputs(self, taken: Floats32, reference: bool = False, first: int = 0) -> Floats32:
        """Return the outputs for patterns as the net takes them; `first` is the number of one.

        Raises: DataError for a state that is no finite number.
        """
        if reference:
            with np.errstate(over="ignore", invalid="ignore"):  # told below
                found = self._walked(taken)[:, self.table.output_units].astype(np.float32)
        else:
            kernels = self._kernels
            packed, batches = kernels.pack(self._vector), kernels.batches(taken)
            found = kernels.evaluate(packed, batches, len(taken))
        bad = np.argwhere(~np.isfinite(found))
        if len(bad):
            row, output = bad[0].tolist()
            value, place = found[row, output], self.path or f"net {self.name}"
            raise DataError(
                f"{place}: output {output} for pattern {first + row} is {value:g}, no finite number"
            )
        return found

    def predict(self, patterns: Any, reference: bool = False) -> Array:
        """Return what the net says of each pattern, (n,) or (n, k).

        Of classes the name, as a number where all names are whole numbers; of several labels
        which it has, (n, k) bool; of values the outputs.
        Raises: DataError as `scaled` does.
        """
        outputs = self.outputs(patterns, reference)
        if self.about.kind is TargetKind.CLASSES:
            return named(self.classes)[self.chosen(outputs)]
        return self.has(outputs) if self.about.kind is TargetKind.LABELS else outputs

    def chosen(self, outputs: Array) -> NDArray[np.int64]:
        """Return the class number that outputs stand for: (n,)."""
        if self._answering(outputs).shape[1] == 1:
            return self._answering(self.has(outputs))[:, 0].astype(np.int64)
        found: NDArray[np.int64] = self._answering(outputs).argmax(axis=1)
        return found

    def _answering(self, outputs: Array) -> Array:
        """Return the columns of outputs that answer."""
        found: Array = outputs[:, judged(self.table.output_layers, self.about.kind)]
        return found

    def has(self, outputs: Array) -> NDArray[np.bool_]:
        """Return which outputs are at least half way from the low target to the high one."""
        outputs = answers(outputs, self.about.cost)
        found: NDArray[np.bool_] = outputs >= (self.about.low + self.about.high) / 2
        return found

    def confidence(self, outputs: Array) -> Floats:
        """Return how sure the class of each pattern is: (n,), from 0 to 1.

        The difference of the two largest outputs, as a share of that between the two targets; of
        one output its distance from half way, as a share of that of a target. With a
        cross-entropy the probability of the class.
        Source: LeCun et al. 1989, who reject by that difference.
        """
        y = self._answering(answers(outputs, self.about.cost)).astype(np.float64)
        *_, (_, cost) = split(self.about.cost, self.table.n_outputs)
        if cost.share is not None:
            sure = y.max(axis=1) if y.shape[1] > 1 else np.maximum(y[:, 0], 1 - y[:, 0])
            return np.asarray(sure)
        span = self.about.high - self.about.low
        if y.shape[1] == 1:
            apart = 2 * np.abs(y[:, 0] - (self.about.low + self.about.high) / 2)
        else:
            ordered = np.sort(y, axis=1)
            apart = ordered[:, -1] - ordered[:, -2]
        return np.asarray(np.clip(apart / span, 0.0, 1.0))

    def states(self, patterns: Any, layer: str) -> Floats:
        """Return the states of a layer, in its shape; for several patterns (n, *shape), float64.

        Raises: NetError when there is no such layer, DataError as `scaled` does.
        """
        found = next((one for one in self.layers if one.name == layer), None)
        if found is None:
            names = [one.name for one in self.layers]
            hint = did_you_mean(layer, names) or "it has: " + ", ".join(names)
            raise NetError(f"net {self.name} has no layer '{layer}'", hint=hint)
        taken = self.scaled(patterns)
        walked = self._walked(taken)[:, found.first : found.first + found.size]
        is_one = np.shape(patterns) in (self.table.pattern_shape, (self.table.n_inputs,))
        return walked.reshape(found.shape if is_one else (len(taken), *found.shape))

    def _walked(self, patterns: Floats32) -> Floats:
        """Return the states of all units: (n, n_units)."""
        twin, weights = Reference(self.table, self.about.cost), self._vector.astype(np.float64)
        with np.errstate(all="ignore"):  # a state may be beyond all numbers
            states = [twin.forward(weights, one.astype(np.float64))[1] for one in patterns]
        return np.array(states).reshape(-1, self.table.n_units)

    def sets(self, data: Any = None) -> dict[str, Part]:
        """Return the sets of the data that it was trained on, or of other data, ready for the net.

        `data` is what `Experiment.train` takes: a name, a pair of arrays, a reader, a `Dataset`.
        Raises: DataError when the data is not here, or does not fit the net.
        """
        if data is None:
            return dict(own_data(self.table, self.about).sets)
        return dict(other_data(self.table, self.about, data).sets)

    def test(self, part: Part | str = "test", data: Any = None) -> Scores:
        """Return the scores on a set: one of `sets(data)` by its name, or patterns and targets.

        Misses are None where nothing is right or wrong, or a function of the program says so.
        Raises: DataError when there is no such set, or it does not fit the net.
        """
        if isinstance(part, str):
            return self._result(_of(self.sets(data), part))[0]
        return self._scores(*self._judged(self.outputs(part.inputs), part))

    def report(self, part: Part | str = "test", data: Any = None) -> Report:
        """Return what else a run tells of a set: confusions and rejection, or errors of values.

        Raises: DataError as `test` does.
        """
        if isinstance(part, str):
            return self._result(_of(self.sets(data), part))[1]
        return self._report(*self._judged(self.outputs(part.inputs), part))

    def confusion(self, part: Part | str = "test", data: Any = None) -> NDArray[np.int64]:
        """Return how many patterns of each class were taken for which: (classes, classes).

        Row: the class that a pattern has; column: the one that the net says.
        Raises: DataError for a net that tells no classes, and as `test` does.
        """
        if self.about.kind is not TargetKind.CLASSES:
            raise DataError(f"net {self.name} tells {self.about.kind}, and no classes to confuse")
        found = self.report(part, data)
        assert isinstance(found, ClassReport)
        return found.confusion

    def results(
        self, data: Any = None, which: str | None = None
    ) -> dict[str, tuple[Scores, Report]]:
        """Return scores and report of one set, or of all sets, by name.

        Raises: DataError as `test` does.
        """
        sets = self.sets(data)
        parts = sets if which is None else {which: _of(sets, which)}
        return {one: self._result(part) for one, part in parts.items()}

    def _result(self, part: Part) -> tuple[Scores, Report]:
        """Return scores and report of one of `sets()`; outputs of what is streamed are not kept."""
        if isinstance(part.inputs, Streamed):
            sizes = len(self.classes), self.table.n_outputs
            desired = Desired(part.targets, self.about.kind, *sizes, self._desired)
            return tallied_part(
                self.table, self.about, Feed(part.inputs, desired, 1), self._outputs
            )
        both = self._judged(self._outputs(part.inputs), part)
        return self._scores(*both), self._report(*both)

    def outputs_for(self, part: Part) -> Floats32:
        """Return the outputs for one of `sets()`, whose inputs are as the net takes them.

        Raises: DataError for a state that is no finite number.
        """
        if not isinstance(part.inputs, Streamed):
            return self._outputs(part.inputs)
        count, width = len(part), self.table.n_outputs
        claim(8 * count * width, f"the outputs for {count:,} patterns", part.inputs.place)
        return np.concatenate([self._outputs(some) for some in part.inputs.blocks()])

    def report_for(self, outputs: Floats32, part: Part) -> Report:
        """Return the report of a set whose `outputs_for` are known."""
        return self._report(*self._judged(outputs, part))

    def _judged(self, outputs: Floats32, part: Part) -> tuple[Floats32, Floats32]:
        return outputs, self._desired(np.asarray(part.targets))

    def _desired(self, targets: Array) -> Floats32:
        layers, about = self.table.output_layers, self.about
        return desired_at(layers, targets, about.kind, about.ranges_of(self.table))

    def _scores(self, outputs: Floats32, desired: Floats32) -> Scores:
        about, columns = self.about, judged(self.table.output_layers, self.about.kind)
        return score(outputs, desired, about.known_criterion, about.cost, columns)

    def _report(self, outputs: Floats32, desired: Floats32) -> Report:
        about = self.about
        given = self._answering(answers(outputs, about.cost))
        middle = (about.low + about.high) / 2
        return report(given, self._answering(desired), about.kind, self.classes, middle)

    def figure(self, unit: str | None = None) -> Figure:
        """Return a figure of the net with its kernels, or of what one unit sees: `h2:3:1:2`.

        A notebook shows it; `.svg` is its text, `.save("net.svg")` writes it.
        Raises: SettingError when there is no such unit.
        """
        from sn.figure import figure_of  # who only predicts draws nothing

        told = [" ".join(fact) for fact in facts(self.table, self.about)]
        lines = [line for line in told if line.startswith(("trained", "test"))]
        return figure_of(self.plan, unit, self._vector, lines)

    def __repr__(self) -> str:
        return brief(title(self.table, self.about))

    def _repr_html_(self) -> str:
        return layers_html(
            title(self.table, self.about), self.layers, self.table.dst, self.table.wid
        )


def _of(sets: dict[str, Part], which: str) -> Part:
    if which not in sets:
        hint = did_you_mean(which, sets) or "there is: " + ", ".join(sets)
        raise DataError(f"the data has no set '{which}'", hint=hint)
    return sets[which]


def _sized(table: ConnectionTable) -> list[str]:
    """Return the input layers that share a pattern out, with how much of it each takes."""
    found, size = [], 0
    for layer in table.input_layers:
        if layer.shown.start >= size:
            found.append(f"{layer.name} {layer.size}")
            size = layer.shown.stop
    return found


def named(classes: tuple[str, ...]) -> Array:
    """Return the names of classes; where all are whole numbers, as such."""
    numbers = [int(name) if _WHOLE.fullmatch(name) else None for name in classes]
    if all(n is not None and str(n) == name for n, name in zip(numbers, classes, strict=True)):
        return np.array(numbers)
    return np.array(classes, dtype=object)


def open_trained(run: str | Path) -> TrainedNet:
    """Read a trained net from a run folder or from its file.

    Raises: DataError when there is none, or its file does not hold together.
    """
    path = trained_file(Path(run))
    return TrainedNet(read_trained(path), path)
