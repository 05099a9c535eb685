"""Characters: those that look like what SN reads and are something else, as pasted text has them.

Editors, browsers and word processors put them in place of quotes, dashes, digits and blanks. No
name holds one as it stands; between bars, as in |“|, any may.
"""

from __future__ import annotations

import re

DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
DOUBLE_QUOTES = "\u201c\u201d\u201e\u201f\u00ab\u00bb"
SINGLE_QUOTES = "\u2018\u2019\u201a\u201b\u2039\u203a"
INVISIBLE = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f"
FULL_WIDTH = "\uff01-\uff5e"

ODD = re.compile(f"[{DASHES}{DOUBLE_QUOTES}{SINGLE_QUOTES}{INVISIBLE}{FULL_WIDTH}]")
