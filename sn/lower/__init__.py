"""Lower: a connection table becomes a plan, loop nests where it is regular, rows elsewhere."""
