"""Pages about links: the members of groups, and who took on what after a split."""
