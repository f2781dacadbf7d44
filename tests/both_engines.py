"""The two scalar engines side by side, and small programs that tests run on both of them."""

import functools
import operator
import random
from types import SimpleNamespace

import autograd
import autograd.engine
import autograd.nn
import autograd.scalar.engine
import autograd.scalar.nn

ORACLE = SimpleNamespace(Value=autograd.scalar.engine.Value, nn=autograd.scalar.nn)

FACADE = SimpleNamespace(Value=autograd.engine.Value, nn=autograd.nn)


def near(ours, theirs, scale=1.0):
    """Agreement to 1e-12 of the larger of the number and ``scale``."""
    return abs(ours - theirs) <= 1e-12 * max(abs(theirs), scale)


def as_list(out):
    return list(out) if isinstance(out, list) else [out]


def in_order(numbers, start=0.0):
    """The sum of numbers, added one after the other: Python's ``sum`` of floats may be compensated."""
    return functools.reduce(operator.add, numbers, start)


def in_a_loop(terms):
    total = 0
    for term in terms:
        total += term
    return total


def twins(make):
    """The modules that ``make`` builds with our engine and with the oracle, with the same weights."""
    state = random.getstate()
    theirs = make(ORACLE.nn)
    random.setstate(state)
    return make(FACADE.nn), theirs


def small_net(nn):
    return nn.Net(2, [3, 1], activation="tanh")


def loss_and_penalty(net):
    return (net([0.5, -1.0]) - 0.25) ** 2 + 0.1 * sum(p * p for p in net.params())
