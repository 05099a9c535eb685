"""Words whose forms have a body, and how many of their arguments stand before it.

What is broken into lines of such a form is indented by two; of any other it stands below its first
argument. Read next: `layout.py`.
"""

from __future__ import annotations

BODIES = {
    **dict.fromkeys(("de", "df", "dm", "dmd"), 2),
    **dict.fromkeys(("defmethod", "demethod"), 3),
    **dict.fromkeys(("lambda", "flambda", "mlambda", "dmc"), 1),
    **dict.fromkeys(("let", "let*", "for", "each", "all", "mapfor", "on-error"), 1),
    **dict.fromkeys(("when", "while", "if", "repeat", "selectq", "do-while", "mapwhile"), 1),
    **dict.fromkeys(("writing", "reading", "prog1", "letslot"), 1),
    **dict.fromkeys(("defnet", "experiment", "reference", "init"), 1),
    "progn": 0,
    "defclass": 2,
}

# which argument of a form is a list of parameters: data, whatever it begins with
PARAMETERS = {
    **dict.fromkeys(("de", "df", "dm", "dmd"), 2),
    **dict.fromkeys(("defmethod", "demethod"), 3),
    **dict.fromkeys(("lambda", "flambda", "mlambda"), 1),
}

# whose arguments stand below the first one, whatever the author did; words of a program's own keep
# a body that is indented by two
ALIGNED = frozenset(("cond", "setq", "and", "or", "list", "append", "+", "-", "*", "/"))

# forms whose arguments are clauses: data, though one may begin with a word
CLAUSES = frozenset(("cond", "selectq"))

# rows of these, one below the other in a form that describes a net, have columns
ROWS = {"defnet": frozenset(("layer", "connect")), "experiment": frozenset(("optimizer",))}
