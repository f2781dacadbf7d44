cimport cython


cdef class Version:
    cdef public long long n


@cython.locals(n="long long", version=Version)
cpdef long long total(list versions)


cdef class Storage:
    cdef public object vectors
    cdef public Version version
    cdef bint double, writable
    cdef const double[::1] values
    cdef double[::1] targets, grads
    cdef const float[::1] single_values
    cdef float[::1] single_targets, single_grads

    cpdef double number(self, Py_ssize_t i)
    cpdef int put(self, Py_ssize_t i, double x) except -1
    cpdef double grad(self, Py_ssize_t i)
    cpdef int put_grad(self, Py_ssize_t i, double g) except -1
