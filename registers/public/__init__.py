"""The public site: URLs and views for readers."""
