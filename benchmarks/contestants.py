"""The contestants of compare.py, each trained by its own means, each in a process of its own.

$ python contestants.py NAME

It reads a line of JSON for each thing to do, and answers with one. A contestant's class takes a
cell (sizes, rows, activation, dtype, loss) and has ``run(steps)``, which makes so many updates on the
same batch and returns the loss before the last of them. All start from the same weights.
"""

import importlib
import itertools
import json
import math
import os
import statistics
import sys
import time

import numpy as np

LR = 0.01
BETA1, BETA2, EPS = 0.9, 0.999, 1e-8
EPOCH_ROWS, EPOCH_BATCH = 60_000, 128
FIT_ROWS, FIT_EPOCHS = 3200, 100  # as many epochs as fit makes unless told otherwise


def weights(sizes):
    """W (n_out, n_in) and b (n_out,) of each layer, in float64."""
    rng = np.random.default_rng(1)
    return [
        (rng.uniform(-1, 1, (n, m)) / math.sqrt(m), rng.uniform(-0.1, 0.1, n))
        for m, n in itertools.pairwise(sizes)
    ]


def table(sizes, rows, loss):
    """Inputs, and targets or labels."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(rows, sizes[0]))
    if loss == "mse":
        return X, rng.normal(size=(rows, sizes[-1]))
    return X, rng.integers(0, sizes[-1], rows)


class Cell:
    """What is to be trained: weights, data and names."""

    def __init__(self, sizes, rows, activation, dtype, loss):
        self.sizes, self.rows, self.activation, self.loss = sizes, rows, activation, loss
        self.dtype = np.dtype(dtype)
        self.layers = [(W.astype(dtype), b.astype(dtype)) for W, b in weights(sizes)]
        X, y = table(sizes, rows, loss)
        self.X = X.astype(dtype)
        self.y = y.astype(dtype) if loss == "mse" else y


# This library -----------------------------------------------------------------------------------


class Recorded:
    """`record`, and an optimiser."""

    module = "autograd"

    def __init__(self, cell):
        from autograd import Tensor, losses, optim
        from autograd.nn import Net

        self.net = Net(cell.sizes[0], cell.sizes[1:], cell.activation, "linear", dtype=cell.dtype)
        state = {}
        for k, (W, b) in enumerate(cell.layers):
            state[f"layers.{k}.weight"], state[f"layers.{k}.bias"] = W, b
        self.net.load_state_dict(state)
        self.optimizer = (optim.SGD if cell.loss == "mse" else optim.Adam)(self.net, lr=LR)
        self.loss = losses.LOSSES[cell.loss]
        self.X, self.y = Tensor(cell.X), Tensor(cell.y)
        self.prepare(cell)

    def learn(self, X, y):
        loss = self.loss(self.net(X), y)
        self.net.zero_grad()
        loss.backward()
        return loss

    def prepare(self, cell):
        from autograd import record

        self.program = record(self.learn, cell.X, cell.y)

    def run(self, steps):
        replay, update = self.program.run, self.optimizer.step
        with np.errstate(all="ignore"):
            for _ in range(steps):
                replay()
                update()
        return float(self.program.outputs)


class Fit(Recorded):
    """`fit`, an epoch of one batch for each step."""

    def prepare(self, cell):
        self.cell = cell

    def run(self, steps):
        cell, options = self.cell, {"loss": self.cell.loss, "optimizer": self.optimizer}
        return self.net.fit(cell.X, cell.y, epochs=steps, batch_size=cell.rows, **options).loss[-1]

    def epoch(self, X, y, seed):
        """The mean loss of one epoch in batches."""
        history = self.net.fit(
            X, y, loss="cross_entropy", optimizer=self.optimizer, epochs=1, batch_size=EPOCH_BATCH, seed=seed
        )
        return history.loss[0]


class Tensors(Recorded):
    """The same by hand with Tensors, nothing recorded."""

    def prepare(self, cell):
        pass

    def run(self, steps):
        for _ in range(steps):
            loss = self.learn(self.X, self.y)
            self.optimizer.step()
        return loss.item()


# The floor --------------------------------------------------------------------------------------


class Floor:
    """Forward, backward and update by hand in NumPy, every array allocated beforehand."""

    module = "numpy"

    def __init__(self, cell):
        self.cell = cell
        self.X, self.y = cell.X.copy(), cell.y.copy()
        self.weights = [np.ascontiguousarray(W.T) for W, _ in cell.layers]
        self.biases = [b.copy() for _, b in cell.layers]
        widths = cell.sizes[1:]

        def like(n):
            return np.empty((cell.rows, n), cell.dtype)

        self.z = [like(n) for n in widths]
        self.a = [like(n) for n in widths[:-1]]
        self.d = [like(n) for n in widths]
        self.slope = [like(n) for n in widths[:-1]]
        self.mask = [np.empty((cell.rows, n), bool) for n in widths[:-1]]
        self.column = np.empty((cell.rows, 1), cell.dtype)
        self.index = np.arange(cell.rows)
        self.grads = [np.empty_like(W) for W in self.weights], [np.empty_like(b) for b in self.biases]
        self.t = 0
        if cell.loss != "mse":
            parameters = self.weights + self.biases
            self.memory = [[np.zeros_like(p), np.zeros_like(p), np.empty_like(p)] for p in parameters]

    def activate(self, z, a):
        if self.cell.activation == "relu":
            np.maximum(z, 0, out=a)
        elif self.cell.activation == "tanh":
            np.tanh(z, out=a)
        else:
            np.negative(z, out=a)
            np.exp(a, out=a)
            np.add(a, 1, out=a)
            np.reciprocal(a, out=a)

    def deactivate(self, k):
        """Turn the gradient of the activations of layer k into that of their arguments."""
        d, a, s = self.d[k], self.a[k], self.slope[k]
        if self.cell.activation == "relu":
            np.greater(a, 0, out=self.mask[k])
            np.multiply(d, self.mask[k], out=d)
            return
        if self.cell.activation == "tanh":
            np.multiply(a, a, out=s)
            np.subtract(1, s, out=s)
        else:
            np.subtract(1, a, out=s)
            np.multiply(s, a, out=s)
        np.multiply(d, s, out=d)

    def step(self):
        h, last = self.X, len(self.weights) - 1
        for k, (W, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            z = self.z[k]
            np.matmul(h, W, out=z)
            np.add(z, b, out=z)
            if k < last:
                self.activate(z, self.a[k])
                h = self.a[k]
        d = self.d[last]
        if self.cell.loss == "mse":
            np.subtract(z, self.y, out=d)
            flat = d.ravel()
            loss = np.dot(flat, flat) / d.size
            np.multiply(d, 2 / d.size, out=d)
        else:
            np.max(z, axis=1, keepdims=True, out=self.column)
            np.subtract(z, self.column, out=z)
            np.exp(z, out=d)
            np.sum(d, axis=1, keepdims=True, out=self.column)
            loss = (np.log(self.column).sum() - z[self.index, self.y].sum()) / len(z)
            np.divide(d, self.column, out=d)
            d[self.index, self.y] -= 1
            np.multiply(d, 1 / len(z), out=d)
        for k in range(last, -1, -1):
            h = self.a[k - 1] if k else self.X
            np.matmul(h.T, self.d[k], out=self.grads[0][k])
            np.sum(self.d[k], axis=0, out=self.grads[1][k])
            if k:
                np.matmul(self.d[k], self.weights[k].T, out=self.d[k - 1])
                self.deactivate(k - 1)
        self.update()
        return loss

    def update(self):
        parameters, grads = self.weights + self.biases, self.grads[0] + self.grads[1]
        if self.cell.loss == "mse":
            for p, g in zip(parameters, grads, strict=True):
                np.multiply(g, LR, out=g)
                np.subtract(p, g, out=p)
            return
        self.t += 1
        rate = LR / (1 - BETA1**self.t)
        root = math.sqrt(1 - BETA2**self.t)
        for p, g, (mean, square, s) in zip(parameters, grads, self.memory, strict=True):
            np.multiply(mean, BETA1, out=mean)
            np.multiply(g, 1 - BETA1, out=s)
            np.add(mean, s, out=mean)
            np.multiply(square, BETA2, out=square)
            np.multiply(g, g, out=g)
            np.multiply(g, 1 - BETA2, out=g)
            np.add(square, g, out=square)
            np.sqrt(square, out=s)
            np.divide(s, root, out=s)
            np.add(s, EPS, out=s)
            np.divide(mean, s, out=s)
            np.multiply(s, rate, out=s)
            np.subtract(p, s, out=p)

    def run(self, steps):
        for _ in range(steps):
            loss = self.step()
        return float(loss)

    def epoch(self, X, y, seed):
        order = np.random.default_rng(seed).permutation(len(X))
        total = 0.0
        for first in range(0, len(X) - len(X) % EPOCH_BATCH, EPOCH_BATCH):
            batch = order[first : first + EPOCH_BATCH]
            np.take(X, batch, axis=0, out=self.X, mode="clip")
            np.take(y, batch, axis=0, out=self.y, mode="clip")
            total += self.step()
        return float(total / (len(X) // EPOCH_BATCH))


# The peers --------------------------------------------------------------------------------------


class Torch:
    """PyTorch, eager."""

    module = "torch"

    def __init__(self, cell):
        import torch

        dtype = getattr(torch, cell.dtype.name)
        act = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid}[cell.activation]
        parts = []
        for W, b in cell.layers:
            linear = torch.nn.Linear(W.shape[1], W.shape[0], dtype=dtype)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(W))
                linear.bias.copy_(torch.from_numpy(b))
            parts += [linear, act()]
        self.net = torch.nn.Sequential(*parts[:-1])
        mse = cell.loss == "mse"
        self.loss = torch.nn.MSELoss() if mse else torch.nn.CrossEntropyLoss()
        self.optimizer = (torch.optim.SGD if mse else torch.optim.Adam)(self.net.parameters(), lr=LR)
        self.X, self.y = torch.from_numpy(cell.X), torch.from_numpy(cell.y)

    def step(self, X, y):
        self.optimizer.zero_grad()
        loss = self.loss(self.net(X), y)
        loss.backward()
        self.optimizer.step()
        return loss

    def run(self, steps):
        for _ in range(steps):
            loss = self.step(self.X, self.y)
        return loss.item()

    def epoch(self, X, y, seed):
        import torch

        if not hasattr(self, "data"):
            self.data = torch.from_numpy(X), torch.from_numpy(y)
        X, y = self.data
        order = torch.from_numpy(np.random.default_rng(seed).permutation(len(X)))
        total = 0.0
        for batch in order.split(EPOCH_BATCH):
            total += self.step(X[batch], y[batch]).item() * len(batch)
        return total / len(X)


class TorchCompiled(Torch):
    """PyTorch with the net and the loss under torch.compile."""

    def __init__(self, cell):
        import torch

        super().__init__(cell)
        net, loss = self.net, self.loss
        self.compiled = torch.compile(lambda X, y: loss(net(X), y))

    def step(self, X, y):
        self.optimizer.zero_grad()
        loss = self.compiled(X, y)
        loss.backward()
        self.optimizer.step()
        return loss

    epoch = None


class Jax:
    """JAX, a step in one jit, its buffers donated."""

    module = "jax"

    def __init__(self, cell):
        import jax

        jax.config.update("jax_enable_x64", cell.dtype == np.float64)
        import jax.numpy as jnp

        act = {"relu": jax.nn.relu, "tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid}[cell.activation]
        mse = cell.loss == "mse"

        def loss_of(layers, X, y):
            h = X
            for k, (W, b) in enumerate(layers):
                h = h @ W.T + b
                if k < len(layers) - 1:
                    h = act(h)
            if mse:
                return jnp.mean((h - y) ** 2)
            return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(h), y[:, None], axis=1))

        def step(state, X, y):
            layers, means, squares, t = state
            loss, grads = jax.value_and_grad(loss_of)(layers, X, y)
            tree = jax.tree_util.tree_map
            if mse:
                return (tree(lambda p, g: p - LR * g, layers, grads), means, squares, t), loss
            t = t + 1
            means = tree(lambda m, g: BETA1 * m + (1 - BETA1) * g, means, grads)
            squares = tree(lambda s, g: BETA2 * s + (1 - BETA2) * g * g, squares, grads)
            rate, root = LR / (1 - BETA1**t), jnp.sqrt(1 - BETA2**t)
            moved = tree(lambda p, m, s: p - rate * m / (jnp.sqrt(s) / root + EPS), layers, means, squares)
            return (moved, means, squares, t), loss

        def gathered(state, X, y, batch):
            return step(state, X[batch], y[batch])

        layers = [(jnp.asarray(W), jnp.asarray(b)) for W, b in cell.layers]

        def zeros():
            return [] if mse else [(jnp.zeros_like(W), jnp.zeros_like(b)) for W, b in layers]

        self.state = layers, zeros(), zeros(), jnp.zeros((), cell.dtype)
        self.X, self.y = jnp.asarray(cell.X), jnp.asarray(cell.y)
        self.raw = step
        self.step = jax.jit(step, donate_argnums=0)
        self.gathered = jax.jit(gathered, donate_argnums=0)

    def run(self, steps):
        for _ in range(steps):
            self.state, loss = self.step(self.state, self.X, self.y)
            loss.block_until_ready()
        return float(loss)

    def epoch(self, X, y, seed):
        import jax.numpy as jnp

        if not hasattr(self, "data"):
            self.data = jnp.asarray(X), jnp.asarray(y)
        order = np.random.default_rng(seed).permutation(len(X))
        total = 0.0
        for first in range(0, len(X), EPOCH_BATCH):
            batch = order[first : first + EPOCH_BATCH]
            self.state, loss = self.gathered(self.state, *self.data, batch)
            total += float(loss) * len(batch)
        return total / len(X)


class JaxScan(Jax):
    """JAX with the whole loop inside one jit: the limit of compiled code."""

    least = 1000  # steps in one call

    def __init__(self, cell):
        import jax

        super().__init__(cell)
        X, y, step = self.X, self.y, self.raw

        def many(state):
            return jax.lax.scan(lambda s, _: step(s, X, y), state, None, length=self.least)

        self.many = jax.jit(many, donate_argnums=0)

    def run(self, steps):
        if steps % self.least:
            return super().run(steps)
        for _ in range(steps // self.least):
            self.state, losses = self.many(self.state)
        return float(losses[-1])

    epoch = None


class Sklearn:
    """scikit-learn's MLPRegressor, by partial_fit on the whole batch."""

    module = "sklearn"

    def __init__(self, cell):
        from sklearn.neural_network import MLPRegressor

        if cell.loss != "mse":
            raise NotImplementedError("a regressor")
        outputs = cell.sizes[-1]
        self.net = MLPRegressor(
            hidden_layer_sizes=cell.sizes[1:-1],
            activation={"sigmoid": "logistic"}.get(cell.activation, cell.activation),
            solver="sgd",
            alpha=0.0,
            batch_size=cell.rows,
            learning_rate_init=LR * 2 / outputs,  # its loss is half the square, summed over the outputs
            momentum=0.0,
            nesterovs_momentum=False,
            random_state=0,
        )
        self.X, self.y = cell.X, cell.y if outputs > 1 else cell.y.ravel()
        self.net.partial_fit(self.X, self.y)
        for own, (W, _) in zip(self.net.coefs_, cell.layers, strict=True):
            own[...] = W.T
        for own, (_, b) in zip(self.net.intercepts_, cell.layers, strict=True):
            own[...] = b

    def run(self, steps):
        for _ in range(steps):
            self.net.partial_fit(self.X, self.y)
        return 2 * float(self.net.loss_)  # its loss is half the mean of squares


class MyGrad:
    """MyGrad, with SGD by hand."""

    module = "mygrad"

    def __init__(self, cell):
        import mygrad
        from mygrad.nnet.activations import relu, sigmoid, tanh

        if cell.loss != "mse":
            raise NotImplementedError("SGD only")
        self.layers = [(mygrad.tensor(W.T.copy()), mygrad.tensor(b.copy())) for W, b in cell.layers]
        self.activation = {"relu": relu, "tanh": tanh, "sigmoid": sigmoid}[cell.activation]
        self.X, self.y = cell.X, cell.y

    def run(self, steps):
        import mygrad

        for _ in range(steps):
            h = self.X
            for k, (W, b) in enumerate(self.layers):
                h = mygrad.matmul(h, W) + b
                if k < len(self.layers) - 1:
                    h = self.activation(h)
            loss = mygrad.mean((h - self.y) ** 2)
            loss.backward()
            for pair in self.layers:
                for p in pair:
                    p.data -= LR * p.grad
        return loss.item()


CONTESTANTS = {
    "autograd": Fit,
    "autograd, recorded step": Recorded,
    "autograd, Tensors by hand": Tensors,
    "NumPy by hand": Floor,
    "PyTorch": Torch,
    "PyTorch, torch.compile": TorchCompiled,
    "JAX jit": Jax,
    "JAX lax.scan": JaxScan,
    "scikit-learn": Sklearn,
    "MyGrad": MyGrad,
}


# The process ------------------------------------------------------------------------------------


class Worker:
    """One contestant, and what is asked of it."""

    def __init__(self, name):
        self.kind = CONTESTANTS[name]

    def version(self):
        return importlib.import_module(self.kind.module).__version__

    def prepare(self, sizes, rows, activation, dtype, loss):
        """The losses of the first three steps, which tell whether the contestant does the same."""
        self.contestant = self.kind(Cell(sizes, rows, activation, dtype, loss))
        losses = [self.contestant.run(1) for _ in range(3)]
        self.contestant.run(3)
        self.steps = self.least = getattr(self.kind, "least", 1)
        self.contestant.run(self.steps)
        return losses

    def time(self, seconds):
        """Seconds for a step, over as many as take about so long, after half as many to warm up."""
        while True:
            self.contestant.run(self.least * max(1, self.steps // self.least // 2))
            start = time.perf_counter()
            self.contestant.run(self.steps)
            taken = time.perf_counter() - start
            if taken >= seconds / 2:
                each = taken / self.steps
                self.steps = self.least * max(1, round(seconds / each / self.least))
                return each
            more = max(2.0, min(100.0, seconds / taken))
            self.steps = self.least * round(self.steps * more / self.least)

    def prepare_epoch(self):
        """None, or that this contestant has no loop of its own over data."""
        if getattr(self.kind, "epoch", None) is None:
            raise NotImplementedError("no epoch")
        sizes = [784, 256, 128, 10]
        self.contestant = self.kind(Cell(sizes, EPOCH_BATCH, "relu", "float32", "cross_entropy"))
        X, y = table(sizes, EPOCH_ROWS, "cross_entropy")
        self.data = X.astype(np.float32), y

    def overhead(self, rounds, *cell):
        """How many times as long as a recorded step `fit` takes for one, in batches, with shuffling."""
        cell = Cell(*cell)
        ours, (X, y) = Recorded(cell), table(cell.sizes, FIT_ROWS, cell.loss)
        X, y = X.astype(cell.dtype), y.astype(cell.y.dtype)
        steps, options = FIT_EPOCHS * FIT_ROWS // cell.rows, {"loss": cell.loss, "optimizer": ours.optimizer}
        times = {"fit": [], "bare": []}
        for _ in range(rounds + 1):
            start = time.perf_counter()
            ours.net.fit(X, y, epochs=FIT_EPOCHS, batch_size=cell.rows, seed=1, **options)
            middle = time.perf_counter()
            ours.run(steps)
            times["fit"].append(middle - start)
            times["bare"].append(time.perf_counter() - middle)
        return statistics.median(times["fit"][1:]) / statistics.median(times["bare"][1:])

    def epoch(self, seed):
        """Seconds for an epoch, and its mean loss."""
        start = time.perf_counter()
        loss = self.contestant.epoch(*self.data, seed)
        return time.perf_counter() - start, loss


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a contestant prints is no answer
    worker = Worker(sys.argv[1])
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        try:
            answer = {"value": getattr(worker, name)(*arguments)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
