"""Tell what a trained network is, how it was trained and how well it does."""

from __future__ import annotations

from pathlib import Path

import click

from sn.commands import _completion as completion
from sn.commands._folders import Place
from sn.commands._parts import print_parts
from sn.commands._texts import print_fact, print_text, print_whole
from sn.display import printable
from sn.results.lines import json_line

COLUMN = 11


@click.command("show")
@click.argument("run", type=Place(), shell_complete=completion.runs)
@click.option("--source", is_flag=True, help="Print the program that described it, and no more.")
@click.option("--json", "as_json", is_flag=True, help="Print all that its file says as JSON.")
def command(run: Path, source: bool, as_json: bool) -> None:
    """Tell what the trained network of RUN is.

    RUN is the folder of a run, or a file NAME.sn.safetensors. The program is not evaluated: all
    that is told, its text included, is in the file.
    """
    from sn.lower.recognise import lower  # start-up time of numpy, which --help can do without
    from sn.lower.report import check_report  # as above
    from sn.trained.places import trained_file  # as above
    from sn.trained.reading import header_object, read_trained  # as above
    from sn.trained.words import facts, files_of, title  # as above

    path = trained_file(run)
    contents = read_trained(path)
    if as_json:
        print(json_line({"type": "net", "file": str(path), **header_object(path)}))
        return
    table, about = contents.table, contents.about
    if source:
        for number, one in enumerate(about.sources):
            if number:
                print_whole(f"\n;; --- {printable(one.name)}\n\n")
            print_whole(one.text)
        return
    print_text(f"{title(table, about)}\n")
    print_parts(check_report(lower(table), about.cost, ()))
    print()
    for name, value in facts(table, about):
        print_fact(name, value, COLUMN)
    print_fact("file", str(path), COLUMN)
    if run.is_dir():
        beside = ", ".join(name for name in files_of(path) if name != path.name)
        print_fact("beside it", beside or "nothing", COLUMN)
