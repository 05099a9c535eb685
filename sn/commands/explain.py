"""Explain an error or a warning by its number, with what is wrong and what is right."""

from __future__ import annotations

import sys

import click

from sn.codes import STAGES, Code, Explanation, explanations
from sn.commands import _completion as completion
from sn.commands._tables import print_table
from sn.commands._texts import print_text, text_width
from sn.errors import did_you_mean
from sn.folding import fold


@click.command("explain")
@click.argument("code", required=False, shell_complete=completion.codes)
def command(code: str | None) -> None:
    """Explain what CODE stands for, as in error[SN0303]; without CODE list all.

    A code is a kind of error: its number stays what it is, whatever the words become. 303 and
    sn0303 are SN0303 too.
    """
    known = explanations()
    if code is None:
        rows = [(one.code, STAGES[one.code[:4]], one.title) for one in known.values()]
        print_table(("code", "of", "what it is"), rows)
        return
    number = code.upper().removeprefix("SN")
    name = f"SN{number.zfill(4)}"
    if name not in known:
        hint = did_you_mean(name, known) or "`sn explain` lists all"
        raise click.UsageError(f"there is no code '{code}'; {hint}")
    _print_one(known[Code(name)])


def _print_one(found: Explanation) -> None:
    width = text_width(sys.stdout)
    print_text(f"{found.code}: {found.title}\n")
    for paragraph in found.text.rstrip().split("\n\n"):
        if paragraph.startswith("    "):
            print(paragraph)
        else:
            print("\n".join(fold(" ".join(paragraph.split("\n")), width)))
        print()
