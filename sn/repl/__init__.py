"""Repl: SN Lisp at a prompt, a form at a time, with the nets that are described there.

    dialogue.py   a session that goes on after errors and Ctrl-C; terminal.py and pipe.py talk to it
    words.py      help, layers, rebuild      training.py   train, trained      errors.py   *e
    manual.py     what a word means, for them and for `sn help`

Read next: dialogue.py.
"""
