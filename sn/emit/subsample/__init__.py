"""Subsample: each map of a layer sums up windows of its own map, times one coefficient a map."""
