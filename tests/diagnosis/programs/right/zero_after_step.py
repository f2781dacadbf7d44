import random
import numpy as np
from autograd import Tensor, losses
from autograd.nn import MLP
from autograd.optim import RMSprop
random.seed(0)
rng = np.random.default_rng(0)
X = rng.normal(size=(128, 4)); y = np.maximum(X[:, :1], 0) - 0.5 * X[:, 1:2]
model = MLP(4, [16, 1])
opt = RMSprop(model, lr=0.003)
for epoch in range(12):
    order = rng.permutation(len(X)); running = 0.0
    for start in range(0, len(X), 32):
        rows = order[start:start + 32]
        loss = losses.mse(model(Tensor(X[rows])), y[rows])
        loss.backward()
        opt.step()
        opt.zero_grad()          # after the step is as good as before the next one
        running += loss.item() * len(rows)
    print(epoch, running / len(X))
