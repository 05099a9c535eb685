"""Sweep: many trainings of one program, over values of its variables, here or on a cluster.

    space.py     what varies, read from `--vary`; points of a grid, and points at random
    study.py     Optuna: what is tried next, what is given up, where that is kept
    evolution.py the state of CMA-ES, worked out from the trials
    journal.py   the file that trials are kept in, unless a database is named
    checking.py  what is in it, which anyone may have written
    going.py     the loop: trials asked for, runs handed out, results kept and told
    telling.py   tables and objects of what came of it

Runs are done by `sn/pool/`. Only study.py, evolution.py, journal.py and checking.py know Optuna, an
extra: `pip install 'sn[sweep]'`.
"""
