"""Immutable values that pass between stages. No I/O, no third-party imports."""
