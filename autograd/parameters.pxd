cimport cython

from autograd cimport graph, operations, storage
from autograd.engine cimport Value
from autograd.node cimport Node
from autograd.storage cimport Storage


cdef class Parameter(Value):
    pass

cdef bint is_leaf(Node v) except -1
