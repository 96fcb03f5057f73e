"""Pages about groups: their members, one by one or pasted."""
