import random, math
from autograd.nn import Net
from autograd.optim import SGD
random.seed(10)
net = Net(1, [12, 1], activation="tanh", output_activation="linear", init="xavier")
for neuron in net.layers[0].neurons:
    neuron.b.data = random.uniform(-1, 1)
opt = SGD(net, lr=0.1, momentum=0.9)
xs = [i / 15 - 1 for i in range(30)]
for epoch in range(80):
    opt.zero_grad()
    fit = sum((net([x]) - math.cos(2 * x)) ** 2 for x in xs) / 30
    even = sum((net([x]) - net([-x])) ** 2 for x in xs) / 30
    fit.backward()       # two graphs whose gradients are to be added
    (0.1 * even).backward()
    opt.step()
    if epoch % 20 == 0: print(fit.data, even.data)
