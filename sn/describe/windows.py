"""Scheme forms: what stands after the two layers of `connect`, read into a `Window` or rows.

(conv ...) and (local ...) have options, of which the table of maps is the one that people edit:
a caret stands under the row or the number that is wrong. (scheme FUNCTION) calls a function of
the program for its rows.
"""

from __future__ import annotations

import functools
from typing import Any

from sn.codes import Code
from sn.describe.leads import layers, tables
from sn.describe.options import Clause, choice, clauses, count, led, of_kind, whole, wrong
from sn.describe.several import Several
from sn.display import number_text
from sn.errors import ArityError, Label, NetError, SnError, Span, ValueKindError
from sn.lisp.forms import Pair, Symbol, Value, cells, describe, element_span, elements, to_list
from sn.lisp.machine import Machine
from sn.lisp.sizes import need_list
from sn.net import schemes
from sn.net.layer import Layer, Network
from sn.net.schemes import Link, Window

OWN_SCHEME = "(scheme FUNCTION)"
_WINDOW = {
    "kernel": "(kernel ROWS COLS)",
    "stride": "(stride ROWS COLS)",
    "dilation": "(dilation ROWS COLS)",
    "offset": "(offset ROWS COLS)",
    "maps": "(maps TABLE)",
    "wrap": "(wrap [rows|cols])",
}
# the options of schemes that do not take all of them
_FEWER = {"subsample": ("kernel", "stride")}


def window(it: Machine, found: Clause, src: Layer, dst: Layer) -> Window:
    """Return the options of a windowed scheme such as (conv ...).

    Raises: SnError with the place of the option, row or number that is wrong.
    """
    what = f"({found.word} ...)"
    values: dict[str, Any] = {}
    table: Clause | None = None
    wraps: Clause | None = None
    known = {word: _WINDOW[word] for word in _FEWER.get(found.word, tuple(_WINDOW))}
    errors = Several()
    for option in clauses(list(found.args), known, found.word, errors):
        with errors:
            match option.word:
                case "maps":
                    table = option
                    with led(functools.partial(tables.in_one, [arg.form for arg in option.args])):
                        count(option, 1, 1, _WINDOW["maps"])
                case "wrap":
                    count(option, 0, 1, _WINDOW["wrap"])
                    axes = ("rows", "cols")
                    wraps = option if option.args else None
                    given = [choice(arg, "axis", dict.fromkeys(axes)) for arg in option.args]
                    values["wrap"] = tuple(axis in (given or axes) for axis in axes)
                case word:
                    values[word] = _lengths(it, option)
    errors.end()
    if "kernel" not in values:
        raise ArityError(
            f"{what} needs a kernel", span=found.span, hint=f"such as ({found.word} (kernel 5 5))"
        )
    _spread(values, src, dst)
    dims = len(values["kernel"])
    for word in ("stride", "dilation", "offset"):
        if word in values and len(values[word]) != dims:
            if len(values[word]) == 1:
                values[word] *= dims
                continue
            raise ArityError(
                f"the kernel has {dims} sizes, the {word} has {len(values[word])}", span=found.span
            )
    if wraps is not None and dims == 1:
        raise NetError(
            "windows of one dimension have neither rows nor columns to wrap",
            span=wraps.args[0].span,
            hint="(wrap) alone is enough: the line becomes a ring",
        )
    if table is not None:
        n_dst, n_src = (schemes.as_maps(layer, dims)[0] for layer in (dst, src))
        values["maps"] = _table(it, table, src, dst, n_src, n_dst)
    return Window(**values)


def _lengths(it: Machine, option: Clause) -> tuple[int, ...]:
    """Return the one or two lengths of an option such as (kernel 5 5)."""
    word, form = option.word, option.form
    least = 0 if word == "offset" else 1
    with led(lambda: layers.window_sizes(form)):
        count(option, 1, 2, _WINDOW[word])
        return tuple(whole(it, arg, f"the {word}", least) for arg in option.args)


def _spread(values: dict[str, Any], src: Layer, dst: Layer) -> None:
    """Let one length of a kernel count for both axes between images: (kernel 3) is (kernel 3 3).

    A layer of three sizes has maps of rows and columns, so windows on it have two; so have they
    where another option says two lengths.
    """
    has_two = max(len(src.shape), len(dst.shape)) == 3 or any(
        len(values.get(word, ())) == 2 for word in ("stride", "dilation", "offset")
    )
    if len(values["kernel"]) == 1 and has_two and min(len(src.shape), len(dst.shape)) > 1:
        values["kernel"] *= 2


@of_kind(Code.TABLE)
def _table(
    it: Machine, option: Clause, src: Layer, dst: Layer, n_src: int, n_dst: int
) -> tuple[tuple[int, ...], ...]:
    """Read a table of maps; a caret stands under the row or the number that is wrong."""
    value = it.eval(option.args[0].form)
    used: tuple[Label, ...] = ()
    if option.span is not None:
        used = (Label(option.span, f"the table of {src.name} -> {dst.name} is used here"),)
    try:
        return _rows(it, option, value, src, dst, n_src, n_dst, used)
    except SnError as error:
        found = tables.meant(value, n_src, n_dst, src.name, dst.name)
        if found is not None:
            error.message, error.hint, error.others = *found, ()
            if len(error.labels) > len(used):
                error.labels = used  # a number that stands twice is no news there
        for other in error.others:  # where the table is used, the first one says
            other.labels = tuple(label for label in other.labels if label not in used)
        raise


def _rows(
    it: Machine,
    option: Clause,
    value: Value,
    src: Layer,
    dst: Layer,
    n_src: int,
    n_dst: int,
    used: tuple[Label, ...],
) -> tuple[tuple[int, ...], ...]:
    if type(value) is not Pair:
        raise wrong(
            it,
            option.args[0],
            value,
            "the table of maps must be a list of lists",
            "such as '((0 1) (1 2)); without (maps ...) every map sees all",
        )
    rows: list[tuple[int, ...]] = []
    row_span: Span | None = None
    errors = Several()
    was_list = True
    for cell in cells(value):
        row_span = element_span(cell) or option.span
        goes_on, was_list = not was_list, cell.car is None or type(cell.car) is Pair
        if not was_list:
            if goes_on:
                continue  # the parentheses around these numbers are what is missing
            text = f"a row of the table must be a list of maps of {src.name}"
            hint = "each row stands in parentheses of its own, as in '((0 1) (1 2))"
            found = describe(cell.car)
            errors.add(
                ValueKindError(f"{text}, found {found}", span=row_span, labels=used, hint=hint)
            )
        elif len(rows) == n_dst:
            text = f"{dst.name} has {n_dst} maps, this is row {n_dst + 1} of the table"
            hint = f"the table needs one row for each map of {dst.name}"
            errors.add(NetError(text, span=row_span, hint=hint, labels=used))
            break
        else:
            rows.append(_row(cell.car, row_span, src, n_src, used, errors))
    errors.end()
    if len(rows) != n_dst:
        raise NetError(
            f"{dst.name} has {n_dst} maps, the table ends after row {len(rows)}",
            span=row_span or option.span,
            hint=f"the table needs one row for each map of {dst.name}",
            labels=used,
        )
    return tuple(rows)


def _row(
    row: Value,
    span: Span | None,
    src: Layer,
    n_src: int,
    used: tuple[Label, ...],
    errors: Several,
) -> tuple[int, ...]:
    seen: dict[int, Span | None] = {}
    for cell in cells(row):
        place = element_span(cell) or span
        entry = cell.car
        with errors:
            if type(entry) is not float or entry % 1 != 0:
                raise ValueKindError(
                    f"a map of {src.name} is a whole number, found {describe(entry)}",
                    span=place,
                    hint="a quoted table is taken as it stands: nothing in it is computed",
                    labels=used,
                )
            if not 0 <= entry < n_src:
                raise NetError(
                    f"{src.name} has maps 0 to {n_src - 1}, not {number_text(int(entry))}",
                    span=place,
                    hint=f"maps are counted from 0, so the last of {n_src} is {n_src - 1}",
                    labels=used,
                )
            if int(entry) in seen:
                first = seen[int(entry)]
                labels = (Label(first, "it stands here first"), *used) if first else used
                raise NetError(
                    f"map {int(entry)} of {src.name} stands twice in this row",
                    span=place,
                    hint="list each map once: two units have one connection at most",
                    labels=labels,
                )
            seen[int(entry)] = place
    return tuple(seen)


def own_scheme(it: Machine, net: Network, link: Link, found: Clause) -> None:
    """Call a scheme written in Lisp and connect the rows it returns."""
    argument = found.args[0]
    function = it.eval(argument.form)
    title = argument.form.name if type(argument.form) is Symbol else "lambda"
    if not hasattr(function, "apply"):
        raise ValueKindError(
            f"a scheme is a function of two lists of units, found {describe(function)}",
            span=argument.span,
            hint="(lambda (from to) ...) returns rows (TO-UNIT FROM-UNIT [KEY])",
        )
    lists = [_numbers(layer.size) for layer in (link.src, link.dst)]
    rows = it.call(function, lists)
    pairs: list[tuple[int, int, float | None]] = []
    for index, row in enumerate(elements(rows)):
        values = elements(row) if type(row) is Pair else []
        if not 2 <= len(values) <= 3 or not all(type(value) is float for value in values):
            raise ValueKindError(
                f"row {index} of scheme {title} must be (TO-UNIT FROM-UNIT [KEY]), "
                f"found {it.show(row)}",
                span=argument.span,
            )
        for value, layer in zip(values, (link.dst, link.src), strict=False):
            if value != int(value) or not 0 <= value < layer.size:
                raise NetError(
                    f"row {index} of scheme {title}, {it.show(row)}: {layer.name} has units "
                    f"0 to {layer.size - 1}, not {value:g}",
                    span=argument.span,
                )
        pairs.append((int(values[0]), int(values[1]), values[2] if len(values) == 3 else None))
    schemes.rows(net, link, pairs, f"scheme {title}")


def _numbers(n: int) -> Value:
    need_list(n)
    return to_list(map(float, range(n)))
