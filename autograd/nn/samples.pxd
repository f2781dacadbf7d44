from autograd.nn.batch cimport Door


cdef class TakesSamples:
    cdef public Door _samples
