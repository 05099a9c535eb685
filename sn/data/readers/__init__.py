"""Readers: a file per format, from files of anyone to `Rows`.

Each format is a frozen dataclass under `@reader(WORD)`, whose fields are the options of the form
`(WORD FILE OPTION ...)`. A file of a stranger is data: nothing of it is run, its sizes are checked
before memory is taken for them, and what is wrong with it is a DataError. Read next: csv.py, then
arrays.py for what arrays from anywhere are taken for.
"""

import sys

from sn.registry import load_folder

load_folder(sys.modules[__name__])
