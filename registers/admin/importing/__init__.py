"""A spreadsheet is brought, checked, chosen for and applied: pages of ours, none of Django's."""
