"""Print the line that lets a shell complete what you type behind sn."""

from __future__ import annotations

import os
from pathlib import Path

import click

from sn.commands._texts import print_text

# what a person runs once; the shell then asks `sn` itself at each tab
_LINES = {
    "bash": """echo 'eval "$(_SN_COMPLETE=bash_source sn)"' >> ~/.bashrc""",
    "zsh": """echo 'eval "$(_SN_COMPLETE=zsh_source sn)"' >> ~/.zshrc""",
    "fish": "mkdir -p ~/.config/fish/completions && "
    "_SN_COMPLETE=fish_source sn > ~/.config/fish/completions/sn.fish",
}


@click.command("completion")
@click.argument("shell", required=False, type=click.Choice([*_LINES]))
def command(shell: str | None) -> None:
    """Print the line that lets SHELL complete commands, options, nets, data, optimizers and runs.

    SHELL is yours unless you name one. Run the line once, and open a new terminal:
    `sn completion bash | bash` does the first.
    """
    mine = Path(os.environ.get("SHELL", "")).name
    print(_LINES[shell or (mine if mine in _LINES else "bash")])
    print_text("run this line once; terminals that you open then complete at the tab key", err=True)
