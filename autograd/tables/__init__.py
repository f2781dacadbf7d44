"""Tables: files of columns, and how they become a net's inputs and targets."""

from autograd.tables.preprocessing import Inputs, Preprocessing
from autograd.tables.table import Table, read_table

__all__ = ["Inputs", "Preprocessing", "Table", "read_table"]
