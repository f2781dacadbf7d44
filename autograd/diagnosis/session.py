"""The doctor's session: it is told what a program does, and passes that on to those who look for mistakes."""

import atexit
import math
import os
import sys
import weakref
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from itertools import pairwise
from pathlib import Path
from threading import Lock, get_ident
from typing import Any

import numpy as np

from autograd.diagnosis.curve import Curve
from autograd.diagnosis.expressions import look_through
from autograd.diagnosis.findings import Findings, Record
from autograd.diagnosis.infinities import Infinities
from autograd.diagnosis.layers import Layers
from autograd.diagnosis.ledger import Ledger, Pass
from autograd.diagnosis.taken import Reader, Taken
from autograd.diagnosis.trainings import Trainings, is_built_in
from autograd.engine import Observer, Value, is_pending, is_running, observe, place_of, unobserve
from autograd.errors import UnsupportedError
from autograd.support import LIBRARIES, WATCHERS, Place, Watcher, here, run_to_end
from autograd.tensor import Array, Leaf, Tensor, tensor_of, use_counts

__all__ = ["doctor"]

ROOTS = 8  # latest roots of backward passes that are known again
ALL = 64  # passes that are looked at in any case
SMALL, TINY = 256, 64  # nodes of graphs through which a pass takes less time than a look
EVERY, EVERY_TINY = 8, 64  # of later passes through those, two in so many are looked at
MANY_READS = 8  # reads, and batches, between two backward passes from which on they count
LEAF, OUTPUT = 0, 2  # the codes of Values that were not computed, and of outputs of nets


def guarded(look: Callable[..., Any]) -> Callable[..., Any]:
    """Have a method of the `Session` called in its thread alone, and no more once one of them has failed.

    An error of the doctor's own is not one of the program, which goes on; the report says that it came.
    """

    @wraps(look)
    def guard(self: "Session", *arguments: Any) -> Any:
        if get_ident() == self.watched:
            try:
                look(self, *arguments)
            except Exception as error:
                self.findings.error, self.watched = error, None

    return guard


class Session(Observer, Watcher):
    """Watches the program of one thread."""

    every_operation = False

    def __init__(self) -> None:
        self.findings = Record()
        self.process, self.thread = os.getpid(), get_ident()
        self.watched: int | None = self.thread  # None after an error of its own
        self.taken = Taken(self.findings)
        self.ledger = Ledger(self.findings)
        self.layers = Layers(self.findings)
        self.infinities = Infinities(self.findings)
        self.trainings = Trainings(self.findings, self.layers)
        self.curves: dict[tuple[str, int], tuple[Place, Curve]] = {}  # by file and line
        self.roots: deque[Any] = deque(maxlen=ROOTS)  # of the latest passes, as weak references
        self.nodes: deque[Any] = deque(maxlen=2)  # roots of the latest passes of Tensors
        self.early: Counter[Reader] = Counter()  # reads of pending numbers since the latest pass
        self.ran = False  # whether samples went through a net since then
        # Passes through Tensors that are part of the running one through Values, with their graphs
        self.within: list[tuple[Pass, Collection[Any]]] = []
        self.in_batch = False  # whether samples are going through a net
        self.run_place: Place | None = None  # while the doctor itself runs a net
        self.passes = 0
        self.written: tuple[Any, int] | None = None  # where a number was assigned first after the latest pass
        self.wants_write = True
        self.patched: list[tuple[type, str, Any]] = []

    # From the beginning to the end

    def start(self) -> None:
        """Begin to watch."""
        observe(self)
        WATCHERS.append(self)
        for kind in kinds_of_value("data"):
            self.patch(kind, "data", self.on_read, self.taken.readers)
        self.patch(Tensor, "data", self.on_tensor_read, self.taken.readers)
        for name in ("item", "numpy", "tolist"):
            self.patch_method(Tensor, name, self.on_tensor_read)

    def stop(self) -> None:
        """No longer watch; the same if called twice."""
        for kind, name, original in reversed(self.patched):
            setattr(kind, name, original)
        unobserve(self)
        if self in WATCHERS:
            WATCHERS.remove(self)
        if Current.session is self:
            Current.session = None

    def report(self) -> None:
        """Print the findings on standard error, where there is one."""
        if (self.findings or self.findings.error is not None) and sys.stderr is not None:
            print(self.findings, file=sys.stderr)

    def patch(self, kind: Any, name: str, callback: Any, readers: dict[tuple[int, int], Reader]) -> None:
        """Have ``callback(v, frame, reader)`` called before each read of an attribute, until the end.

        The reader is that of ``readers``, or None; for a harmless one the callback is not called.
        """
        original = vars(kind)[name]
        get, current_frame = original.__get__, sys._getframe
        pending = is_pending if issubclass(kind, Value) else never

        def read(v: Any) -> Any:
            frame = current_frame(1)
            reader = readers.get((id(frame.f_code), frame.f_lasti))
            if reader is None or not reader.harmless or pending(v):
                callback(v, frame, reader)
            return get(v)

        put = original.__set__

        def write(v: Any, x: Any) -> None:
            if self.wants_write and get_ident() == self.thread:
                frame = current_frame(1)
                self.written, self.wants_write = (frame.f_code, frame.f_lasti), False
                if issubclass(kind, Value) and not pending(v) and get(v) != x:
                    self.ledger.rewritten = True
            put(v, x)

        self.patched.append((kind, name, original))
        setattr(kind, name, property(read, write if name == "data" else put, doc=original.__doc__))

    def patch_method(self, kind: Any, name: str, callback: Any) -> None:
        """Have ``callback(t, frame)`` called before each call of a method, until the end."""
        original = vars(kind)[name]

        @wraps(original)
        def method(t: Any) -> Any:
            callback(t, sys._getframe(1))
            return original(t)

        self.patched.append((kind, name, original))
        setattr(kind, name, method)

    @guarded
    def finish(self) -> None:
        """Report what only the whole program shows."""
        self.taken.finish(self.ledger.uses_of)
        verdicts = list(self.trainings.verdicts)
        curves = [curve for _, curve in self.curves.values()]
        for place, curve in self.curves.values():
            if (verdict := curve.verdict()) is not None and not any(map(curve.gives_way_to, curves)):
                verdicts.append((place, verdict))
        grows = any(mistake == "diverges" for _, (mistake, _) in verdicts)
        trained = self.ledger.trained_leaves() | self.trainings.leaves
        if self.written is not None:
            self.ledger.written = Place(*self.written)
        tensors = any(account.is_trained for account in self.ledger.tensors.values())
        self.layers.finish(trained, tensors, self.run_net, with_units=not grows)
        self.ledger.finish(self.layers.dead | self.trainings.leaves)
        if all(finding.mistake == "early_reads" for finding in self.findings):  # otherwise the cause is known
            for place, (mistake, text) in verdicts:
                self.findings.add(mistake, place, text)

    def run_net(self, samples: Any, X: Array, place: Place) -> None:
        """Have a net compute the outputs of rows on the tape, as if called at a place.

        Activations of the user's own are not called once more: they might count their calls.
        """
        if not is_built_in(samples):
            return
        self.run_place = place
        with np.errstate(all="ignore"):
            samples.through(tensor_of(np.ascontiguousarray(X.T)))
        self.run_place = None

    @guarded
    def on_error(self, error: BaseException) -> None:
        """Report the numbers taken out of a graph, if ``error`` is that a number has no backward()."""
        if not isinstance(error, AttributeError) or error.name != "backward" or error.__traceback__ is None:
            return
        if isinstance(error.obj, float | int | np.generic | np.ndarray):
            trace = error.__traceback__
            while trace.tb_next is not None:
                trace = trace.tb_next
            self.taken.blame(Place(trace.tb_frame.f_code, trace.tb_lasti))

    # Values

    @guarded
    def on_read(self, v: Any, frame: Any, reader: Reader | None) -> None:
        """Called before the number of a Value is read."""
        if reader is None:
            while frame is not None and frame.f_code.co_filename.startswith(LIBRARIES):
                frame = frame.f_back
            if frame is None:
                return
            reader = self.taken.reader_at(Place(frame.f_code, frame.f_lasti))
        if is_pending(v):
            self.early[reader] += 1
        self.taken.note(reader, v)

    @guarded
    def on_tensor_read(self, t: Any, frame: Any, reader: Reader | None = None) -> None:
        """Called before the numbers of a Tensor are read."""
        place = Place(frame.f_code, frame.f_lasti)
        if frame.f_code.co_filename.startswith(LIBRARIES):
            self.taken.add(place, harmless=True)
        elif t._node is not None:
            self.taken.note(reader or self.taken.reader_at(place), t)

    @guarded
    def on_gradient_read(self, v: Any, frame: Any, reader: Reader | None) -> None:
        """Called before the gradient of a Value or Tensor is read."""
        if not frame.f_code.co_filename.startswith(LIBRARIES):
            self.taken.on_gradient_read(v)

    @guarded
    def on_operation(self, v: Any, x: float, y: float, error: Exception | None) -> None:
        place = place_of(v)
        if place is not None:
            self.infinities.on_operation(v, x, y, place)

    @guarded
    def before_batch(self, batch: Any) -> None:
        self.in_batch = True

    @guarded
    def on_batch(self, batch: Any, outputs: list[Any]) -> None:
        self.in_batch = False
        self.ran = True
        self.layers.on_batch(batch.evaluator, batch.n, batch.rows, batch.place)

    @guarded
    def on_failure(self) -> None:
        self.in_batch = False
        self.within.clear()

    def on_walk(self, order: list[Any], before: list[Any], walk: Any) -> None:
        if walk is None and self.passes >= ALL and len(order) <= SMALL and not self.infinities.noted:
            if get_ident() != self.thread:
                return
            if self.passes % (EVERY if len(order) > TINY else EVERY_TINY) > 1:
                self.passes += 1
                self.ledger.spared += 1
                return
        self.look_at_walk(order, before, walk)

    @guarded
    def look_at_walk(self, order: list[Any], before: list[Any], walk: Any) -> None:
        """Look at a pass through Values; the arguments are those of `Observer.on_walk`."""
        place, root = here(), order[0]
        done = self.ledger.of_walk(order, before, walk)
        for inner, _ in self.within:
            done.include(inner)
        if self.infinities.noted and not (done.finite and math.isfinite(root._number)):
            self.infinities.blame(set(order))
        again = False
        if before:
            earlier = {id(v) for v in (reference() for reference in self.roots) if v is not None}
            again = any(id(v) in earlier for v, _ in before)
        closely = self.passes & (self.passes + 1) == 0  # passes 1, 2, 4, 8, ...
        if closely:
            look_through(order, self.layers, self.findings)
        if self.taken.unseen or (closely and self.taken.meetings):
            self.taken.look_through(order, [graph for _, graph in self.within])
        if self.early and walk is not None:
            self.judge_reads(walk.junctions)
        stale = bool(before) and self.is_stale(before)
        self.end_pass(place, done, again, stale, root._code == LEAF, root._number)
        self.roots.append(weakref.ref(root))

    def is_stale(self, before: list[Any]) -> bool:
        """Whether operations that a pass has been through have operands that were changed since."""
        changed = self.ledger.values.changed_leaves()
        return bool(changed) and any(
            v._code > OUTPUT and (v._a in changed or v._b in changed) for v, _ in before
        )

    def end_pass(
        self, place: Place, done: Pass, again: bool, stale: bool, alone: bool, loss: float | None
    ) -> None:
        """Note what a backward pass has done."""
        self.ledger.on_pass(place, done, again, stale, alone, self.ran)
        self.passes += 1
        self.wants_write = True
        self.taken.passes = self.passes
        self.taken.met.clear()
        if self.taken.suspects and not any(name == "grad" for _, name, _ in self.patched):
            for kind in (*kinds_of_value("grad"), Tensor):
                self.patch(kind, "grad", self.on_gradient_read, {})
        self.within.clear()
        self.layers.end_pass()
        self.infinities.noted.clear()
        self.ran = False
        self.early.clear()
        if loss is None:
            return
        _, curve = self.curves.setdefault((place.file, place.line), (place, Curve("passes")))
        curve.losses.append(loss)
        if done.gradients:
            several = len(done.gradients) > 1
            curve.add(np.concatenate(done.gradients) if several else done.gradients[0], done.accounts)

    def judge_reads(self, batches: list[Any]) -> None:
        """Report a line that has read numbers one by one, so that nets went through samples one by one.

        Only the batches that the pass has reached count: others could not have been part of them.
        """
        early: Counter[Place] = Counter()
        for reader, n in self.early.items():
            if not reader.is_input:  # numbers that a net is to go on from cannot be read later
                early[reader.place] += n
        if early.total() < MANY_READS:
            return
        sizes: dict[Any, list[int]] = defaultdict(list)
        for batch in batches:
            sizes[batch.evaluator].append(batch.n)
        for reached in sizes.values():
            if len(reached) >= MANY_READS and sum(reached) <= 2 * len(reached):
                place, _ = early.most_common(1)[0]
                n = sum(m for p, m in early.items() if (p.file, p.line) == (place.file, place.line))
                text = (
                    f"{sum(reached)} samples went through the net in {len(reached)} batches instead of one."
                )
                self.findings.add("early_reads", place, text, n)
                break

    # Tensors

    @guarded
    def on_call(self, node: Any) -> None:
        if self.in_batch or is_running():
            return
        if self.run_place is None:
            self.infinities.on_call(node)
            if self.taken.meetings:
                self.taken.on_call(node, here())
        self.layers.on_call(node, self.run_place)

    @guarded
    def on_tensor_backward(self, root: Any, gradients: dict[Any, Any]) -> None:
        if called_by_library(3):
            return
        graph = use_counts(root)
        done = self.ledger.of_tensors(gradients, graph)
        alone = isinstance(root, Leaf)
        again = False
        if self.infinities.noted and not (alone or (done.finite and np.isfinite(root.out).all())):
            self.infinities.blame(graph)
        if is_running():  # an operation of the program's own has begun it, so it is part of that pass
            self.within.append((done, graph))
            return
        if not alone:
            closely = self.passes & (self.passes + 1) == 0
            if self.taken.met and (closely or self.taken.unseen):
                self.taken.look_through_tape(root, graph)
            again = any(node in graph for node in self.nodes)
            self.nodes.append(root)
        loss = float(root.out.reshape(-1)[0]) if not alone and root.out.size == 1 else None
        self.end_pass(here(), done, again, False, alone, loss)

    @guarded
    def on_replay(self, leaves: list[Any]) -> None:
        if not called_by_library(3):
            self.ledger.on_replay(leaves)

    # Trainings

    @guarded
    def on_training(self, training: Any) -> None:
        self.trainings.begin(training)

    @guarded
    def on_training_end(self, training: Any, rows: Any) -> None:
        self.run_place = here()
        try:
            self.trainings.end(training, rows, self.run_place)
        finally:
            self.run_place = None

    @guarded
    def on_step(self, target: Any) -> None:
        if called_by_library(3):
            self.trainings.on_step(target)
        else:
            self.ledger.on_step(target, here())


def kinds_of_value(name: str) -> list[Any]:
    """`Value`, and the subclasses that have a property of their own with this name."""
    return [kind for kind in (Value, *Value.__subclasses__()) if hasattr(vars(kind).get(name), "__set__")]


def never(v: Any) -> bool:
    """Whether the numbers of a Tensor have still to be computed."""
    return False


def called_by_library(depth: int) -> bool:
    """Whether the code ``depth`` frames above the caller is this library's own."""
    return sys._getframe(depth + 1).f_code.co_filename.startswith(LIBRARIES)


class Current:
    """The session that is running, or None; who begins one holds the lock."""

    session: Session | None = None
    lock = Lock()


@contextmanager
def doctor() -> Iterator[Findings]:
    """Within this block the doctor looks for the classic mistakes of training, and reports them at its end.

    A program with such a mistake runs to its end and gives numbers, only not those that were meant. The
    report, on standard error, names the line, says what was seen there and how often, and shows two lines
    that mend it. If nothing is found, nothing is printed. The numbers of the program are those without the
    doctor. A training takes two to five times as long.

    ``fit(doctor=True)``, ``python -m autograd doctor program.py`` and the environment variable
    ``AUTOGRAD_DOCTOR=1`` do the same for one training, for a program and for all programs. The block applies
    to the thread that enters it; a block within another one changes nothing.

    Yields:
        The `Findings` so far: a sequence with a `Finding` for each line with a mistake.

    Raises:
        UnsupportedError: the doctor is watching another thread.

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> import contextlib, io
    >>> with contextlib.redirect_stderr(io.StringIO()), doctor() as findings:
    ...     for step in range(3):
    ...         (x * x).backward()
    ...         x.data -= 0.01 * x.grad
    >>> [(finding.mistake, finding.count) for finding in findings]
    [('not_zeroed', 2)]
    """
    session = Session()
    try:
        with Current.lock:
            running = Current.session = Current.session or session
        if running is session:
            session.start()
            yield session.findings
            session.finish()
        elif running.thread == session.thread:
            yield running.findings
        else:
            raise UnsupportedError(
                "doctor() watches one thread at a time, and is watching another one already"
            )
    except (KeyboardInterrupt, SystemExit):  # as far as the program has come, its numbers are what was meant
        session.finish()
        raise
    except BaseException as error:
        session.on_error(error)
        raise
    finally:
        run_to_end(session.stop)
        if session.process == os.getpid():  # not in a copy, made by fork
            session.report()


def watch_program() -> None:
    """Watch this thread until the program ends, and report then; not for this library's own commands."""
    if ("-m", "autograd") in pairwise(sys.orig_argv) or Path(sys.argv[0]).stem == "autograd":
        return
    context = doctor()
    context.__enter__()

    def report() -> None:
        error = getattr(sys, "last_value", None)
        if error is None:
            context.__exit__(None, None, None)
            return
        with suppress(type(error)):
            context.__exit__(type(error), error, error.__traceback__)

    atexit.register(report)
