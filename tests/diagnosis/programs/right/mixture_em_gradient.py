"""A Gaussian mixture by gradient descent on the log-likelihood, log-sum-exp by hand."""
import numpy as np
from autograd import Tensor
from autograd.optim import Adam

rng = np.random.default_rng(8)
data = np.concatenate([rng.normal(-2, 0.5, 80), rng.normal(0.5, 0.3, 60), rng.normal(3, 0.8, 60)])
mu = Tensor(np.array([-1.0, 0.0, 1.0]), requires_grad=True)
log_s = Tensor(np.zeros(3), requires_grad=True)
logit = Tensor(np.zeros(3), requires_grad=True)


def nll():
    z = (data[:, None] - mu) / np.exp(log_s)
    comp = -0.5 * z * z - log_s - 0.5 * np.log(2 * np.pi)
    top = logit.data.max()
    log_pi = logit - (top + np.log(np.exp(logit - top).sum()))
    joint = comp + log_pi
    peak = joint.numpy().max(axis=1, keepdims=True)
    return -(np.log(np.exp(joint - peak).sum(axis=1)) + peak[:, 0]).mean()


opt = Adam([mu, log_s, logit], lr=0.05)
best = np.inf
for i in range(200):
    loss = nll()
    opt.zero_grad()
    loss.backward()
    opt.step()
    best = min(best, loss.item())
    if i % 40 == 0:
        print(i, loss.item())
print(np.sort(mu.data), loss.item())
