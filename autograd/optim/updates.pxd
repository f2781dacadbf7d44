cimport cython
cimport libc.math as math

ctypedef fused real:
    float
    double

@cython.locals(i=Py_ssize_t, slope=real)
cpdef int descent(real[::1] x, real[::1] g, real rate, real decay) except -1

@cython.locals(i=Py_ssize_t, slope=real, v=real)
cpdef int momentum(
    real[::1] x, real[::1] g, real[::1] velocity, real rate, real kept, real ahead, real decay
) except -1

@cython.locals(i=Py_ssize_t, value=real, slope=real, m=real, s=real, root=real)
cpdef int adam(
    real[::1] x, real[::1] g, real[::1] mean, real[::1] square,
    real beta1, real beta2, real eps, real rate, real keep, real decay
) except -1

@cython.locals(i=Py_ssize_t, slope=real, s=real, root=real)
cpdef int rmsprop(real[::1] x, real[::1] g, real[::1] square, real alpha, real eps, real rate) except -1
