"""Which protocols? No request, no response, no file format."""
