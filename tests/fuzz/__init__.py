"""Fuzzing of everything that reads signatures: short and deterministic in the suite, long by hand with atheris."""
