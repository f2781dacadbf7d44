cimport cython

@cython.locals(counts=dict, reached=list)
cpdef dict use_counts(object root)

@cython.locals(remaining=dict, order=list)
cpdef list ordered(object root)

@cython.locals(order=list, keep=dict, useful=set, gradients=dict, partly=set, sums=set, i=Py_ssize_t)
cpdef dict backpropagate(object root, object gradient, object wanted=*, object lift=*)
