"""Trained nets: one file that explains itself, and what can be done with the net in it.

`write_trained` makes the file of a table, its weights and what is known about them; `read_trained`
checks every word of a file and gives the three back, without the program of the net; `net.py` has
the net that predicts. docs/files.md says what stands in the file, and reads one with NumPy alone.

Read next: header.py.
"""

from __future__ import annotations
