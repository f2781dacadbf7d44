cimport cython

@cython.locals(operands=list, parents=list, used=list, wanted=bint)
cpdef apply(object row, object args, dict kwargs)
