"""Words: the functions by which programs draw, a file per topic, each documented by its docstring.

A file added to this folder is found by itself. What they draw is in `shapes.py`.
"""
