"""What is in a file: its kind, and the archive that it may be. The lowest room."""
