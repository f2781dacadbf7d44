import autograd.numpy as np
from autograd import grad
rng = np.random.default_rng(0)
def task_loss(w, a, x): return np.mean((w[0] * x + w[1] - a * x) ** 2)
def meta(w, tasks, x):
    total = 0.0
    for a in tasks:
        inner = w - 0.1 * grad(task_loss)(w, a, x)
        total = total + task_loss(inner, a, x)
    return total / len(tasks)
w = np.array([3.0, 1.0]); x = np.linspace(-1, 1, 10)
for i in range(60):
    w = w - 0.3 * grad(meta)(w, [0.5, 1.0, 1.5], x)
print(w, meta(w, [0.5, 1.0, 1.5], x))
