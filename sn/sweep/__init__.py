"""Sweep: many trainings of one program, over values of its variables, here or on a cluster.

    space.py     what varies, read from `--vary`; points of a grid, and points at random
    study.py     Optuna: what is tried next, what is given up, where that is kept
    journal.py   the file that it is kept in, unless a database is named
    going.py     the loop: trials asked for, runs handed out, results kept and told
    telling.py   tables and objects of what came of it

Runs are done by `sn/pool/`. Only study.py and journal.py know Optuna, an extra:
`pip install 'sn[sweep]'`.
"""
