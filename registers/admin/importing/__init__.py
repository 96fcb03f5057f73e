"""A spreadsheet is uploaded, checked, chosen for and applied: pages of ours, none of Django's."""
