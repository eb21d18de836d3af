"""Examination in worker processes: a parser that dies or hangs costs one artifact, not the run."""
