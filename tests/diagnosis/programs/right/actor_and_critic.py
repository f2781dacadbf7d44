"""An actor whose loss is weighed by what a critic says, and a critic that learns from rewards, all of Values."""

import random

from autograd import Value

random.seed(1)
action, spread, worth = Value(0.5), Value(0.1), Value(0.2)
for step in range(60):
    drawn = action.data + random.gauss(0, 0.3)
    reward = 1.0 - (drawn - 1.0) ** 2
    estimate = worth * 1.0
    critic_loss = (estimate - reward) ** 2
    worth.zero_grad()
    critic_loss.backward()
    worth.data -= 0.1 * worth.grad

    advantage = reward - (worth * 1.0).data
    actor_loss = (drawn - action - 0.01 * spread) ** 2 * advantage
    action.zero_grad()
    spread.zero_grad()
    actor_loss.backward()
    action.data -= 0.05 * action.grad
    spread.data -= 0.05 * spread.grad
print(action.data, worth.data)
