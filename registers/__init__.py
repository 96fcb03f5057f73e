"""A register of information sharing protocols. docs/architecture.md shows the rooms."""
