"""Records that outlive the tool: evidence packs, signed statements, the log of decisions, trusted time."""
