"""The site: how it is run. It knows nothing about protocols."""
