"""Artifacts -> clues -> components, each with where and how it was seen."""
