"""Fuzz: hostile input by the thousand, and a table of what came of it.

    make fuzz                                  # a few minutes of everything
    python -m scripts.fuzz programs --cases 100000

`targets.py` lists what is tried, `worker.py` tries it in a process of its own, `__main__.py`
watches that process: what it dies of, hangs in or calls its own fault is a finding. Every case is
made from the seed and its number alone, so that a finding can be had again.
"""
