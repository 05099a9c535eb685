"""The rivals: each module defines `RIVALS`, a tuple of `bench.rival.Rival`."""
