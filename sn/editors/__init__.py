"""Editors: what programs that show SN Lisp ask about a text, finished or not."""
