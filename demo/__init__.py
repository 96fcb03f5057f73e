"""A fictional register of any size, the same for the same number, seed and day."""
