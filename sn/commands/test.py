"""See how well a trained network does, on the data it was trained on or on other data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sn.commands import _completion as completion
from sn.commands._folders import Place
from sn.commands._reports import print_confusion, print_report
from sn.commands._safety import allow_options, limit_options
from sn.commands._tables import print_table
from sn.results.figures import error_text, misses_text
from sn.results.lines import json_line, scores_object
from sn.results.reports import report_object
from sn.results.table import cost_words

if TYPE_CHECKING:
    from sn.lisp.gate import Allow  # start-up time, which --help can do without


@click.command("test")
@click.argument("run", type=Place(), shell_complete=completion.runs)
@click.option(
    "--data",
    metavar="DATA",
    shell_complete=completion.data,
    help="Other data: a name, a file, or a form such as '(csv \"FILE\" (label 4))'.",
)
@click.option("--set", "which", metavar="SET", help="Only one set: train, validation or test.")
@click.option("--confusion", is_flag=True, help="Print which class is taken for which, all of it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per set.")
@allow_options(writes=False)
@limit_options
def command(
    run: Path, data: str | None, which: str | None, confusion: bool, as_json: bool, allow: Allow
) -> None:
    """Count the misses of the trained network of RUN.

    RUN is the folder of a run, or a file NAME.sn.safetensors. The kernels are those that scored the
    network while it was trained, so on the same data they give the same figures.
    """
    from sn.opened import open_run  # start-up time of numpy and lark
    from sn.session import Session  # as above

    net = open_run(run, allow)
    found = net.results(None if data is None else Session().read_data(data), which)
    if as_json:
        for one, (scores, report) in found.items():
            told = {"report": report_object(report)}
            print(json_line({"type": "test", "set": one, **scores_object(scores), **told}))
        return
    cost = cost_words(net.about.cost.name)
    rows = [
        (
            one,
            f"{scores.patterns:,}",
            error_text(scores.error),
            "" if scores.misses is None else misses_text(scores.misses, scores.patterns),
        )
        for one, (scores, _) in found.items()
    ]
    columns = ("set", "patterns", "error" if cost == "lms" else f"error, {cost}", "misses")
    print_table(columns, rows, right=columns[1:])
    last = list(found)[-1]
    print()
    print_report(last, found[last][1])
    if confusion:
        print()
        print_confusion(last, found[last][1])
