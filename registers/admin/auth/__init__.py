"""Users and groups, and the check of what is sent to admin."""
