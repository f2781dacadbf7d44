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

#define NOTE_ROOT "_note_root" /* the capsule in node.c with its function */

static void (*note_root)(NodeObject *) = NULL; /* see node.py */

/* Find the function of node.c; to be called before it. PyCapsule_Import would need the whole package. */
static inline int import_node(void)
{
    PyObject *module = PyImport_ImportModule("autograd.engine.node");
    PyObject *capsule = module == NULL ? NULL : PyObject_GetAttrString(module, NOTE_ROOT);
    if (capsule != NULL) note_root = (void (*)(NodeObject *))PyCapsule_GetPointer(capsule, NOTE_ROOT);
    Py_XDECREF(capsule);
    Py_XDECREF(module);
    return note_root == NULL ? -1 : 0;
}
