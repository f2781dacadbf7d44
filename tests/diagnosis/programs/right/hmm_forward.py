"""A hidden Markov model's likelihood by the forward algorithm, scaled by numbers? No: by log-sum-exp of Tensors."""
import numpy as np
from autograd import Tensor
from autograd.optim import Adam

rng = np.random.default_rng(47)
state, obs = 0, []
for _ in range(80):
    state = state if rng.random() < 0.85 else 1 - state
    obs.append(int(rng.random() < (0.2, 0.9)[state]))
A = Tensor(np.array([[1.0, 0.0], [0.0, 1.0]]), requires_grad=True)
B = Tensor(np.array([[0.5, 0.0], [0.0, 0.5]]), requires_grad=True)


def lse(z, axis):
    m = z.numpy().max(axis=axis, keepdims=True)
    return np.log(np.exp(z - m).sum(axis=axis)) + np.squeeze(m, axis)


def logsoftmax(z):
    return z - lse(z, 1)[:, None]


opt = Adam([A, B], lr=0.05)
for k in range(40):
    la, lb = logsoftmax(A), logsoftmax(B)
    alpha = lb[:, obs[0]] - np.log(2)
    for o in obs[1:]:
        alpha = lse((alpha[:, None] + la).T, 1) + lb[:, o]
    nll = -lse(alpha[None], 1)[0] / len(obs)
    opt.zero_grad()
    nll.backward()
    opt.step()
    if k % 10 == 0:
        print(k, nll.item())
print(nll.item())
