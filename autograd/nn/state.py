"""The parameters of a module as arrays by name, and files of them."""

import inspect
from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from autograd import files
from autograd.engine.value import Value
from autograd.errors import FileFormatError, NotANumberError, OptionError, ShapeError, UnsupportedError
from autograd.support import run_to_end
from autograd.tensor import Array, Tensor, reals, refuse_in_recording
from autograd.training import in_dtype

__all__ = ["WithState"]


class WithState:
    """Gives a module `state_dict`, `load_state_dict`, `save` and `load`.

    Names are those of the attributes, lists, tuples and dicts that hold Tensors, Values, layers and other
    modules, with dots between them.
    """

    def params(self) -> list[Any]:
        """The parameters, Values and Tensors."""
        raise NotImplementedError

    @property
    def all_in_vector(self) -> bool:
        """Whether one flat vector holds all parameters, as in a layer or a net."""
        return False

    def _arrays(self) -> dict[str, Array]:
        """Copies of the parameters by name, of a module with `all_in_vector`."""
        raise NotImplementedError

    def _write_arrays(self, arrays: Mapping[str, Array]) -> None:
        """Write arrays like those of `_arrays` into the parameters."""
        raise NotImplementedError

    def state_dict(self) -> dict[str, Array]:
        """Copies of the parameters as a dict of arrays, by name.

        Raises:
            UnsupportedError: ``params()`` has parameters that no attribute, list, tuple or dict holds.

        >>> from autograd.nn import Layer, Module
        >>> class Residual(Module):
        ...     def __init__(self):
        ...         self.layers = [Layer(2, 2, "tanh") for _ in range(2)]
        ...         self.scale = Tensor([1.0, 1.0], requires_grad=True)
        ...     def __call__(self, x):
        ...         return x * self.scale + self.layers[1](self.layers[0](x))
        ...     def params(self):
        ...         return [*self.layers[0].params(), *self.layers[1].params(), self.scale]
        >>> {name: array.shape for name, array in Residual().state_dict().items()}
        {'layers.0.weight': (2, 2), 'layers.0.bias': (2,), 'layers.1.weight': (2, 2), ..., 'scale': (2,)}
        """
        state: dict[str, Array] = {}
        for name, part in self._named_parts():
            for own, array in arrays_of(part).items():
                state[".".join(filter(None, (name, own)))] = array
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set all parameters from a dict like that of `state_dict`. An error leaves all of them unchanged.

        Raises:
            ShapeError: names or shapes are not those of this module.
            NotANumberError: ``state`` is not a dict, or an entry is not an array of numbers.
            DataError: a number is too large for float32, of a module of that dtype.
        """
        refuse_in_recording("load_state_dict()")
        own = self.state_dict()
        if not isinstance(state, Mapping):
            raise NotANumberError(f"load_state_dict() wants a dict of arrays, got {type(state).__name__}")
        what = f"this {type(self).__name__}"
        if state.keys() != own.keys():
            names = {"missing": own.keys() - state.keys(), f"not part of {what}": state.keys() - own.keys()}
            parts = [f"{of}: {', '.join(sorted(map(str, keys)))}" for of, keys in names.items() if keys]
            raise ShapeError(f"load_state_dict() wants the names of state_dict(); {'; '.join(parts)}")
        arrays = {}
        for name, old in own.items():
            array = reals(state[name], f"load_state_dict() wants {name} to be an array of numbers")
            arrays[name] = in_dtype(array, old.dtype, name, "load_state_dict()")
            if arrays[name].shape != old.shape:
                raise ShapeError(
                    f"load_state_dict() wants {name} of shape {old.shape}, as {what} has it, got "
                    f"{arrays[name].shape}"
                )
        if self.all_in_vector:  # then it is one assignment, whole by itself
            return self._write_arrays(arrays)
        try:
            self._write(arrays)
        except BaseException:
            run_to_end(lambda: self._write(own))
            raise

    def _write(self, state: Mapping[str, Array]) -> None:
        for name, part in self._named_parts():
            prefix = f"{name}." if name else ""
            if isinstance(part, Tensor):
                data = part.data
                data[...] = state[name]
                part.data = data  # which notes that it was changed in place
            elif isinstance(part, Value):
                part.data = state[name].item()
            else:
                own = {key.removeprefix(prefix): a for key, a in state.items() if key.startswith(prefix)}
                part._write_arrays(own)

    def _named_parts(self) -> list[tuple[str, Any]]:
        """The parts of `_parts`, each with its name; UnsupportedError if a parameter has none."""
        parts, missing = self._parts()
        if missing:
            raise UnsupportedError(
                f"{len(missing)} of the parameters that params() of this {type(self).__name__} lists are in "
                "no attribute, list, tuple or dict of it, so that they have no name"
            )
        return parts

    def _parts(self) -> tuple[list[tuple[str, Any]], list[Any]]:
        """The Tensors, Values and modules with a flat vector that hold the parameters, each with its name.

        Parameters that no attribute, list, tuple or dict holds are returned apart, each once.
        """
        if self.all_in_vector:
            return [("", self)], []
        missing = {id(p): p for p in self.params()}  # parameters that no part so far has
        parts = []
        seen: set[int] = set()
        todo: list[tuple[str, Any]] = [("", self)]
        while todo:
            name, x = todo.pop()
            if id(x) in seen:
                continue
            seen.add(id(x))
            own = {id(x)} if isinstance(x, Tensor | Value) else set()
            if isinstance(x, WithState) and x.all_in_vector:
                own = {id(p) for p in x.params()}
            if own and own <= missing.keys():
                for key in own:
                    del missing[key]
                parts.append((name, x))
            elif isinstance(x, WithState | list | tuple | dict):
                held: Any = vars(x) if isinstance(x, WithState) else x
                pairs = held.items() if isinstance(held, dict) else enumerate(held)
                todo += reversed([(".".join(filter(None, (name, str(i)))), y) for i, y in pairs])
        return parts, list(missing.values())

    def save(self, path: Any) -> None:
        """Write the parameters to one file, either completely or not at all.

        Args:
            path: the file. A name that ends in .safetensors gives a safetensors file, which needs the extra
                ``safetensors``; any other name gives NumPy's npz, without pickle.

        Raises:
            UnsupportedError: as for `state_dict`.
            OSError: the file cannot be written.
            MissingExtraError: safetensors is not installed; the message says how to install it.
        """
        files.write(path, self.state_dict(), {"module": type(self).__name__, "parts": self._described()})

    def _described(self) -> dict[str, Any]:
        """Activations and dtype of each layer, net and neuron, by its name, as JSON types."""
        parts = self._named_parts()
        return {name: part._description() for name, part in parts if isinstance(part, WithState)}

    def _description(self) -> dict[str, Any]:
        """Activations and dtype, of a module with `all_in_vector`."""
        raise NotImplementedError

    @classmethod
    def load(cls, path: Any, *args: Any, **kwargs: Any) -> Self:
        """A module of this class, made with these arguments, with the parameters that `save` wrote.

        Raises:
            FileFormatError: the file is of another format, or damaged, or holds another class.
            ShapeError: the parameters in the file are not those of a module with these arguments.
            OptionError: the class cannot be made with these arguments, or has other activations or dtypes.
            FileNotFoundError: there is no such file.

        >>> import tempfile
        >>> from autograd.nn import Layer
        >>> layer = Layer(3, 2)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     layer.save(f"{folder}/layer.npz")
        ...     again = Layer.load(f"{folder}/layer.npz", 3, 2)
        >>> bool((again.weight == layer.weight).all())
        True
        """
        arrays, header = files.read(path)
        if header.get("module") != cls.__name__:
            held = f"a {header['module']}" if "module" in header else "no such module"
            raise FileFormatError(
                f"{path}: {cls.__name__}.load() wants a {cls.__name__}, and there is {held}"
            )
        module: Self = made(cls, path, args, kwargs)
        if (wanted := module._described()) != header.get("parts"):
            raise OptionError(
                f"{path}: {cls.__name__}.load() makes {wanted}, the file has {header.get('parts')}"
            )
        module.load_state_dict(arrays)
        return module


def made(cls: Any, path: Any, args: Any, kwargs: Any) -> Any:
    """``cls(*args, **kwargs)``; OptionError if these are not its arguments."""
    try:
        inspect.signature(cls).bind(*args, **kwargs)
    except TypeError as error:
        raise OptionError(
            f"{cls.__name__}.load({str(path)!r}, ...) makes an instance of {cls.__name__} with the arguments "
            f"after the path, which a file does not hold: {error}"
        ) from None
    return cls(*args, **kwargs)


def arrays_of(part: Any) -> dict[str, Array]:
    """The parameters of a Tensor, a Value or a module with a flat vector, by name."""
    if isinstance(part, Tensor):
        return {"": part.data.copy()}
    return {"": np.array([part.data])} if isinstance(part, Value) else part._arrays()


def size_of(parameter: Any) -> int:
    """How many numbers a Tensor or a Value has."""
    return parameter.size if isinstance(parameter, Tensor) else 1
