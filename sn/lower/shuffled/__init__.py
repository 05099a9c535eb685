"""Shuffled: grids of two layers whose units were made in no order, read off their rows."""
