"""Artifact -> child artifacts, what every byte of the container is, and gaps."""
