from autograd.nn.batch cimport SampleQueue


cdef class TakesSamples:
    cdef public SampleQueue _samples
