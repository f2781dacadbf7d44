cimport cython

from autograd.engine.node cimport Node


cdef class Version:
    cdef public long long n


@cython.locals(n="long long", version=Version)
cpdef long long total(list versions)


cdef class Storage:
    cdef public object vectors
    cdef public Version version
    cdef bint double, writable
    cdef const double[::1] values
    cdef double[::1] writable_values, grads
    cdef const float[::1] single_values
    cdef float[::1] single_writable_values, single_grads


@cython.locals(storage=Storage, i=Py_ssize_t)
cdef double read_number(Node p) except? -7.25e300

@cython.locals(storage=Storage, i=Py_ssize_t)
cdef int write_number(Node p, double x) except -1

@cython.locals(storage=Storage)
cdef int check_room(Node p, double x) except -1

@cython.locals(storage=Storage, i=Py_ssize_t)
cdef double read_gradient(Node p) except? -7.25e300

@cython.locals(storage=Storage, i=Py_ssize_t)
cdef int write_gradient(Node p, double g) except -1
