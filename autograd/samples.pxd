cimport cython

from autograd cimport graph, operations
from autograd.engine cimport Value
from autograd.graph cimport Junction, Level
from autograd.node cimport Node
from autograd.rowwise cimport Rowwise


cdef class Batch(Junction):
    cdef public Level level
    cdef public list entries
    cdef public bint closed, done, small
    cdef public Py_ssize_t n
    cdef public long long version
    cdef double[::1] trace
    cdef public object thread, rows, outputs, slopes, taped, leaf, grads
    cdef object __weakref__

    @cython.locals(v=Value)
    cdef Value output(self)

    @cython.locals(out=list, v=Value)
    cpdef add(self, sample, inputs)

    @cython.locals(
        rows=object, entries=list, few=Rowwise, numbers="const double[::1]", trace="double[::1]", first=Py_ssize_t, stride=Py_ssize_t, small=bint
    )
    cpdef run(self)
    cpdef drop(self)
    cpdef check(self)
    cpdef start(self)
    cpdef keep(self)

    @cython.locals(few=Rowwise, scratch="double[::1]", i=Py_ssize_t, place=Py_ssize_t)
    cpdef list pass_rows_back(self)

    @cython.locals(outs=list, k=Py_ssize_t, j=Py_ssize_t, entry=tuple)
    cpdef publish(self, list entries, const double[::1] numbers, Py_ssize_t first, Py_ssize_t stride)


cdef class Door:
    cdef readonly Py_ssize_t n_in, room
    cdef public Batch open

    @cython.locals(j=Py_ssize_t, inputs=list)
    cpdef enter(self, x)

    @cython.locals(batch=Batch)
    cpdef join(self, sample, inputs)


cdef bint is_there(Node v) except -1
cdef int set_output(Node v, int place, double x) except -1
cdef int set_failure(Node v, object failure) except -1

@cython.locals(i=Py_ssize_t, j=Py_ssize_t)
cpdef fill(double[:, ::1] table, list rows)
