"""Only the touched rows of an embedding are cleared - by a list that was made of the wrong batch."""
import random
from autograd.engine import Value

random.seed(63)
table = [Value(random.gauss(0, 0.3)) for _ in range(6)]
bias = Value(0.0)
truth = [0.5, -0.2, 0.9, -0.7, 0.1, 0.3]
for step in range(60):
    batch = random.sample(range(6), 3)
    loss = sum((table[i] + bias - truth[i]) ** 2 for i in batch) / 3
    bias.zero_grad()
    loss.backward()  # wrong: not_zeroed
    for p in [table[i] for i in batch] + [bias]:
        p.data -= 0.05 * p.grad
print(loss.data)
