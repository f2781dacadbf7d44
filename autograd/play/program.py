"""The Python program that does what the playground did."""

from autograd.play.settings import OWN_DATA, Settings

__all__ = ["program"]

PROGRAM = """\
import random

from autograd import losses, no_grad
from autograd.nn import Net
from autograd.optim import {optimizer}
from autograd.play import {source}

points = {points}
train, held_out = points.split()
y, y_held_out = train.targets({least}), held_out.targets({least})

random.seed({seed})
net = Net(2, {sizes}, "{activation}", "linear", init="{init}")
optimizer = {optimizer}(net, lr={lr!r})

for update in range({updates}):
    loss = losses.{loss}(net(train.X), y){penalty}
    net.zero_grad()
    loss.backward()
    optimizer.step()

with no_grad():
    loss = losses.{loss}(net(train.X), y).item()
    loss_held_out = losses.{loss}(net(held_out.X), y_held_out).item()
right = (net.predict(held_out.X)[:, 0] > 0) == (held_out.labels == 1)
print(f"loss {{loss:.6f}}, of the points held out {{loss_held_out:.6f}}")
print(f"accuracy on the points held out {{right.mean():.3f}}")
"""


def program(settings: Settings, updates: int, file: str = "points.csv") -> str:
    """A program that trains the same net on the same data to the same losses.

    Args:
        settings: what was chosen.
        updates: how many updates to make.
        file: the name of the table, if the data come from one.

    Returns:
        The text of the program, which needs this library only.

    >>> text = program(Settings(data="xor", hidden=(4,), lr=0.1), updates=200)
    >>> print(text[text.index("net = "):text.index("for")])
    net = Net(2, [4, 1], "tanh", "linear", init="xavier")
    optimizer = Adam(net, lr=0.1)
    <BLANKLINE>
    <BLANKLINE>
    """
    own = settings.data == OWN_DATA
    return PROGRAM.format(
        optimizer=settings.optimizer_class,
        source="read_points" if own else settings.data,
        points=f"read_points({file!r}, seed={settings.seed})" if own else f"{settings.data}({settings.seed})",
        least=settings.least,
        seed=settings.seed,
        sizes=[*settings.hidden, 1],
        activation=settings.activation,
        init=settings.init,
        lr=settings.lr,
        updates=updates,
        loss=settings.loss,
        penalty=f" + net.penalty({settings.penalty!r})" if settings.penalty else "",
    )
