"""Repl: SN Lisp at a prompt, a form at a time, with the nets that are described there.

`manual.py` says what a word means, for `(help 'word)`, `^Aword` and `sn help`.
"""
