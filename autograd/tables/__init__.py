"""Tables: reading files into columns, and preprocessing columns into inputs and targets of a net."""

from autograd.tables.preprocessing import Inputs, Preprocessing
from autograd.tables.table import Table, is_missing, is_number, read_table

__all__ = ["Inputs", "Preprocessing", "Table", "is_missing", "is_number", "read_table"]
