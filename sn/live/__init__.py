"""Live: the net of SN 2.8, whose units and connections are read, changed and walked at any time."""
