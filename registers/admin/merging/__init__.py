"""Pages that find duplicate organisations, merge them, undo a merge, and split one."""
