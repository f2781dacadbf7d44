"""Programs: the NumPy calls of a function, recorded once and replayed on preallocated memory.

`record` runs a function and traces its NumPy calls (`trace`). A `Program` binds these calls to memory
of its own (`binding`), so that a replay is ``for call in calls: call()``. What does not depend on the
inputs is computed while tracing and becomes a constant. Equal calls are made once.
"""

from autograd.tensor.program.program import Program, Programs, record, record_in_new_thread

__all__ = ["Program", "Programs", "record"]
