"""Timed programs: each times one thing and checks the answer before it prints a time."""
