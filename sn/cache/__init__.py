"""The cache of compiled kernels: under which key, and in which files."""
