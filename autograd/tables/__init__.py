"""Tables: reading files into columns, and preprocessing columns into inputs and targets of a net."""

from autograd.tables.preprocessing import Inputs, Preprocessing
from autograd.tables.table import Table, read_table

__all__ = ["Inputs", "Preprocessing", "Table", "read_table"]
