"""Programs: what a function computed once, as a list of NumPy calls to be made again.

`record` runs a function and traces its NumPy calls (`trace`); a `Program` binds them to memory
of its own (`binding`), so that running it again is ``for call in calls: call()``. What does not
depend on the inputs was computed while tracing, and is a constant; repetitions of a call count once.
"""

from autograd.tensor.program.program import Program, Programs, record

__all__ = ["Program", "Programs", "record"]
