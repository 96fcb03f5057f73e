"""Two editors save one object: the second one sees both versions and chooses."""
