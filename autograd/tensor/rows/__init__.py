"""The calculus: rows of the table by family, a line for each function."""
