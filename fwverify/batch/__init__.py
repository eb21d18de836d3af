"""Many deliveries, one row each; one bad unit never hides another."""
