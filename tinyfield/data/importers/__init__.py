"""Reads the public data sets. Nothing hangs on file names: a file is known by its columns."""
