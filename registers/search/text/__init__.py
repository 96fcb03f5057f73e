"""Full-text search: the same results on either database."""
