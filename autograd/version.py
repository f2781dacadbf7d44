"""The library's version: a file by itself, so that all others and the build can read it."""

__version__ = "0.1.0"
