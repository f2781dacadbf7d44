# C versions of `threading.get_ident` and `sys.getrefcount`, which save the cost of a Python call.

cdef extern from "Python.h":
    unsigned long get_ident "PyThread_get_thread_ident" ()
    Py_ssize_t getrefcount "Py_REFCNT" (object)
