import random
from autograd.nn import Net
from autograd.optim import Adam
random.seed(6)
online = Net(4, [12, 2], activation="tanh", output_activation="linear", init="xavier")
frozen = Net(4, [12, 2], activation="tanh", output_activation="linear", init="xavier")
frozen.load_state_dict(online.state_dict())
opt = Adam(online, lr=0.01)
code = lambda s: [float(i == s) for i in range(4)]
memory = []
s = 0
for t in range(400):
    a = random.randrange(2)
    s2 = min(s + 1, 4) if a else max(s - 1, 0)
    memory.append((s, a, float(s2 == 4), s2))
    s = 0 if s2 == 4 else s2
for it in range(120):
    batch = random.sample(memory, 16)
    nexts = [frozen(code(b[3])) if b[3] < 4 else None for b in batch]
    targets = [b[2] + (0.9 * max(q.data for q in n) if n else 0.0) for b, n in zip(batch, nexts)]
    loss = sum((online(code(b[0]))[b[1]] - t) ** 2 for b, t in zip(batch, targets)) / 16
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 20 == 19:
        frozen.load_state_dict(online.state_dict())
        print(it, loss.data)
