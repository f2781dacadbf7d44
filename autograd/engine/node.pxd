cdef extern from *:
    """
    /* Cython 3.3 asks the base of a class for comparisons that the class does not say, by this name, which
       it forgot to declare: `==` and `!=` are those of all objects. */
    static PyTypeObject *__pyx_ptype_8autograd_6engine_4node_Node = &PyBaseObject_Type;
    """

cdef extern from "node.h":
    ctypedef class autograd.engine.node.Node [object NodeObject]:
        cdef double _number, _grad, _da, _db, _k
        cdef Node _a, _b
        cdef object _source, _home
        cdef int _code, _n, _index

    enum:
        COMPILED "1"
