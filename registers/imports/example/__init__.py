"""A fictional register of any size, the same for the same number and seed: for trials and shows."""

from registers.imports.example.making import ExampleError, make_register

__all__ = ["ExampleError", "make_register"]
