"""Page: a run or a comparison as one file of HTML that needs nothing else, the net at work in it.

`report.py` puts the page of a run together, `contest.py` that of a comparison, `play.py` a page
with the net alone; `html.py` is the only code here that makes markup of text. What a browser runs
is in assets/, and the net itself comes from sn/export/javascript.py. Read report.py first.
"""
