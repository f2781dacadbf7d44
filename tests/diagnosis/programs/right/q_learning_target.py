import random
from autograd.nn import Net
random.seed(4)
# a walk over five states, reward at the right end; target from the net's own numbers
net = Net(5, [12, 2], activation="tanh", output_activation="linear", init="xavier")
def one_hot(s):
    return [1.0 if i == s else 0.0 for i in range(5)]
s = 2
for step in range(400):
    q = net(one_hot(s))
    a = random.randrange(2) if random.random() < 0.3 else (0 if q[0].data > q[1].data else 1)
    s2 = max(0, s - 1) if a == 0 else s + 1
    reward, done = (1.0, True) if s2 == 5 else (0.0, False)
    if done:
        target = reward
    else:
        target = reward + 0.9 * max(v.data for v in net(one_hot(s2)))
    loss = (q[a] - target) ** 2
    net.zero_grad()
    loss.backward()
    net.step(0.05)
    s = random.randrange(5) if done else s2
print([[round(v.data, 2) for v in net(one_hot(i))] for i in range(5)])
