"""Front door of a checkout: `python cli.py run zipcode` is `sn run zipcode` without installing."""

import sys

from sn.front import main

if __name__ == "__main__":
    sys.exit(main())
