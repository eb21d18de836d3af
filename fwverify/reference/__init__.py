"""What the operator has learned from packages of his own: an offline store, and how it names files of an image."""
