import random, tempfile, os
import numpy as np
from autograd.nn import Net
random.seed(1)
X = np.linspace(-1, 1, 60)[:, None]
y = np.abs(X)
net = Net(1, [16, 1], activation="tanh", output_activation="linear", init="xavier")
h = net.fit(X, y, lr=0.02, epochs=60, seed=1)
with tempfile.TemporaryDirectory() as d:
    path = os.path.join(d, "abs.npz")
    net.save(path)
    again = Net.load(path)
assert np.array_equal(again.predict(X), net.predict(X))
teacher = again                      # used for predictions only
student = Net(1, [6, 1], activation="tanh", output_activation="linear", init="xavier")
soft = teacher.predict(X)
h2 = student.fit(X, soft, lr=0.02, epochs=80, seed=2)
print(h.loss[-1], h2.loss[-1])
