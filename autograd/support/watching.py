"""What a program may be told of while it runs: recorded calls, backward passes, updates.

Most programs tell nobody: then each of these places costs a look at an empty list.
"""

from typing import Any

__all__ = ["WATCHERS", "Watcher"]


class Watcher:
    """Is told of events while it is in `WATCHERS`; a subclass overrides what it needs."""

    def on_call(self, node: Any) -> None:
        """Called when the tape has recorded a call, with its `TapeNode`."""

    def on_tensor_backward(self, root: Any, gradients: dict[Any, Any]) -> None:
        """Called at the end of a backward pass of Tensors, before the gradients are added to the leaves.

        Args:
            root: the node that it began at.
            gradients: the gradient that each `Leaf` is about to be given.
        """

    def on_step(self, target: Any) -> None:
        """Called before an update of parameters by their gradients, with the module or list."""

    def on_replay(self, leaves: list[Any]) -> None:
        """Called after a `Program` was replayed that leaves gradients in these leaves."""

    def on_training(self, training: Any) -> None:
        """Called at the start of a training by `fit`."""

    def on_training_end(self, training: Any, rows: Any) -> None:
        """Called at the end of a training, however it came, with its rows; None if it was given batches."""


WATCHERS: list[Watcher] = []
