"""SN: a small Lisp that describes neural networks, and a compiler that makes them fast."""

__version__ = "0.1.0"
