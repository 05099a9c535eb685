"""Templates: lists as the reader builds them, and what a backquote turns into.

`(a ,b ,@c) becomes (append (list (quote a) b) c) while it is read, from the inside out: a list
with a comma in it is a `Template` until its backquote is reached. Read next: `parser.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from sn.errors import ReadError, Span
from sn.lisp.forms import Pair, Symbol, Value, to_list

Node: TypeAlias = tuple[Value, Span]  # a form and its place


class Template:
    """Code that makes the element it stands for, or for `,@` the elements."""

    __slots__ = ("code", "splices")

    def __init__(self, code: Value, splices: bool) -> None:
        self.code = code
        self.splices = splices


def make_list(
    intern: Callable[[str], Symbol], nodes: list[Node], tail: Node | None, span: Span
) -> Node:
    """Return the list of `nodes`, ended by `tail`; a template if one of them is."""
    if any(type(value) is Template for value, _ in (*nodes, *((tail,) if tail else ()))):
        return _make_template(intern, nodes, tail, span), span
    cell = tail[0] if tail else None
    for value, place in reversed(nodes):
        cell = Pair(value, cell, None, place)
    if type(cell) is Pair and nodes:
        cell.span = span
    return cell, span


def _make_template(
    intern: Callable[[str], Symbol], nodes: list[Node], tail: Node | None, span: Span
) -> Template:
    """Return the code that makes the list: runs of elements, appended to the spliced lists."""
    parts: list[Value] = []
    run: list[Value] = []
    for value, _ in nodes:
        if type(value) is Template and value.splices:
            if run:
                parts.append(Pair(intern("list"), to_list(run)))
                run = []
            parts.append(value.code)
        else:
            run.append(template_code(intern, value))
    if run:
        parts.append(Pair(intern("list"), to_list(run)))
    if tail is not None:
        refuse_splice(*tail)
        parts.append(template_code(intern, tail[0]))
    code = parts[0] if len(parts) == 1 else Pair(intern("append"), to_list(parts))
    if type(code) is Pair and code.span is None:
        code.span = span
    return Template(code, False)


def template_code(intern: Callable[[str], Symbol], value: Value) -> Value:
    """Return the code whose value is the element `value` of a template."""
    if type(value) is Template:
        return value.code
    if type(value) is Symbol or type(value) is Pair:
        return to_list([intern("quote"), value])
    return value


def refuse_splice(value: Value, span: Span) -> None:
    """Refuse `,@e` where it is not an element of a list.

    Raises: ReadError.
    """
    if type(value) is Template and value.splices:
        hint = "write ,e for one element"
        raise ReadError("',@' may stand only as an element of a list", span=span, hint=hint)
