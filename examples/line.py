"""A line through points: two Values, a loss of Values and an optimiser, no net at all."""

import numpy as np

from autograd import losses
from autograd.engine import Value
from autograd.optim import Adam

x = [0.0, 1.0, 2.0, 3.0, 4.0]
y = [1.1, 2.9, 5.2, 6.8, 9.1]
slope, height = Value(0.0), Value(0.0)
optimizer = Adam([slope, height], lr=0.1)
for _ in range(500):
    loss = losses.mse([slope * xi + height for xi in x], y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(f"by descent       {slope:.4f} x + {height:.4f}")
print("in closed form   {:.4f} x + {:.4f}".format(*np.polyfit(x, y, 1)))
