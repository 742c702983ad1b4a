"""Refits the bundled constants: ``python -m tinyfield.data.fit weather|sensors|column``."""
