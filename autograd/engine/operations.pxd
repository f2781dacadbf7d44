cimport libc.math as math

from autograd.engine.node cimport Node

ctypedef int (*Row)(Node, double, double) except -1

cdef double E, INF, NAN, SQRT_2_PI
cdef int LEAF, PARAMETER, OUTPUT, USER_OPERATION
cdef int ADD, SUB, MUL, DIV, POW, NEG, POS, ABS
cdef int EXP, LOG, SQRT, SIN, COS, TANH, SIGMOID, RELU, LEAKY_RELU, SOFTPLUS, GELU
cdef Row[23] FORMULAS, PLAIN_FORMULAS

cdef double raised(double x, double k) noexcept
cdef double logistic(double x) noexcept
cdef double base_slope(double x, double k, double y) noexcept
cdef int add(Node out, double x, double y) except -1
cdef int sub(Node out, double x, double y) except -1
cdef int mul(Node out, double x, double y) except -1
cdef int div(Node out, double x, double y) except -1
cdef int power(Node out, double x, double k) except -1
cdef int neg(Node out, double x, double y) except -1
cdef int pos(Node out, double x, double y) except -1
cdef int absolute(Node out, double x, double y) except -1
cdef int exp(Node out, double x, double y) except -1
cdef int log(Node out, double x, double y) except -1
cdef int sqrt(Node out, double x, double y) except -1
cdef int sin(Node out, double x, double y) except -1
cdef int cos(Node out, double x, double y) except -1
cdef int tanh(Node out, double x, double y) except -1
cdef int sigmoid(Node out, double x, double y) except -1
cdef int relu(Node out, double x, double y) except -1
cdef int leaky_relu(Node out, double x, double y) except -1
cdef int softplus(Node out, double x, double y) except -1
cdef int gelu(Node out, double x, double y) except -1
cdef int observed_formula(Node out, double x, double y) except -1
cdef bint has_finite_result(Node out) noexcept


cdef class Observation:
    cdef object callback
    cdef bint every


cdef Observation OBSERVATION
