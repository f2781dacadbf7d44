"""Drawings of graphs, films and demos, published as `autograd.draw`, `autograd.film` and `autograd.demos`."""
