import numpy as np
from autograd import Tensor, losses
from autograd.optim import Adam
rng = np.random.default_rng(1)
n, d = 6, 8
E = Tensor(rng.normal(size=(5, d)) * .4, requires_grad=True); P = Tensor(rng.normal(size=(n, d)) * .4, requires_grad=True)
Q, K, V = (Tensor(rng.normal(size=(d, d)) / d ** .5, requires_grad=True) for _ in range(3))
O = Tensor(rng.normal(size=(d, 5)) * .3, requires_grad=True)
opt = Adam([E, P, Q, K, V, O], lr=0.02)
for step in range(100):
    s = rng.integers(0, 5, (16, n))
    x = E[s] + P
    att = (x @ Q) @ np.swapaxes(x @ K, 1, 2) / d ** .5
    att = np.exp(att - att.data.max(axis=-1, keepdims=True))
    att = att / att.sum(axis=-1, keepdims=True)
    out = (x + att @ (x @ V))[:, -1] @ O
    loss = losses.cross_entropy(out, s[:, 0])
    opt.zero_grad(); loss.backward(); opt.step()
    if step % 25 == 0: print(step, loss.item())
