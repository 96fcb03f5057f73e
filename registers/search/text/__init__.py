"""Which protocols do these words find? The same ones on every database."""
