"""tinyfield: one YAML file becomes a sensor node that decides by itself."""

__version__ = "0.1.0"
