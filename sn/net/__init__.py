"""The network: layers, connection schemes, the frozen connection table and its slow twin."""
