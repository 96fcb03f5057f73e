"""How a file becomes changes: read, check, apply."""
