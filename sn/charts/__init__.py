"""Charts: curves, bars and trials of a sweep as SVG, for pages, files and notebooks.

`lines.py` draws curves over one axis, `bars.py` counts, `sweep.py` what trials came to; `axis.py`
says where numbers stand, and `style.py` how it all looks. Read lines.py first.
"""
