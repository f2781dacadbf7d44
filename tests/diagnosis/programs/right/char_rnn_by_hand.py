import random
from autograd.nn import Layer, Module
from autograd.optim import Adam
from autograd import losses

class RNN(Module):
    def __init__(self, h):
        self.h = h
        self.cell = Layer(1 + h, h, "tanh", init="xavier")
        self.out = Layer(h, 1, "linear", init="xavier")
    def __call__(self, seq):
        state = [0.0] * self.h
        for x in seq:
            state = self.cell([x] + list(state))
        return self.out(state)
    def params(self):
        return self.cell.params() + self.out.params()

random.seed(2)
seqs = [[random.choice([-1.0, 1.0]) for _ in range(4)] for _ in range(24)]
want = [s[0] * 0.5 + s[1] * 0.3 for s in seqs]
rnn = RNN(5)
opt = Adam(rnn, lr=0.03)
for epoch in range(60):
    outs = []
    for s in seqs:
        o = rnn(s)
        outs.append(o[0] if isinstance(o, list) else o)
    loss = losses.mse(outs, want)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if epoch % 15 == 0:
        print(epoch, loss.data)
