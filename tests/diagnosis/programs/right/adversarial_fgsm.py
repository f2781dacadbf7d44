import random
import numpy as np
from autograd import Tensor, losses
from autograd.nn import Net
random.seed(1)
rng = np.random.default_rng(1)
X = rng.normal(size=(100, 2)); t = (X[:, 0] - X[:, 1] > 0).astype(int)
net = Net(2, [8, 2], activation="tanh", output_activation="linear", init="xavier")
net.fit(X, t, loss="cross_entropy", lr=0.02, epochs=40, seed=1)
inputs = Tensor(X.copy(), requires_grad=True)
loss = losses.cross_entropy(net(inputs), t)
loss.backward()
attacked = X + 0.3 * np.sign(inputs.grad)
print((net.predict(X).argmax(1) == t).mean(), (net.predict(attacked).argmax(1) == t).mean())
