"""Files on disk -> Delivery; digests every byte once."""
