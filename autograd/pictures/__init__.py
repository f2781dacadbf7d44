"""Pictures, whose public faces are `autograd.plot`, `autograd.film`, `autograd.demos` and `autograd.draw`."""
