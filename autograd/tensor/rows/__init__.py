"""The table of differentiable primitives, by family: each row is a function and its gradient formulas."""
