"""The language server: what an editor is told of a program while somebody writes it.

`server.py` speaks the protocol and holds the texts; it evaluates nothing. `workers.py` keeps
processes that do (`worker.py`), and ends those that take too long; `check.py` is what they do with
one text. `hover.py`, `complete.py` and `names.py` look words up, in the text and in what was found
of it. Read next:
findings.py, which is what passes between them.
"""
