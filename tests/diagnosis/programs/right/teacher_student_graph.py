import random
from autograd.nn import Net
random.seed(4)
teacher = Net(2, [6, 1], activation="tanh", output_activation="linear", init="xavier")
student = Net(2, [6, 1], activation="tanh", output_activation="linear", init="xavier")
X = [[random.gauss(0, 1), random.gauss(0, 1)] for _ in range(40)]
for k in range(60):
    # the teacher gets gradients too, nobody uses them
    loss = sum((student(x) - teacher(x)) ** 2 for x in X) / 40
    student.zero_grad()
    loss.backward()
    student.step(0.1)
    if k % 20 == 0: print(k, loss.data)
