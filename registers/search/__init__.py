"""Finds protocols: parameters, index, results, facets. Knows no request and no file format."""
