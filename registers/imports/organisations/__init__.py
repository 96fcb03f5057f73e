"""A spreadsheet of organisations: read, checked against the register, applied, and undone."""
