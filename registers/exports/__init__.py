"""How it looks outside the database: results in, bytes out."""
