"""Published byte layouts, parsed and nothing more: bytes -> frozen header values. One file a layout."""
