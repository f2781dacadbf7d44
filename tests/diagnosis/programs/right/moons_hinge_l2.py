import math, random
from autograd.nn import MLP
random.seed(7)
X, y = [], []
for i in range(60):
    t = math.pi * random.random()
    X.append([math.cos(t), math.sin(t)] if i % 2 else [1 - math.cos(t), 0.5 - math.sin(t)])
    y.append(-1 if i % 2 else 1)
model = MLP(2, [12, 12, 1])
history = []
for k in range(60):
    scores = list(map(model, X))
    losses = [(1 - yi * s).relu() for yi, s in zip(y, scores)]
    data_loss = sum(losses) / len(losses)
    reg = 1e-4 * sum(p * p for p in model.parameters())
    total = data_loss + reg
    accuracy = sum((yi > 0) == (s.data > 0) for yi, s in zip(y, scores)) / len(y)
    model.zero_grad()
    total.backward()
    lr = 1.0 - 0.9 * k / 60
    for p in model.parameters():
        p.data -= lr * p.grad
    history.append(total.data)
    print(f"step {k} loss {total.data}, accuracy {accuracy * 100}%")
