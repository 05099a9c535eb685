"""Sweep: many trainings of one program, over values of its variables, here or on a cluster.

    space.py     what varies, read from `--vary`; points of a grid, and points at random
    trials.py    one run: what it is made of, its key, what it came to
    perform.py   how a worker does one run, with nothing but what it was sent
    processes.py workers on this machine: a process a core, replaced where one dies
    cluster.py   workers of a Dask scheduler
    study.py     Optuna: what is tried next, what is given up, where that is kept
    going.py     the loop: trials asked for, runs handed out, results kept and told

What a run comes to depends on what it is made of alone, so not on where or when it ran. Only this
package knows Optuna and Dask, which are an extra: `pip install 'sn[sweep]'`.
"""
