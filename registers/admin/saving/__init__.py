"""How a form of the editors is saved: never over what its writer has not seen."""
