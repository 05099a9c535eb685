"""Codebooks: words, which are vectors, with a label each, and what is near to what.

Arrays and numbers only; the values of Lisp that hold them are in `builtins/codebook.py`. Words are
float32, as is every sum over the elements of a word (SN 2.8): one after the other, in their order.
Read next: `nearest.py`, then `quantising.py` and `lvq.py`, which move words; `files.py`.
"""
