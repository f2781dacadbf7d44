cimport cython

from autograd.engine cimport native as threading
from autograd.engine cimport node, operations, pending, storage
from autograd.engine.node cimport Node
from autograd.engine.pending cimport Junction


cdef class Walk:
    cdef public list order, before, junctions, complete
    cdef public dict vectors
    cdef object storage

    cdef int count_use(self, Node v) except -1
    cdef int keep(self, object vectors) except -1
    @cython.locals(code=int, junction=Junction, row=Py_ssize_t)
    cdef int visit(self, Node v) except -1
    @cython.locals(code=int, junction=Junction, operand=Node)
    cdef int pass_on(self, Node v, list ready) except -1
    @cython.locals(v=Node, pair=tuple, junction=Junction)
    cdef int through_junctions(self, list ready) except -1
    cdef int undo(self) except -1
    @cython.locals(junction=Junction)
    cdef int finish(self, bint succeeded) except -1


cdef class Running:
    cdef bint taken
    cdef unsigned long thread


cdef Running RUNNING

cpdef backward(Node root)
cpdef bint is_running()
cdef int observed(Node root, object observer) except -1

cdef int locked(Node root) except -1

@cython.locals(running=Running)
cdef int alone(Node root) except -1

@cython.locals(last=int, leaf=int, state=Walk, ended=bint, order=list, before=list, ready=list, v=Node, a=Node, b=Node, g=double)
cdef int walk(Node root) except -1

cdef int end(list order, list before, Walk state, bint succeeded) except -1

@cython.locals(v=Node, g=double)
cdef int undo(list order, list before) except -1
