"""Pipe: a dialogue without a terminal: forms are read from a stream, and their values printed."""

from __future__ import annotations

from typing import TextIO

from sn.repl.dialogue import Dialogue
from sn.repl.text import is_whole


def read_all(dialogue: Dialogue, stream: TextIO) -> bool:
    """Answer a text after another, each as many lines as its forms need; say whether all went well.

    What is still open at the end of the stream is told as an error, as in a file.
    """
    went_well, text = True, ""
    for line in stream:
        text += line
        if is_whole(text):
            went_well, text = dialogue.answer(text) and went_well, ""
    return (dialogue.answer(text) if text else True) and went_well
