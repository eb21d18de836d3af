"""Runs the real `verify` over a corpus of signed artefacts and compares its answers with what the corpus expects."""
