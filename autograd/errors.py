"""The exception types. Each one is also the builtin that a caller would already catch."""

from collections.abc import Iterable

__all__ = [
    "AutogradError",
    "DataError",
    "DomainError",
    "FileFormatError",
    "GradientError",
    "MissingExtraError",
    "NotANumberError",
    "OptionError",
    "ParityError",
    "RecordingError",
    "RecordingWarning",
    "ShapeError",
    "TrainingError",
    "UnknownNameError",
    "UnsupportedError",
]


class AutogradError(Exception):
    """What every error of this library is an instance of."""


class NotANumberError(AutogradError, TypeError):
    """Something that is no real number stands where one is needed."""


class DomainError(AutogradError, ValueError):
    """A real function was asked for a value outside its domain, such as the log of -1."""


class ShapeError(AutogradError, ValueError):
    """Operands, samples or layers whose shapes cannot meet."""


class GradientError(AutogradError, RuntimeError):
    """A gradient that does not exist, can no longer be had, or would be lost on the way."""


class UnsupportedError(AutogradError, TypeError):
    """A function that has no derivative here; going on would lose the gradient in silence."""


class ParityError(AutogradError, AssertionError):
    """The array engine and the oracle differ, on the same call of the same program."""


class RecordingError(AutogradError, RuntimeError):
    """A Program that does not do, or no longer does, what its function does."""


class RecordingWarning(UserWarning):
    """A function being recorded did what its replays will not repeat."""


class UnknownNameError(AutogradError, ValueError):
    """A name (of an activation, a loss, an optimiser, a column, ...) that is not known."""

    @classmethod
    def among(cls, kind: str, name: object, known: Iterable[str]) -> "UnknownNameError":
        """The error for ``name``, listing the ``known`` names and the one that is nearest."""
        import difflib  # here, because it takes longer to import than all the rest of this file

        names = list(known)
        near = difflib.get_close_matches(str(name), names, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return cls(f"unknown {kind} {name!r}: the known ones are {', '.join(names)}{hint}")


class OptionError(AutogradError, ValueError):
    """An option, such as a learning rate, outside its range."""


class DataError(AutogradError, ValueError):
    """Training data, or a table of them, that cannot be used as it is."""


class TrainingError(AutogradError, ArithmeticError):
    """Training that cannot go on, such as a loss that is no longer finite."""


class FileFormatError(AutogradError, ValueError):
    """A file that is not what it was opened as."""


class MissingExtraError(AutogradError, ImportError):
    """An optional dependency is not installed; the message has the command that brings it."""

    @classmethod
    def of(cls, what: str, extra: str) -> "MissingExtraError":
        """The error for ``what`` (a picture, say), which the optional ``extra`` makes possible."""
        return cls(f"{what} needs an optional dependency: pip install 'array-autograd[{extra}]'")
