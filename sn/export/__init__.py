"""Export: a trained net as a text or a file of another world, which SN is not needed for.

`portable.py` makes a program of forward passes from a plan; `c.py` and `javascript.py` write it
with the loops of `loops.py`, which both languages share, `onnx.py` as a graph. Read portable.py
first.
"""
