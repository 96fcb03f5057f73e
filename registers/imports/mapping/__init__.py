"""Which column of a spreadsheet is what: suggested, chosen by a person, and kept by a name."""
