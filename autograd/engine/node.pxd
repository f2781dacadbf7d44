cdef extern from *:
    """
    /* For comparisons that a class does not define, Cython 3.3 refers to the base class by this name, but
       does not declare it. Nodes have the `==` and `!=` of `object`, so the name stands for `object`. */
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

    int import_node() except -1
    void note_root(Node v)
