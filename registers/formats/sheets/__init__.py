"""Any spreadsheet as rows of cells. Begin with whole.py; what is here must not import Django."""
