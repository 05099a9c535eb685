"""Builtins on matrices."""
