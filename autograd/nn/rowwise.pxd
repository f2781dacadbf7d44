cimport cython

from autograd.engine cimport node, operations
from autograd.engine.node cimport Node
from autograd.engine.storage cimport Storage


cdef class Dense:
    cdef Storage storage
    cdef readonly Py_ssize_t first, n_in, n_out
    cdef int code


cdef class Rowwise:
    cdef list layers
    cdef readonly Py_ssize_t n_in, n_out, size, stride, widest

    @cython.locals(saved="double[::1]", start=Py_ssize_t, at=Py_ssize_t, layer=Dense)
    cdef double[::1] forward(self, list rows)

    cpdef bint takes(self, Py_ssize_t n)
    cpdef Py_ssize_t output(self, Py_ssize_t row)

    cdef double[::1] scratch(self)

    @cython.locals(
        g=Py_ssize_t, below=Py_ssize_t, start=Py_ssize_t, at=Py_ssize_t, j=Py_ssize_t, k=Py_ssize_t, layer=Dense
    )
    cdef Py_ssize_t backward(
        self, double[::1] saved, Py_ssize_t row, double[::1] gradients, double[::1] scratch
    ) except -1


@cython.locals(
    weights="const double[::1]", out=Node, k=Py_ssize_t, i=Py_ssize_t, j=Py_ssize_t, z=double
)
cdef int layer_forward(Dense layer, double[::1] saved, Py_ssize_t at, Py_ssize_t to) except -1

@cython.locals(
    weights="const double[::1]", grads="double[::1]", k=Py_ssize_t, i=Py_ssize_t, j=Py_ssize_t, d=double
)
cdef int layer_backward(
    Dense layer, double[::1] saved, Py_ssize_t at, Py_ssize_t to, double[::1] scratch, Py_ssize_t g, Py_ssize_t below
) except -1
