"""Pool: runs as values, and who does them, here or on a cluster.

    runs.py      one run: what it is made of, its key, and what is heard of it
    perform.py   how a worker does one run, with nothing but what it was sent
    processes.py workers on this machine: a process a core, replaced where one dies
    cluster.py   workers of a Dask scheduler
    workers.py   what both have in common, and which of them it is

What a run comes to depends on what it is made of alone, so not on where or when it ran. Only
cluster.py knows Dask, which is an extra: `pip install 'sn[sweep]'`.
"""
