"""One head of attention picks out the marked place; the mask is minus a large number, the softmax safe."""
import numpy as np
from autograd import Tensor, losses
from autograd.optim import Adam

rng = np.random.default_rng(50)
n, T, d = 64, 5, 6
tokens = rng.integers(0, 4, (n, T))
length = rng.integers(3, T + 1, n)
mark = np.array([rng.integers(0, L) for L in length])
feat = np.zeros((n, T, 6))
feat[np.arange(n)[:, None], np.arange(T), tokens] = 1
feat[np.arange(n), mark, 4] = 1
pad = np.where(np.arange(T)[None] < length[:, None], 0.0, -1e9)
answer = tokens[np.arange(n), mark]
q = Tensor(rng.normal(0, 0.5, (1, d)), requires_grad=True)
K = Tensor(rng.normal(0, 0.5, (6, d)), requires_grad=True)
Vv = Tensor(rng.normal(0, 0.5, (6, d)), requires_grad=True)
O = Tensor(rng.normal(0, 0.5, (d, 4)), requires_grad=True)
opt = Adam([q, K, Vv, O], lr=0.05)
for it in range(120):
    scores = ((feat @ K) * q).sum(axis=2) / d**0.5 + pad
    e = np.exp(scores - scores.numpy().max(axis=1, keepdims=True))
    a = e / e.sum(axis=1, keepdims=True)
    out = (a[:, :, None] * (feat @ Vv)).sum(axis=1) @ O
    loss = losses.cross_entropy(out, answer)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 30 == 0:
        print(it, loss.item())
print(loss.item())
