/* A node, as node.c makes it and the compiled files see it. */

#include <Python.h>

typedef struct NodeObject {
    PyObject_HEAD
    /* What a walk back goes by lies together, for the sake of caches */
    int _code, _n;
    double _grad, _da, _db;
    struct NodeObject *_a, *_b;
    double _number, _k;
    PyObject *_source, *_home;
    int _index;
    PyObject *attributes, *weakrefs;
} NodeObject;
