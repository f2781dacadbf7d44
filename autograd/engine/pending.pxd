cimport cython

from autograd.engine cimport node, operations, storage
from autograd.engine cimport native as sys
from autograd.engine cimport native as threading
from autograd.engine.node cimport Node


cdef class Level:
    cdef public long long rank
    cdef public unsigned long owner
    cdef public bint closed
    cdef public dict batches
    cdef public list nodes
    cdef public Level above
    cdef readonly Py_ssize_t capacity
    cpdef Level next(self)


cdef class Junction:
    cdef public object evaluator, walk
    cdef public int width, awaited, n_reached
    cdef public dict inputs
    cdef public double[::1] gradients
    cdef public unsigned char[::1] reached

    cpdef run(self)
    cpdef drop(self)
    cpdef check(self)
    cpdef start(self)
    cpdef keep(self)


cdef class Failure:
    cdef object kind, args


cdef class Pending:
    cdef dict rounds
    cdef object observer


cdef Pending PENDING

cpdef bint any_pending()
cpdef bint observes_all()
cpdef bint is_pending(Node v)
cpdef observe(object observer)
cpdef unobserve(object observer)
cdef tell_observers()
cpdef object observer()

@cython.locals(level=Level)
cpdef Level lowest()

@cython.locals(rounds=dict, first=Level, thread="unsigned long")
cpdef settle(Level level=*, object vectors=*, bint needed=*)

@cython.locals(above=Level)
cdef int clear_levels(Level level) except -1

@cython.locals(level=Level, nodes=list, i=Py_ssize_t)
cdef int drop(Level first) except -1

cdef Py_ssize_t references(list nodes, Py_ssize_t i) except -1
cdef Py_ssize_t ALONE

@cython.locals(nodes=list, i=Py_ssize_t, v=Node, batch=Junction)
cdef int compute_levels(Level level) except -1

@cython.locals(a=Node, b=Node, x=double, y=double)
cdef int compute(Node v) except -1

cpdef double number_of(Node v) except? -7.25e300
cpdef double settled_number(Node v) except? -7.25e300

cpdef double read_early(Node v) except? -7.25e300

@cython.locals(a=Node, b=Node)
cdef int postpone(Node out) except -1

@cython.locals(a=Level, b=Level)
cdef bint deeper(object first, object second) except -1

@cython.locals(nodes=list)
cdef int enqueue(Node out, Level level) except -1
