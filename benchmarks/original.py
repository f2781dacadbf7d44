"""The yardstick: a scalar engine in the style of the original library and of micrograd.

Closures on the nodes, parents in a set, a recursive sort. Formulas are right here even where the
original's are not, so that all contestants can be checked against each other.
"""

import math
import random


class Value:
    def __init__(self, data, parents=()):
        self.data = float(data)
        self.grad = 0.0
        self._parents = set(parents)
        self._backward = lambda: None

    def _operand(self, other):
        return other if isinstance(other, Value) else Value(other)

    def __add__(self, other):
        other = self._operand(other)
        out = Value(self.data + other.data, (self, other))

        def _backward():
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    def __mul__(self, other):
        other = self._operand(other)
        out = Value(self.data * other.data, (self, other))

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    def __pow__(self, k):
        out = Value(self.data**k, (self,))

        def _backward():
            self.grad += k * self.data ** (k - 1) * out.grad

        out._backward = _backward
        return out

    def exp(self):
        out = Value(math.e**self.data, (self,))

        def _backward():
            self.grad += out.data * out.grad

        out._backward = _backward
        return out

    def log(self):
        out = Value(math.log(self.data), (self,))

        def _backward():
            self.grad += out.grad / self.data

        out._backward = _backward
        return out

    def tanh(self):
        out = Value(math.tanh(self.data), (self,))

        def _backward():
            self.grad += (1 - out.data**2) * out.grad

        out._backward = _backward
        return out

    def relu(self):
        out = Value(max(0.0, self.data), (self,))

        def _backward():
            self.grad += (out.data > 0) * out.grad

        out._backward = _backward
        return out

    def __neg__(self):
        return self * -1

    def __truediv__(self, other):
        return self * other**-1

    def __sub__(self, other):
        return self + (-self._operand(other))

    __radd__ = __add__
    __rmul__ = __mul__

    def zero_grad(self):
        self.grad = 0.0

    def backward(self):
        order = []
        seen = set()

        def visit(v):
            if v not in seen:
                seen.add(v)
                for parent in v._parents:
                    visit(parent)
                order.append(v)

        visit(self)
        self.grad = 1.0
        for v in reversed(order):
            v._backward()


class Neuron:
    def __init__(self, n, activation):
        self.w = [Value(random.uniform(-1, 1)) for _ in range(n)]
        self.b = Value(0)
        self.activation = activation

    def __call__(self, x):
        signal = self.b + sum(self.w[i] * x[i] for i in range(len(x)))
        return signal if self.activation == "linear" else getattr(signal, self.activation)()


class Net:
    def __init__(self, n_in, sizes, activation="tanh", output_activation="linear"):
        self.layers = []
        for k, n_out in enumerate(sizes):
            kind = activation if k < len(sizes) - 1 else output_activation
            self.layers.append([Neuron(n_in, kind) for _ in range(n_out)])
            n_in = n_out

    def __call__(self, x):
        for layer in self.layers:
            x = [neuron(x) for neuron in layer]
        return x[0] if len(x) == 1 else x

    def params(self):
        return [p for layer in self.layers for neuron in layer for p in [*neuron.w, neuron.b]]

    def zero_grad(self):
        for p in self.params():
            p.grad = 0.0

    def step(self, lr):
        for p in self.params():
            p.data -= lr * p.grad
