import random
from autograd.nn import Layer, Module
from autograd import losses
from autograd.optim import Adam
random.seed(1)
class LSTM(Module):
    def __init__(self, n):
        self.n = n
        self.gates = Layer(1 + n, 3 * n, "sigmoid", init="xavier")
        self.cand = Layer(1 + n, n, "tanh", init="xavier")
        self.out = Layer(n, 1, "linear", init="xavier")
    def __call__(self, seq):
        h, c = [0.0] * self.n, [0.0] * self.n
        for x in seq:
            z = [x] + list(h)
            g, k = self.gates(z), self.cand(z)
            i, f, o = g[:self.n], g[self.n:2 * self.n], g[2 * self.n:]
            c = [fj * cj + ij * kj for fj, cj, ij, kj in zip(f, c, i, k)]
            h = [oj * cj.tanh() for oj, cj in zip(o, c)]
        y = self.out(h)
        return y[0] if isinstance(y, list) else y
    def params(self):
        return self.gates.params() + self.cand.params() + self.out.params()
seqs = [[random.uniform(-1, 1) for _ in range(4)] for _ in range(20)]
want = [max(s) for s in seqs]
m = LSTM(4); opt = Adam(m, lr=0.03)
for e in range(40):
    loss = losses.mse([m(s) for s in seqs], want)
    opt.zero_grad(); loss.backward(); opt.step()
    if e % 10 == 0: print(e, loss.data)
