"""How it looks outside the database: a finding in, bytes out."""
