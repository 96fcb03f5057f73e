"""Export formats: search results in, bytes out."""
