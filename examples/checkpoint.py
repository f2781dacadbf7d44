"""A training that may be ended at any moment, by Ctrl-C, a kill or a power cut; run again, it goes on."""

import random
from pathlib import Path

import numpy as np

from autograd.nn import Net

random.seed(1)  # the first weights have to be the same, if it is ended before the first checkpoint
X = np.arange(50)[:, None] / 10
net = Net(1, [20, 20, 1], activation="tanh", output_activation="linear")
scale = {"subtract": 2.5, "divide by": 2.5}
inputs = (X - scale["subtract"]) / scale["divide by"]

checkpoint = Path("sine.checkpoint.npz")  # in the folder that it is run from
print("going on" if checkpoint.exists() else "beginning")
history = net.fit(
    inputs, np.sin(X), lr=0.01, epochs=400, seed=1, progress=True, checkpoint=checkpoint, every=20
)
if history.interrupted:
    print(f"ended after {len(history.loss)} epochs; run it again")
else:
    net.save("sine.npz", preprocessing=scale)
    error = np.mean((net.predict(inputs) - np.sin(X)) ** 2)
    print(f"saved sine.npz  mean squared error {error:.4f}")
    checkpoint.unlink()
