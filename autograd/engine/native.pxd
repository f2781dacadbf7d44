# What C has of Python's own: `threading.get_ident` and `sys.getrefcount`, without a call of Python.

cdef extern from "Python.h":
    unsigned long get_ident "PyThread_get_thread_ident" ()
    Py_ssize_t getrefcount "Py_REFCNT" (object)
