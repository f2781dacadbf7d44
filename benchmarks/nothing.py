"""A floor: Values and nets whose methods do nothing, for the time that a script's own lines take."""


class Value:
    __slots__ = ("data", "grad")

    def __init__(self, data):
        self.data = self.grad = 0.0

    def _same(self, other=None):
        return self

    __add__ = __radd__ = __sub__ = __mul__ = __rmul__ = __truediv__ = __pow__ = __neg__ = _same
    exp = log = tanh = relu = zero_grad = backward = _same


class Net:
    def __init__(self, n_in, sizes, activation="tanh", output_activation="linear"):
        outputs = [Value(0) for _ in range(sizes[-1])]
        self._outputs = outputs[0] if len(outputs) == 1 else outputs
        self._params = [
            Value(0) for n, m in zip([n_in, *sizes], sizes, strict=False) for _ in range(m * (n + 1))
        ]

    def __call__(self, x):
        return self._outputs

    def params(self):
        return self._params

    def zero_grad(self):
        pass

    def step(self, lr):
        pass
