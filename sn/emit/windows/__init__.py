"""Windows over maps: convolutions, and windows whose weights differ by position."""
