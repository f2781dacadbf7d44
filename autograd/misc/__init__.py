"""What programs for HIPS/autograd import besides derivatives: `flatten`, optimisers, fixed points."""

from autograd.misc.flatten import flatten

__all__ = ["flatten"]
