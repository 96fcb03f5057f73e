"""What a thing said, and when."""
