"""Train: kernels, data and an optimizer become a run record. The only training loop."""
