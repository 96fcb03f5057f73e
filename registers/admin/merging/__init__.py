"""Organisations that are one, or that were taken for one: merged, undone, split, told apart."""
