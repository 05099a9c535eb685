"""Regularities that the compiler knows, one a file."""
