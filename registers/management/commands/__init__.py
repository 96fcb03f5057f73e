"""Parse arguments, call a room, print."""
