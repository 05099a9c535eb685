"""Leads of nets and experiments: what who comes from another framework may have meant.

As those of `sn/lisp/leads`, they are asked while an error is being made, and show the user's own
text as SN writes it. Read next: `words.py`.
"""
