"""The same bytes as the official tools see them."""
