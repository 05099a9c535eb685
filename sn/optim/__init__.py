"""Optimizers: what a user may set about each, and which update rule of the kernels it runs."""
