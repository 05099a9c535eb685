"""Emit: a plan and an update rule become a kernel module's text, and the sections it calls."""
