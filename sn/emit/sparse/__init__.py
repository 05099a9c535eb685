"""Plain rows: connections that fit no rule."""
