"""Leads: what a newcomer may have meant, for the hints of errors that are being made.

People come from Python, from another Lisp or from a page of mathematics, and write what is right
there. A lead names the habit and shows their own form as SN writes it; where two readings are
possible it says both, where none is likely there is none. Nothing here runs while all goes well.
Those of nets and experiments are in `sn/describe/leads.py`. Read next: `calls.py`.
"""
