"""Processes that train one module together, each on rows of its own: what they tell each other by MPI.

Nobody may wait for a process that has left. So everything goes through a few calls that all processes make
in the same order, and at each of them a process may say instead that it has failed: then all raise. Gradients
are summed by a call of their own, right after one in which nobody had failed.
"""

import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from autograd.errors import AutogradError, OptionError, RankError
from autograd.training.batches import Batches
from autograd.training.objective import BatchResult, Trainable

__all__ = ["Alone", "Team", "team_of"]


class Alone:
    """One process that trains alone: it has nobody to tell, and nobody to wait for.

    Attributes:
        rank: the number of this process, from 0.
        size: the number of processes.
    """

    rank, size = 0, 1
    talking = 0  # above 0 while the others wait for what this process does next

    @contextmanager
    def together(self) -> Iterator[None]:
        """A part of the preparations, after which all processes know whether it has failed in one."""
        yield

    def first(self, x: Any) -> Any:
        """What the first process gives."""
        return x

    def share_weights(self, module: Trainable) -> None:
        """Give the modules of all processes the parameters of the first."""

    def each(self, x: Any) -> list[Any]:
        """What each process gives, in their order."""
        return [x]

    def same(self, facts: Mapping[str, Any]) -> None:
        """OptionError on all processes unless the ``facts``, texts by name, are the same on all."""

    def mean_weight(self, mean: float, scale: float, count: int) -> float:
        """The mean of the weights of all processes, divided by ``scale`` as those here are.

        Args:
            mean: the mean weight here.
            scale: what the weights here were divided by.
            count: the number of weights here.
        """
        return mean

    def generator(self, common: Any) -> Any:
        """A generator for draws that differ from process to process, seeded by ``common``, which does not."""
        return common

    def batches(self, batches: Batches, module: Trainable, own: Any, common: Any, asked: Any) -> Batches:
        """The batches that all processes train on together.

        Args:
            batches: those of this process.
            module: the module that is trained.
            own: the generator that ``batches`` draws from.
            common: the generator that is the same on all processes.
            asked: a function that says whether Ctrl-C was pressed here.
        """
        return batches

    def mean(self, compute: Callable[[], float], rows: int) -> float:
        """The mean, over the rows of all processes, of what ``compute`` gives for ``rows`` rows here."""
        return compute()

    def any(self, here: bool) -> bool:
        """Whether something holds in one of the processes, if it holds ``here`` or does not."""
        return here

    def finish(self, asked: bool) -> bool:
        """Come to the end together; returns whether Ctrl-C was pressed nowhere, and not ``asked`` here."""
        return not asked

    def leave(self) -> None:
        """Tell the others, unless they know, that Ctrl-C ends the training here, and so for all."""

    @contextmanager
    def telling(self) -> Iterator[None]:
        """The training, in which an exception here ends the training of all processes."""
        yield


class Team(Alone):
    """Two or more processes that train one module together.

    Args:
        comm: an intracommunicator of mpi4py.
    """

    def __init__(self, comm: Any) -> None:
        self.comm = comm
        self.rank, self.size = comm.rank, comm.size
        self._sums = np.zeros(7)  # see `_add`
        self._told: BaseException | None = None  # the exception that all know of
        self._over = False  # whether the training has ended for all
        self._summing = False  # whether the others may be summing gradients
        self.talking = 0

    # Before the training -------------------------------------------------------------------------

    @contextmanager
    def together(self) -> Iterator[None]:
        error: BaseException | None = None
        try:
            yield
        except BaseException as raised:
            error = raised
        self._raise_common(error)

    def first(self, x: Any) -> Any:
        return self.comm.bcast(x)

    def share_weights(self, module: Trainable) -> None:
        values = module.values
        self.comm.Bcast(values)
        module.mark_changed()

    def each(self, x: Any) -> list[Any]:
        found: list[Any] = self.comm.allgather(x)
        return found

    def same(self, facts: Mapping[str, Any]) -> None:
        everybody = self.each(dict(facts))
        for rank, others in enumerate(everybody):
            differing = [
                f"{name}: {everybody[0].get(name)} on rank 0, {others.get(name)} on rank {rank}"
                for name in dict.fromkeys((*everybody[0], *others))
                if others.get(name) != everybody[0].get(name)
            ]
            if differing:
                raise OptionError(f"fit(comm=...) wants the same on all ranks, got {'; '.join(differing)}")

    def mean_weight(self, mean: float, scale: float, count: int) -> float:
        everybody = self.each((mean * scale, count))
        top = max(m for m, _ in everybody) or 1.0
        counts = sum(n for _, n in everybody)
        return float(sum(m / top * (n / counts) for m, n in everybody) * (top / scale))

    def generator(self, common: Any) -> Any:
        return np.random.default_rng([int(common.integers(2**63)), self.rank])

    # In the training -----------------------------------------------------------------------------

    def batches(self, batches: Batches, module: Trainable, own: Any, common: Any, asked: Any) -> Batches:
        return TeamBatches(self, batches, module, own, common, asked)

    def mean(self, compute: Callable[[], float], rows: int) -> float:
        total, count = self.add(rows * compute(), rows)[:2]
        return total / count

    def any(self, here: bool) -> bool:
        return self.add(here)[0] > 0

    def finish(self, asked: bool) -> bool:
        with self.uninterrupted():
            try:
                self.add(asked=asked)
            except KeyboardInterrupt:
                return False
            self._over = True
            return True

    def leave(self) -> None:
        with self.uninterrupted():
            if self._over:
                return
            self._end_unreachable()
            if self._add((), asked=True)[-1]:
                self._messages(None)
            self._over = True

    @contextmanager
    def uninterrupted(self) -> Iterator[None]:
        """A part of the training in which a second Ctrl-C raises nothing, since the others wait."""
        self.talking += 1
        try:
            yield
        finally:
            self.talking -= 1

    @contextmanager
    def telling(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            if error is not self._told and not self._over:
                self._tell(error)
            raise

    def _tell(self, error: BaseException) -> None:
        """Tell the others, at their next sum, that the training has failed here."""
        with self.uninterrupted():
            self._end_unreachable()
            self._add((), failed=True)
            self._messages(error)

    def _end_unreachable(self) -> None:
        """End all processes at once if an exception has come where the others can be told nothing."""
        from mpi4py import MPI

        if self._summing or isinstance(sys.exception(), MPI.Exception):
            traceback.print_exc()
            print(f"rank {self.rank} ends the training of all processes", file=sys.stderr, flush=True)
            self.comm.Abort(1)

    def add(self, *numbers: float, asked: bool = False) -> list[float]:
        """The sums of up to five numbers over all processes.

        Raises:
            KeyboardInterrupt: ``asked`` is true in one of the processes.
            RankError: another process has failed; or the library's own error that it has raised.
        """
        with self.uninterrupted():
            sums = self._add(numbers, asked=asked)
            if sums[-1]:
                self._raise_common(None)
            if sums[-2]:
                self._over = True
                raise KeyboardInterrupt
            return sums

    def _add(self, numbers: Any, *, asked: bool = False, failed: bool = False) -> list[float]:
        from mpi4py import MPI

        sums = self._sums
        sums[:] = 0
        sums[: len(numbers)] = numbers
        sums[-2:] = asked, failed
        self.comm.Allreduce(MPI.IN_PLACE, sums)
        total: list[float] = sums.tolist()
        return total

    def add_gradients(self, module: Trainable, share: float) -> None:
        """Replace the gradient of the module by the sum of ``share`` times that of each process."""
        from mpi4py import MPI

        self._summing = True
        gradient = module.grads
        if share:
            gradient *= share
        else:
            gradient[...] = 0
        self.comm.Allreduce(MPI.IN_PLACE, gradient)
        self._summing = False
        module.mark_gradient_changed()

    def _messages(self, error: BaseException | None) -> list[Any]:
        """The type and the text of each process's error, or None where there is none."""
        own = type(error) if type(error).__module__ == AutogradError.__module__ else None
        return self.each(None if error is None else (own, type(error).__name__, str(error)))

    def _raise_common(self, error: BaseException | None) -> None:
        """Raise ``error``; if it is None, an error like the first one of another process, if there is one."""
        messages = self._messages(error)
        if error is None:
            rank, told = next(((r, m) for r, m in enumerate(messages) if m is not None), (0, None))
            if told is None:
                return
            own, name, text = told
            error = (
                RankError(f"rank {rank} has ended the training of all processes: {name}: {text}")
                if own is None
                else own(f"{text} (on rank {rank})")
            )
        self._told = error
        raise error


class TeamBatches:
    """The batches of all processes of a team, joined: the first of each, the second of each, and so on.

    A process that has no more batches in an epoch takes part with no rows.

    Args are those of `Alone.batches`, after the team.
    """

    def __init__(
        self,
        team: Team,
        batches: Batches,
        module: Trainable,
        own: Any,
        common: Any,
        asked: Callable[[], bool],
    ) -> None:
        self.team, self.batches_here, self.module = team, batches, module
        self.own, self.common, self.asked = own, common, asked
        self.more = True  # whether a process has a batch after this one

    def __iter__(self) -> Iterator[Callable[[], BatchResult]]:
        self.own.bit_generator.state = self.team.generator(self.common).bit_generator.state
        coming = iter(self.batches_here)
        batch: Callable[[], BatchResult] | None = next(coming)
        self.more = True
        while self.more:
            following = None if batch is None else next(coming, None)
            self.more = following is not None
            yield partial(self._joint, batch, self.more)
            batch = following

    def _joint(self, batch: Any, more: bool) -> BatchResult:
        """Compute a batch here, None for no rows, and join it with those of the other processes."""
        rows, mass, loss, penalty = (0, 0.0, 0.0, 0.0) if batch is None else batch()
        with self.team.uninterrupted():
            sums = self.team.add(rows, mass, mass * loss, mass * penalty, more, asked=self.asked())
            all_rows, all_mass, loss, penalty, coming = sums[:5]
            self.more = coming > 0
            self.team.add_gradients(self.module, mass / all_mass)
        return all_rows, all_mass, loss / all_mass, penalty / all_mass


@contextmanager
def team_of(comm: Any) -> Iterator[Alone]:
    """The processes of a communicator of mpi4py; for None, or a communicator of one process, this one alone.

    Raises:
        OptionError: ``comm`` is no intracommunicator of mpi4py.
    """
    if comm is None:
        yield Alone()
        return
    MPI = sys.modules.get("mpi4py.MPI")
    if MPI is None or not isinstance(comm, MPI.Intracomm) or comm == MPI.COMM_NULL:
        raise OptionError(
            f"fit() wants a communicator of mpi4py as comm, such as MPI.COMM_WORLD, got {comm!r}"
        )
    if comm.size == 1:
        yield Alone()
        return
    own = comm.Dup()  # so that messages of the user's cannot be taken for ours
    try:
        yield Team(own)
    finally:
        own.Free()
