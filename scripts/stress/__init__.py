"""Stress: what becomes of runs that are interrupted, of damaged caches, and of two runs at once.

`python -m scripts.stress`, or `make stress`, prints a table of the figures. Each module has one
function that does so many trials and returns what it counted; tests call it with few.
"""
