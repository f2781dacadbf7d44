cimport cython

from autograd.engine cimport operations, pending
from autograd.engine cimport native as threading
from autograd.engine.value cimport Value
from autograd.engine.pending cimport Junction
from autograd.engine.pending cimport Level
from autograd.engine.node cimport Node
from autograd.nn.rowwise cimport Rowwise


cdef class SampleQueue


cdef class Batch(Junction):
    cdef public SampleQueue queue
    cdef public Level level
    cdef public list entries
    cdef readonly Py_ssize_t span
    cdef public bint closed, done, by_rows
    cdef public Py_ssize_t n
    cdef public long long version
    cdef double[::1] saved
    cdef public unsigned long thread
    cdef public object rows, outputs, output_gradients, taped, leaf, grads, place
    cdef object __weakref__

    @cython.locals(v=Value)
    cdef Value output(self)

    @cython.locals(out=list, v=Value)
    cpdef add(self, sample, inputs)
    cpdef bint full(self)

    @cython.locals(
        queue=SampleQueue, rows=list, entries=list, rowwise=Rowwise, numbers="const double[::1]", saved="double[::1]", first=Py_ssize_t, stride=Py_ssize_t, by_rows=bint
    )
    cdef object evaluate(self, object observer)
    cpdef run(self)
    cpdef drop(self)
    @cython.locals(queue=SampleQueue)
    cpdef check(self)
    cpdef start(self)
    cpdef keep(self)

    @cython.locals(i=Py_ssize_t, row=list, rows=list, found=list, j=Py_ssize_t)
    cpdef list pairs(self, input_gradients, reached_rows)
    cpdef tuple part(self)

    @cython.locals(rowwise=Rowwise, scratch="double[::1]", i=Py_ssize_t, place=Py_ssize_t, j=Py_ssize_t, found=list)
    cpdef list pass_rows_back(self)

    @cython.locals(k=Py_ssize_t, i=Py_ssize_t, j=Py_ssize_t)
    cpdef publish(self, list entries, const double[::1] numbers, Py_ssize_t first, Py_ssize_t stride)


cdef class SampleQueue:
    cdef readonly Py_ssize_t n_in, n_out, capacity
    cdef readonly bint deferrable, single
    cdef public Rowwise rowwise
    cdef readonly list versions
    cdef readonly object vectors
    cdef public Batch open
    cpdef long long version(self)

    @cython.locals(j=Py_ssize_t, inputs=list)
    cpdef try_join(self, x)

    @cython.locals(batch=Batch)
    cpdef join(self, sample, inputs)


cdef bint stores_number(Node v) except -1
cdef int set_output(Node v, int place, double x) except -1
cdef int set_failure(Node v, object failure) except -1

@cython.locals(i=Py_ssize_t, j=Py_ssize_t, row=tuple)
cpdef fill(double[:, ::1] table, list rows)

@cython.locals(rows=list, inputs=dict, failures=dict, filled=list, i=Py_ssize_t, j=Py_ssize_t, n=Py_ssize_t, v=Node)
cdef tuple split_entries(list entries, Py_ssize_t span)

@cython.locals(i=Py_ssize_t)
cdef bint held(list entries, Py_ssize_t span) except -1
