"""What is amiss in a record: rules over one record and across records, as pure functions."""
