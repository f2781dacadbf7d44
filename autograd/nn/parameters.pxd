cimport cython

from autograd.engine cimport operations, pending, storage
from autograd.engine.value cimport Value, is_leaf
from autograd.engine.node cimport Node
from autograd.engine.storage cimport Storage


cdef class Parameter(Value):
    pass
