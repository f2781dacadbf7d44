cimport cython

from autograd.engine cimport operations, pending, storage
from autograd.engine.value cimport Value
from autograd.engine.node cimport Node
from autograd.engine.storage cimport Storage


cdef class Parameter(Value):
    pass

cdef bint is_leaf(Node v) except -1
