"""Draw the graph of a neuron, micrograd's picture, and that of a net's loss."""

import random

from autograd import draw
from autograd.engine import Value
from autograd.errors import MissingExtraError
from autograd.nn import Net

x1, x2, w1, w2, b = Value(2), Value(0), Value(-3), Value(1), Value(6.88)
out = (x1 * w1 + x2 * w2 + b).tanh()
out.backward()

random.seed(1)
net = Net(2, [3, 1], activation="tanh")
loss = sum((net(x) - y) ** 2 for x, y in [([0.5, -1], 1), ([1, 2], -1)])
loss.backward()

pictures = {
    "neuron": draw(out, {"x1": x1, "x2": x2, "w1": w1, "w2": w2, "b": b, "out": out}),
    "loss": draw(loss, {"loss": loss}),
    "inside": draw(loss, {"loss": loss}, open=True),
}
for name, picture in pictures.items():
    try:
        picture.save(f"{name}.svg")
        print(f"wrote {name}.svg")
    except MissingExtraError as error:
        picture.save(f"{name}.dot")
        print(f"wrote {name}.dot: {error}")
