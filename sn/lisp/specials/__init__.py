"""Special forms: one decorated function each, which receives the interpreter and the whole call.

control.py decides and repeats, binding.py names values, definitions.py makes functions,
mapping.py walks lists. interp.py loads every file of this folder.
"""
