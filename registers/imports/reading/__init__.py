"""Any spreadsheet as rows of cells. Begin with read.py; what is here must not import Django."""
