"""`python -m sn`: the same as `sn`, also where the folder of scripts is not on the path."""

from __future__ import annotations

import sys

from sn.front import main

# a worker of `sn compare` imports this module again, under another name
if __name__ == "__main__":
    sys.exit(main())
