import random
from autograd.nn import Net
random.seed(10)
net = Net(1, [8, 1], activation="tanh", output_activation="linear", init="xavier")
xs = [i / 10 - 1 for i in range(20)]
def error(): return sum((net([x]) - x * x * x) ** 2 for x in xs)
start = error().data                        # a constant unit for the loss
for k in range(100):
    loss = error() / start
    net.zero_grad(); loss.backward(); net.step(0.02)
    if k % 25 == 0: print(k, loss.data)
