"""Texts for people: warnings and folded paragraphs."""

from __future__ import annotations

from collections.abc import Iterable

import click

from sn.errors import Notice, render


def print_warnings(warnings: Iterable[Notice]) -> None:
    """Print warnings to stderr, each with its place in the program."""
    for warning in warnings:
        click.echo(render(warning), err=True)
