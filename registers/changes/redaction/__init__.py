"""Words, past texts and whole papers are taken out of all that is stored."""
