"""No net: the plan itself (10 forces) is what is learnt, started anew at every place with the last plan shifted."""
from autograd.engine import Value

plan = [0.0] * 6
pos, vel = 1.0, 0.0
for step in range(8):
    u = [Value(f) for f in plan]
    for it in range(15):
        p, v, cost = pos, vel, 0
        for f in u:
            v = 0.9 * v + 0.3 * f
            p = p + 0.5 * v
            cost = cost + p * p + 0.05 * f * f
        for f in u:
            f.zero_grad()
        cost.backward()
        for f in u:
            f.data -= 0.08 * f.grad
    vel = 0.9 * vel + 0.3 * u[0].data
    pos = pos + 0.5 * vel
    plan = [f.data for f in u[1:]] + [0.0]
    print(step, round(pos, 3), round(cost.data, 4))
