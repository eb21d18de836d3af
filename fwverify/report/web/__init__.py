"""HTML pages: one file each, nothing fetched, hostile text harmless. What each section shows is a module here."""
