/* A node, as node.c makes it and the compiled files see it. */

#include <Python.h>

typedef struct NodeObject {
    PyObject_HEAD
    double _data, _grad, _da, _db, _k;
    struct NodeObject *_a, *_b;
    PyObject *_source, *_home;
    int _code, _n, _index;
    PyObject *attributes, *weakrefs;
} NodeObject;
