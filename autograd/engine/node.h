/* The memory layout of a node, for node.c and the compiled files. */

#include <Python.h>

typedef struct NodeObject {
    PyObject_HEAD
    /* The fields that a backward pass uses come first, side by side, so that they share cache lines. */
    int _code, _n;
    double _grad, _da, _db;
    struct NodeObject *_a, *_b;
    double _number, _k;
    PyObject *_source, *_home;
    int _index;
    PyObject *attributes, *weakrefs;
} NodeObject;
