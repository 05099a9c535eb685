"""Say what a word of SN Lisp means, from its manual."""

from __future__ import annotations

import sys

import click

from sn.commands._texts import print_whole, terminal_width

_OVERVIEW = """\
sn help WORD       what a word of SN Lisp means: sn help layer, sn help mapcar
sn COMMAND --help  what a command does: sn run --help
sn explain SN0303  what is behind an error or a warning
sn repl            a prompt, at which (help 'WORD) says the same
"""


@click.command("help")
@click.argument("word", required=False)
def command(word: str | None) -> None:
    """Say what WORD means in SN Lisp: a function, a form, or what stands in nets and experiments.

    Without WORD, say where to look.
    """
    if word is None:
        print_whole(_OVERVIEW)
        return
    from sn.errors import UnknownNameError  # start-up time, which --help can do without
    from sn.repl.manual import folded, manual_text  # as above
    from sn.repl.words import manuals  # as above

    try:
        found = manual_text(word, manuals())
    except UnknownNameError as error:
        raise click.UsageError(f"{error.message}; {error.hint}") from None
    print_whole(folded(found, terminal_width(sys.stdout)) + "\n")
