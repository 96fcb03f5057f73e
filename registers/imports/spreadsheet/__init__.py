"""How a spreadsheet becomes changes: read, checked, applied. The check changes nothing."""
