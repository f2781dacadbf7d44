import numpy as np
from autograd import grad
from autograd import value_and_grad
# a Poisson regression with a safe log: where picks the branch, and the other one is finite
rng = np.random.default_rng(0)
x = rng.uniform(-1, 1, 60)
k = rng.poisson(np.exp(0.5 + 0.8 * x))
def nll(p):
    rate = np.exp(p[0] + p[1] * x)
    safe = np.where(k > 0, k, 1)
    return np.mean(rate - np.where(k > 0, k * np.log(rate), 0.0) + np.where(k > 0, k * np.log(safe), 0.0))
p = np.zeros(2)
for i in range(200):
    v, g = value_and_grad(nll)(p)
    p -= 0.3 * g
print(p, v)
