/* The C version of a node, used where there is a compiler. node.py explains the fields.

A node is a C struct. The memory of deleted nodes is kept in a free list and reused. Deleting a node deletes
its operands without recursion, if nothing else refers to them. The cycle collector does not track nodes at
first, because tracking costs more than their arithmetic. A node is tracked as soon as it may become part of
a cycle: when it gets its first attribute, and with it a dict, or a closure (see `track_cycle`). */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>
#include <structmember.h>

#include "node.h"

#define KEPT 65536 /* largest length of the free list: nine megabytes */

static PyTypeObject NodeType;
static NodeObject *kept = NULL; /* the free list, linked by _a */
static int n_kept = 0;
static NodeObject *dying = NULL; /* nodes still to be taken apart, linked by weakrefs */
static int at_work = 0;
/* The node that the last backward pass began at, which is not kept alive. The collector never clears what a
   node that it does not track refers to, so `last_root` is enough for such a node; the end of the node sets it to
   NULL. One that it tracks may be referred to while it is taken apart, so there `last_weak` is a weak reference. */
static NodeObject *last_root = NULL;
static PyObject *last_weak = NULL;
static unsigned long last_thread = 0;

static PyObject *none(void)
{
    Py_INCREF(Py_None);
    return Py_None;
}

static PyObject *node_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    NodeObject *v;
    if (type->tp_flags & Py_TPFLAGS_HEAPTYPE) { /* a subclass written in Python */
        v = (NodeObject *)type->tp_alloc(type, 0);
        if (v == NULL) return NULL;
    }
    else {
        if (kept != NULL) {
            v = kept;
            kept = v->_a;
            n_kept--;
            PyObject_Init((PyObject *)v, type);
        }
        else {
            v = PyObject_GC_New(NodeObject, type);
            if (v == NULL) return NULL;
        }
        memset((char *)v + sizeof(PyObject), 0, sizeof(NodeObject) - sizeof(PyObject));
    }
    v->_a = (NodeObject *)none();
    v->_b = (NodeObject *)none();
    v->_source = none();
    v->_home = none();
    return (PyObject *)v;
}

static int node_traverse(NodeObject *v, visitproc visit, void *arg)
{
    Py_VISIT(v->_a);
    Py_VISIT(v->_b);
    Py_VISIT(v->_source);
    Py_VISIT(v->_home);
    Py_VISIT(v->attributes);
    return 0;
}

static int node_clear(NodeObject *v)
{
    PyObject *home = v->_home;
    v->_home = none();
    Py_XDECREF(home);
    Py_CLEAR(v->attributes);
    return 0;
}

static void take_apart(NodeObject *v)
{
    PyTypeObject *type = Py_TYPE(v);
    if (v->weakrefs != NULL) PyObject_ClearWeakRefs((PyObject *)v);
    Py_CLEAR(v->attributes);
    Py_XDECREF(v->_source);
    Py_XDECREF(v->_home);
    Py_XDECREF(v->_a);
    Py_XDECREF(v->_b);
    if (n_kept < KEPT && !(type->tp_flags & Py_TPFLAGS_HEAPTYPE)) {
        v->_a = kept;
        kept = v;
        n_kept++;
    }
    else
        type->tp_free(v);
}

static void node_dealloc(NodeObject *v)
{
    PyObject_GC_UnTrack(v);
    if (v == last_root) last_root = NULL;
    if (Py_TYPE(v)->tp_flags & Py_TPFLAGS_HEAPTYPE) {
        take_apart(v);
        return;
    }
    if (v->weakrefs != NULL) {
        PyObject_ClearWeakRefs((PyObject *)v);
        v->weakrefs = NULL;
    }
    if (at_work) { /* called from `take_apart` of another node: leave it to the loop below */
        v->weakrefs = (PyObject *)dying;
        dying = v;
        return;
    }
    at_work = 1;
    take_apart(v);
    while (dying != NULL) {
        v = dying;
        dying = (NodeObject *)v->weakrefs;
        v->weakrefs = NULL;
        take_apart(v);
    }
    at_work = 0;
}

static PyMemberDef node_members[] = {
    {"_number", T_DOUBLE, offsetof(NodeObject, _number), READONLY, NULL},
    {"_grad", T_DOUBLE, offsetof(NodeObject, _grad), READONLY, NULL},
    {"_da", T_DOUBLE, offsetof(NodeObject, _da), READONLY, NULL},
    {"_db", T_DOUBLE, offsetof(NodeObject, _db), READONLY, NULL},
    {"_k", T_DOUBLE, offsetof(NodeObject, _k), READONLY, NULL},
    {"_a", T_OBJECT, offsetof(NodeObject, _a), READONLY, NULL},
    {"_b", T_OBJECT, offsetof(NodeObject, _b), READONLY, NULL},
    {"_source", T_OBJECT, offsetof(NodeObject, _source), READONLY, NULL},
    {"_home", T_OBJECT, offsetof(NodeObject, _home), READONLY, NULL},
    {"_code", T_INT, offsetof(NodeObject, _code), READONLY, NULL},
    {"_index", T_INT, offsetof(NodeObject, _index), READONLY, NULL},
    {NULL},
};

static void remember_root(PyObject *v)
{
    PyObject *weak = NULL;
    last_root = NULL;
    if (!PyObject_GC_IsTracked(v))
        last_root = (NodeObject *)v;
    else if ((weak = PyWeakref_NewRef(v, NULL)) == NULL)
        PyErr_Clear(); /* no memory: then it is forgotten */
    Py_XSETREF(last_weak, weak);
}

static void set_last_root(NodeObject *v) /* `note_root` of the compiled files */
{
    remember_root((PyObject *)v);
    last_thread = PyThread_get_thread_ident();
}

static void track_node(PyObject *v)
{
    if (PyObject_GC_IsTracked(v)) return;
    PyObject_GC_Track(v);
    if ((NodeObject *)v == last_root) remember_root(v);
}

static int node_setattro(PyObject *v, PyObject *name, PyObject *value)
{
    int failed = PyObject_GenericSetAttr(v, name, value);
    if (((NodeObject *)v)->attributes != NULL) track_node(v);
    return failed;
}

static PyObject *node_dict(PyObject *v, void *closure)
{
    track_node(v);
    return PyObject_GenericGetDict(v, closure);
}

static PyGetSetDef node_getset[] = {
    {"__dict__", node_dict, PyObject_GenericSetDict, NULL, NULL},
    {NULL},
};

static PyTypeObject NodeType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "autograd.engine.node.Node",
    .tp_doc = "A number in a graph of operations.",
    .tp_basicsize = sizeof(NodeObject),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = node_new,
    .tp_dealloc = (destructor)node_dealloc,
    .tp_traverse = (traverseproc)node_traverse,
    .tp_clear = (inquiry)node_clear,
    .tp_members = node_members,
    .tp_getset = node_getset,
    .tp_setattro = node_setattro,
    .tp_dictoffset = offsetof(NodeObject, attributes),
    .tp_weaklistoffset = offsetof(NodeObject, weakrefs),
};

static PyObject *opened(PyObject *module, PyObject *kind)
{
    PyTypeObject *type = (PyTypeObject *)kind;
    type->tp_dealloc = NodeType.tp_dealloc;
    type->tp_traverse = NodeType.tp_traverse;
    type->tp_clear = NodeType.tp_clear;
    type->tp_hash = PyBaseObject_Type.tp_hash;
    type->tp_flags &= ~Py_TPFLAGS_IMMUTABLETYPE;
    PyType_Modified(type);
    PyObject *hash = PyObject_GetAttrString((PyObject *)&PyBaseObject_Type, "__hash__");
    if (hash == NULL || PyObject_SetAttrString(kind, "__hash__", hash) < 0) {
        Py_XDECREF(hash);
        return NULL;
    }
    Py_DECREF(hash);
    Py_RETURN_NONE;
}

static PyObject *track(PyObject *module, PyObject *v)
{
    track_node(v);
    Py_RETURN_NONE;
}

static PyObject *get_last_root(PyObject *module, PyObject *unused)
{
    if (last_thread != PyThread_get_thread_ident()) Py_RETURN_NONE;
    if (last_weak != NULL) return PyObject_CallNoArgs(last_weak);
    return Py_NewRef(last_root == NULL ? Py_None : (PyObject *)last_root);
}

/* Whether the code is in a file of one of these folders; -1 after an error */
static int in_folders(PyCodeObject *code, PyObject *folders)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(folders); i++) {
        Py_ssize_t found =
            PyUnicode_Tailmatch(code->co_filename, PyTuple_GET_ITEM(folders, i), 0, PY_SSIZE_T_MAX, -1);
        if (found != 0) return (int)found;
    }
    return 0;
}

static PyObject *note_place(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    static PyCodeObject *known = NULL; /* the code that was found last, so outside of the folders */
    if (n != 2 || !PyObject_TypeCheck(args[0], &NodeType) || !PyTuple_Check(args[1])) {
        PyErr_SetString(PyExc_TypeError, "note_place() wants a node and a tuple");
        return NULL;
    }
    PyFrameObject *frame = (PyFrameObject *)Py_XNewRef((PyObject *)PyEval_GetFrame());
    while (frame != NULL) {
        PyCodeObject *code = PyFrame_GetCode(frame);
        int inside = code == known ? 0 : in_folders(code, args[1]);
        if (inside <= 0) {
            if (inside == 0) {
                NodeObject *v = (NodeObject *)args[0];
                Py_XSETREF(known, (PyCodeObject *)Py_NewRef((PyObject *)code));
                Py_SETREF(v->_home, (PyObject *)code);
                v->_index = PyFrame_GetLasti(frame);
            }
            else Py_DECREF(code);
            Py_DECREF(frame);
            if (inside < 0) return NULL;
            Py_RETURN_NONE;
        }
        Py_DECREF(code);
        Py_SETREF(frame, PyFrame_GetBack(frame));
    }
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"last_root", get_last_root, METH_NOARGS,
     "The node that the last backward pass began at; None if it is gone, or was another thread's."},
    {"opened", opened, METH_O, "Let methods be added to a class that is compiled, as to any other."},
    {"note_place", (PyCFunction)(void (*)(void))note_place, METH_FASTCALL,
     "Note in an operation where the program made it: its innermost code outside of some folders."},
    {"track_cycle", track, METH_O, "Tell the cycle collector of a node that may become part of a cycle."},
    {NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "autograd.engine.node",
    .m_size = -1,
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit_node(void)
{
    if (PyType_Ready(&NodeType) < 0) return NULL;
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL || PyModule_AddObjectRef(module, "Node", (PyObject *)&NodeType) < 0) return NULL;
    if (PyModule_AddObjectRef(module, "COMPILED", Py_True) < 0) return NULL;
    PyObject *capsule = PyCapsule_New((void *)set_last_root, NOTE_ROOT, NULL);
    if (capsule == NULL || PyModule_AddObjectRef(module, NOTE_ROOT, capsule) < 0) return NULL;
    Py_DECREF(capsule);
    return module;
}
