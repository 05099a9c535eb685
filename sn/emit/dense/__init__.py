"""Full connections."""
