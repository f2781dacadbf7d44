cimport cython

from autograd.engine cimport operations, pending
from autograd.engine.node cimport Node
from autograd.engine.numbers cimport as_number, with_other_operand, number


cdef int add_gradient(Node v, double g) except -1

@cython.locals(out=Value)
cdef Value unary(int code, Node a)

@cython.locals(out=Value)
cdef Value binary(int code, Node a, Node b)

@cython.locals(out=Value, k=double)
cdef object with_number(int code, Node v, object y, bint first)


cdef class Value(Node):
    pass


cpdef object operands(Node v)
cpdef bint is_leaf(Node v) except -1

@cython.locals(v=Value)
cpdef leaf(double data, double grad, object kind=*)

cdef object step(Node v, object places)

@cython.locals(v=Value)
cpdef result(object leaves, object steps)
