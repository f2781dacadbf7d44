"""The exception types. Each is also a subclass of the built-in exception that callers would expect."""

from collections.abc import Iterable

from autograd.text import LONGEST, brief, quoted

__all__ = [
    "AutogradError",
    "CheckpointWarning",
    "DataError",
    "DomainError",
    "FileFormatError",
    "GradientError",
    "MappingWarning",
    "MissingExtraError",
    "NotANumberError",
    "OptionError",
    "ParityError",
    "RankError",
    "RecordingError",
    "RecordingWarning",
    "ShapeError",
    "TrainingError",
    "TrainingWarning",
    "UnknownNameError",
    "UnsupportedError",
]

SHOWN = 30  # names that an error lists at most


class AutogradError(Exception):
    """The base class of this library's own errors.

    A file that cannot be written raises an OSError, which is not an AutogradError.

    >>> from autograd import Value
    >>> try:
    ...     Value(-1).log()
    ... except AutogradError as error:
    ...     print(error)
    log() wants a number above 0, got -1.0
    """


class NotANumberError(AutogradError, TypeError):
    """Something that is no real number, where a real number is needed.

    >>> from autograd import Value
    >>> Value("2")
    Traceback (most recent call last):
    autograd.errors.NotANumberError: Value() wants a real number, got '2' (str)
    """


class DomainError(AutogradError, ValueError):
    """A real function was asked for a value outside its domain, such as the log of -1.

    >>> from autograd import Value
    >>> Value(-8) ** 0.5
    Traceback (most recent call last):
    autograd.errors.DomainError: -8.0 ** 0.5 is not a real number
    """


class ShapeError(AutogradError, ValueError):
    """Operands, samples or layers whose shapes do not fit together.

    >>> from autograd import Net
    >>> Net(3, [1])([1.0, 2.0])
    Traceback (most recent call last):
    autograd.errors.ShapeError: Net of 3 inputs wants a sample of 3 numbers or Values, got 2
    """


class GradientError(AutogradError, RuntimeError):
    """A gradient that does not exist, can no longer be computed, or would be lost without notice.

    >>> from autograd import Tensor
    >>> Tensor([1.0]).backward()
    Traceback (most recent call last):
    autograd.errors.GradientError: backward() from a Tensor that depends on none with requires_grad=True, ...
    """


class OutputError(AutogradError, TypeError):
    """A function whose result cannot be differentiated in the way that was asked for.

    >>> import numpy as np
    >>> from autograd import grad
    >>> grad(lambda x: 2 * x)(np.ones(3))
    Traceback (most recent call last):
    autograd.errors.OutputError: grad() wants a function that returns one real number, and <lambda> ...
    """


class UnsupportedError(AutogradError, TypeError):
    """A function without a derivative in this library; to continue would lose the gradient without notice.

    >>> import numpy as np
    >>> from autograd import Tensor
    >>> np.unique(Tensor([1.0, 2.0]))
    Traceback (most recent call last):
    autograd.errors.UnsupportedError: numpy.unique() has no derivative for Tensors here; ...
    """


class ParityError(AutogradError, AssertionError):
    """The array engine and the oracle, the scalar reference, give different results for the same call.

    >>> from autograd import Neuron, verify
    >>> neuron = Neuron(1, "linear", init=lambda n_out, n_in: [[0.5]])
    >>> neuron._samples.rowwise = None  # a mistake in the array engine, which makes it return 7x:
    >>> neuron._samples.through = lambda x: 7 * x
    >>> with verify():
    ...     print(neuron([2.0]))
    Traceback (most recent call last):
    autograd.errors.ParityError: verify(): the data of neuron([2.0]) is 14.0 in the array engine ...
    """


class DerivativeError(AutogradError, AssertionError):
    """A derivative that is not what differences of the function's values say.

    >>> import numpy as np
    >>> from autograd.test_util import check_equivalent
    >>> check_equivalent(1.0, 2.0)
    Traceback (most recent call last):
    autograd.errors.DerivativeError: check_equivalent() got 1.0 and 2.0, which are not the same
    """


class RecordingError(AutogradError, RuntimeError):
    """A `Program` that does not compute, or no longer computes, what its function computes.

    >>> from autograd import record
    >>> program = record(lambda x: x if x.sum() > 0 else -x, [1.0], check=True)
    >>> program([-1.0])
    Traceback (most recent call last):
    autograd.errors.RecordingError: the Program of <lambda> gives another result than the function ...
    """


class RankError(AutogradError, RuntimeError):
    """Another process of a training that several processes share has failed, and ended it for all.

    >>> raise RankError("rank 1 has ended the training of all processes: ZeroDivisionError: division by zero")
    Traceback (most recent call last):
    autograd.errors.RankError: rank 1 has ended the training of all processes: ZeroDivisionError: ...
    """


class RecordingWarning(UserWarning):
    """A function did something while it was recorded that replays will not repeat.

    >>> import warnings
    >>> from autograd import record
    >>> with warnings.catch_warnings(record=True) as told:
    ...     warnings.simplefilter("always")
    ...     program = record(lambda x: x if x.sum() > 0 else -x, [1.0])
    >>> told[0].category.__name__
    'RecordingWarning'
    """


class GradientWarning(UserWarning):
    """A derivative that is 0 because the function does not depend on the argument.

    >>> import warnings
    >>> from autograd import grad
    >>> with warnings.catch_warnings(record=True) as told:
    ...     warnings.simplefilter("always")
    ...     slope = grad(lambda x: 3.0)(2.0)
    >>> told[0].category.__name__, float(slope)
    ('GradientWarning', 0.0)
    """


class MappingWarning(UserWarning):
    """A function, or a part of it, that `vmap` called for one sample after the other.

    >>> import warnings
    >>> import numpy as np
    >>> from autograd import vmap
    >>> with warnings.catch_warnings(record=True) as told:
    ...     warnings.simplefilter("always")
    ...     signs = vmap(lambda x: 1.0 if x > 0 else -1.0)(np.array([-2.0, 2.0]))
    >>> told[0].category.__name__, signs.tolist()
    ('MappingWarning', [-1.0, 1.0])
    """


class CheckpointWarning(UserWarning):
    """A training resumes from a checkpoint, and a part of its description cannot be compared.

    >>> issubclass(CheckpointWarning, UserWarning)
    True
    """


class TrainingWarning(UserWarning):
    """A training that can go on, but is likely to learn badly.

    >>> import warnings
    >>> from autograd import Net
    >>> with warnings.catch_warnings(record=True) as told:
    ...     warnings.simplefilter("always")
    ...     history = Net(1, [1], "relu").fit([0.0, 1.0, 2.0], [1.0, 2.0, -1.0], epochs=1)
    >>> told[0].category.__name__
    'TrainingWarning'
    """


class UnknownNameError(AutogradError, ValueError):
    """A name (of an activation, a loss, an optimiser, a column, ...) that is not known.

    >>> from autograd import Net
    >>> Net(1, [1], "tahn")
    Traceback (most recent call last):
    autograd.errors.UnknownNameError: unknown activation 'tahn': the known ones are ...; did you mean 'tanh'?
    """

    @classmethod
    def among(cls, kind: str, name: object, known: Iterable[str]) -> "UnknownNameError":
        """The error for ``name``, with a list of the ``known`` names and the most similar one.

        >>> print(UnknownNameError.among("loss", "mes", ["mse", "mae"]))
        unknown loss 'mes': the known ones are mse, mae; did you mean 'mse'?
        """
        import difflib  # here, because importing it takes longer than the rest of this file

        names = list(known)
        near = difflib.get_close_matches(str(name)[: 2 * LONGEST], names, n=1)
        hint = f"; did you mean {quoted(near[0])}?" if near else ""
        shown = ", ".join(map(brief, names[:SHOWN]))
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        called = quoted(name) if isinstance(name, str) else repr(name)
        return cls(f"unknown {kind} {called}: the known ones are {shown}{more}{hint}")


class OptionError(AutogradError, ValueError):
    """An option, such as a learning rate, outside its range.

    >>> from autograd import Net, optim
    >>> optim.SGD(Net(1, [1]), lr=-1)
    Traceback (most recent call last):
    autograd.errors.OptionError: lr must be at least 0 and below inf, got -1
    """


class DataError(AutogradError, ValueError):
    """Training data, or a table of data, that cannot be used as they are.

    >>> from autograd import Net
    >>> Net(2, [1]).fit([[0.0, 1.0], [2.0, float("nan")]], [0.0, 1.0])
    Traceback (most recent call last):
    autograd.errors.DataError: fit() wants finite numbers, got nan in X at row 1, column 1
    """


class TrainingError(AutogradError, ArithmeticError):
    """Training that cannot go on, such as a loss that is no longer finite.

    >>> from autograd import Net
    >>> Net(1, [1], "linear").fit([1e200], [0.0])
    Traceback (most recent call last):
    autograd.errors.TrainingError: the loss became inf in epoch 1, batch 1, where ...
    """


class FileFormatError(AutogradError, ValueError):
    """A file that is damaged, or of another kind than the one expected.

    >>> import tempfile
    >>> from autograd import Net
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     Net.load(file.name)
    Traceback (most recent call last):
    autograd.errors.FileFormatError: ...: not a file written by array-autograd, or damaged: it is empty
    """


class MissingExtraError(AutogradError, ImportError):
    """An optional dependency is not installed; the message has the command that installs it.

    >>> raise MissingExtraError.of("a picture", "plot")
    Traceback (most recent call last):
    autograd.errors.MissingExtraError: a picture needs an optional dependency; ...: pip install ...
    """

    @classmethod
    def of(cls, what: str, extra: str) -> "MissingExtraError":
        """The error for ``what``, such as a picture, which needs the optional dependencies of ``extra``."""
        return cls(
            f"{what} needs an optional dependency; in the folder of array-autograd: pip install '.[{extra}]'"
        )
