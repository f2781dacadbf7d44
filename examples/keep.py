"""Keep a net together with the scaling of its inputs, in both kinds of file, and take it up again."""

import random

import numpy as np

from autograd.nn import Net


def scaled(X, scale):
    return (X - np.array(scale["mean"])) / scale["deviation"]


random.seed(1)
celsius = np.linspace(-40, 60, 50)[:, None]
fahrenheit = 1.8 * celsius + 32
scale = {"mean": celsius.mean(axis=0).tolist(), "deviation": celsius.std(axis=0).tolist()}
net = Net(1, [1], "linear")
net.fit(scaled(celsius, scale), fahrenheit, optimizer="lbfgs", epochs=5, seed=1)

for path in ("degrees.npz", "degrees.safetensors"):  # the second needs the extra safetensors
    net.save(path, preprocessing=scale)
    again = Net.load(path)
    answers = again.predict(scaled([[0.0], [37.0]], again.preprocessing))
    print(f"{path}: 0 and 37 °C are {answers[0, 0]:.1f} and {answers[1, 0]:.1f} °F")
