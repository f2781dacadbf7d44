"""The ledger of a training: the accounts of all parameters, and the mistakes that they show."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from autograd.diagnosis.accounts import Account, Compared, NetAccount, TensorAccount, ValuesAccount
from autograd.diagnosis.findings import Record
from autograd.diagnosis.flow import reads_gradient, rebinding_updates
from autograd.engine import Value, operation_of
from autograd.support import Place
from autograd.tensor import Array, Leaf, Tensor
from autograd.text import listed

__all__ = ["Ledger", "Pass"]

SHOWN = 4  # names that a finding lists
FEW = 3  # passes or steps after which "never" can be said
Parts = list[tuple[Account, Array]]  # accounts, each with the indices of some of its parts


class Pass:
    """What a backward pass has done to the accounts.

    Attributes:
        compared: how each account that it reached was found.
        known: how many leaves, other than Values that were just made, it has reached.
        gradients: the gradients that it has left in what is trained, each a vector, and the accounts.
    """

    def __init__(self) -> None:
        self.compared: list[Compared] = []
        self.known = 0
        self.gradients: list[Array] = []
        self.accounts: list[Account] = []
        self.finite = True

    def add(self, account: Account, compared: Compared, gradient: Array) -> None:
        """Note an account that it reached, and the gradient that it left."""
        self.compared.append(compared)
        if not math.isfinite(np.dot(gradient, gradient)):
            self.finite = self.finite and bool(np.isfinite(gradient).all())
        if account.is_trained:
            self.gradients.append(gradient)
            self.accounts.append(account)

    def include(self, other: "Pass") -> None:
        """Note what a pass has done that was part of this one."""
        self.compared += other.compared
        self.known += other.known
        self.gradients += other.gradients
        self.accounts += other.accounts
        self.finite = self.finite and other.finite


def attributes_of(target: Any) -> Iterator[tuple[str, Any]]:
    """The attributes of a module, and what is in its lists, each with its name."""
    for name, value in getattr(target, "__dict__", {}).items():
        if isinstance(value, list | tuple):
            yield from ((f"{name}[{i}]", item) for i, item in enumerate(value))
        else:
            yield name, value


def is_nonzero(gradient: Any) -> bool:
    """Whether a gradient, a number or an array, is known and not 0 everywhere."""
    return gradient is not None and bool(gradient.any() if isinstance(gradient, np.ndarray) else gradient)


class Ledger:
    """Keeps the accounts of all parameters, and finds the mistakes that they show."""

    def __init__(self, findings: Record) -> None:
        self.findings = findings
        self.values = ValuesAccount()
        self.nets: dict[int, NetAccount] = {}  # by the id of the vector, which the account keeps
        self.tensors: dict[int, TensorAccount] = {}  # by that of the leaf
        self.layers: dict[Any, tuple[NetAccount, Array]] = {}  # account and parts of a net's `Samples`
        self.targets: dict[int, tuple[Any, Parts]] = {}  # what steps are to change, by id
        self.step_places: dict[int, Place] = {}  # the place of the latest step, by id of an account
        self.lonely: Counter[tuple[str, int]] = (
            Counter()
        )  # passes that reached nothing of the nets that ran before
        self.latest: Place | None = None  # the place of the latest backward pass
        self.n_passes = 0  # that were looked at
        self.spared = 0  # passes that were not
        self.before: dict[int, tuple[int, int]] = {}  # both numbers at the latest step, by id of its target
        self.summed: Place | None = None  # of the latest pass, if it added to the gradients of a step
        self.written: Place | None = None  # where the program has assigned a number itself
        self.rewritten = False  # whether that of a Value has changed by it

    # Accounts

    def net(self, vector: Any) -> NetAccount:
        """The account of a net's `ParameterVector`."""
        if id(vector) not in self.nets:
            self.nets[id(vector)] = NetAccount(vector)
        return self.nets[id(vector)]

    def tensor(self, leaf: Any) -> TensorAccount:
        """The account of a Tensor's leaf."""
        if id(leaf) not in self.tensors:
            self.tensors[id(leaf)] = TensorAccount(leaf)
        return self.tensors[id(leaf)]

    def of_leaf(self, leaf: Any) -> tuple[Any, Array]:
        """The account and the part of a leaf of the tape."""
        owner = getattr(leaf, "owner", None)
        vector, part = (None, 0) if owner is None else (owner[0](), owner[1])
        if vector is None:  # of a Tensor, or of a net that is gone
            return self.tensor(leaf), np.array([0])
        return self.net(vector), np.array([part])

    def of_samples(self, samples: Any) -> tuple[NetAccount, Array] | None:
        """The account and the parts of the layers that a net's `Samples` go through; None if it is gone."""
        if samples not in self.layers:
            vector = samples.specs[0].matrix.owner[0]()
            if vector is None:
                return None
            self.layers[samples] = self.net(vector), np.array([s.matrix.owner[1] for s in samples.specs])
        return self.layers[samples]

    def every_account(self) -> Iterable[Account]:
        """All accounts."""
        return [self.values, *self.nets.values(), *self.tensors.values()]

    # Backward passes

    def of_walk(self, order: Sequence[Any], before: Sequence[Any], walk: Any) -> Pass:
        """Note a pass through Values; arguments are those of `Observer.on_walk`."""
        done = Pass()
        if walk is not None:
            evaluators = {junction.evaluator for junction in walk.junctions}
            parts = dict(found for found in map(self.of_samples, evaluators) if found is not None)
            if len(parts) < len(walk.vectors) or any(len(own) < len(a.leaves) for a, own in parts.items()):
                parts = self.in_detail(order, walk)
            for account, reached in parts.items():
                copy, after = walk.vectors[id(account.vector.grads)][1], account.vector.grads.copy()
                done.known += len(reached)
                done.add(account, account.compare(copy, after, reached), after)
        leaves = [v for v in order if v._code == 0]
        if leaves:
            compared, known = self.values.compare(leaves, dict(before))
            done.known += known
            done.add(self.values, compared, self.values.trained_gradient())
            done.finite = done.finite and all(map(math.isfinite, [v._grad for v in leaves]))
        return done

    def in_detail(self, order: Sequence[Any], walk: Any) -> dict[NetAccount, Array]:
        """The parts of the accounts of nets that a pass has reached, through samples and by themselves."""
        found: dict[NetAccount, set[int]] = {}
        for junction in walk.junctions:
            if (known := self.of_samples(junction.evaluator)) is not None:
                found.setdefault(known[0], set()).update(known[1].tolist())
        for matrix in {v._home for v in order if v._code == 1}:
            if (vector := matrix.owner[0]()) is not None:
                found.setdefault(self.net(vector), set()).add(matrix.owner[1])
        return {account: np.array(sorted(own)) for account, own in found.items()}

    def of_tensors(self, gradients: dict[Any, Any], graph: Iterable[Any]) -> Pass:
        """Note a pass through the nodes ``graph``; the other argument is that of `Watcher`."""
        done = Pass()
        for node in graph:
            for leaf, array in zip(node.parents, getattr(node, "args", ()), strict=False):
                if isinstance(leaf, Leaf) and not hasattr(leaf, "owner"):
                    self.tensor(leaf).use(array)
        before: dict[Any, Any] = {}
        after: dict[Any, Any] = {}
        parts: dict[Any, list[Any]] = {}
        for leaf, g in gradients.items():
            account, own = self.of_leaf(leaf)
            if account not in before:
                whole = account.vector.grads if isinstance(account, NetAccount) else leaf.grad
                before[account] = None if whole is None else whole.reshape(-1).copy()
                after[account] = np.zeros(g.size, g.dtype) if whole is None else before[account].copy()
            after[account][account.slices[own[0]]] += g.reshape(-1)
            parts.setdefault(account, []).extend(own)
        for account, reached in parts.items():
            done.known += len(reached)
            done.add(account, account.compare(before[account], after[account], reached), after[account])
        return done

    def confirm(self, used: bool) -> None:
        """Report the latest pass that added to the gradients of a step, if that sum was ``used``."""
        if self.summed is not None and used:
            text = "A gradient was as the pass before had left it, though parameters had been changed by it."
            self.findings.add("not_zeroed", self.summed, text)

    def on_pass(self, place: Place, done: Pass, again: bool, stale: bool, alone: bool, ran: bool) -> None:
        """Report what a backward pass shows.

        Args:
            place: where it was made.
            done: what it has done.
            again: whether its graph holds the root of an earlier pass.
            stale: whether it holds operations that a pass has been through, and whose operands have changed.
            alone: whether its root is a leaf.
            ran: whether a net has been through samples since the pass before.
        """
        self.confirm(any(compared.used for compared in done.compared))
        changed = any(compared.changed for compared in done.compared)
        kept = any(compared.kept for compared in done.compared)
        self.summed = None
        if again and (kept or changed):
            text = "The gradients of its first pass were added to once more."
            if changed:
                text = (
                    "Parameters have changed since it was made, and its slopes are still those from before."
                )
            self.findings.add("backward_twice", place, text)
        elif stale:
            text = "It goes through operations from before a pass, whose operands have changed since."
            self.findings.add("backward_twice", place, text)
        elif any(compared.stepped for compared in done.compared):
            self.summed = place
        if alone:
            text = "It was called on a Value that was not computed from others, such as Value(a number)."
            self.findings.add("unreached", place, text)
        elif ran and not done.known:
            self.lonely[place.file, place.line] += 1
            if self.lonely[place.file, place.line] > 1:
                text = "A net was called before it, and all that it reaches are Values that were just made."
                self.findings.add("unreached", place, text)
        self.latest, self.n_passes = place, self.n_passes + 1

    def on_replay(self, leaves: Sequence[Any]) -> None:
        """Note that a `Program` has left gradients in leaves; what they were before is not known."""
        for leaf in leaves:
            account, own = self.of_leaf(leaf)
            account.compare(None, None, own)

    # Steps

    def parts_of(self, target: Any) -> Parts:
        """The accounts, and their parts, of a module or a list of parameters."""
        known = self.targets.get(id(target))
        if known is None or known[0] is not target:
            known = self.targets[id(target)] = target, self.find_parts(target)
        return known[1]

    def find_parts(self, target: Any) -> Parts:
        """The same, without looking it up."""
        found: dict[Account, dict[int, None]] = {}
        if hasattr(target, "matrices") and target.all_in_vector:
            vector = target.matrices[0].owner[0]()
            return [(self.net(vector), np.array([matrix.owner[1] for matrix in target.matrices]))]
        parameters = list(target.params() if hasattr(target, "params") else target)
        plain = [p for p in parameters if isinstance(p, Value) and operation_of(p) != "parameter"]
        new = [p for p in dict.fromkeys(plain) if p not in self.values.index]
        if new:
            self.values.open(new)
        for p in parameters:
            if isinstance(p, Tensor):
                account, own = self.of_leaf(p._node)
            elif operation_of(p) == "parameter":
                account, own = self.of_leaf(p._home.leaf)
            else:
                account, own = self.values, np.array([self.values.index[p]])
            found.setdefault(account, {})[int(own[0])] = None
        return [(account, np.array(list(own))) for account, own in found.items()]

    def on_step(self, target: Any, place: Place) -> None:
        """Note a step that is about to change the parameters of ``target``."""
        parts = self.parts_of(target)
        reached = zero = False
        for account, own in parts:
            self.step_places[id(account)] = place
            account.note_first()
            account.steps[own] += 1
            reached = reached or bool(account.reached[own].any())
        n_passes, spared = self.before.get(id(target), (0, 0))
        self.before[id(target)] = self.n_passes, self.spared
        if not reached and spared == self.spared:
            self.without_gradients(place, parts, passed=n_passes != self.n_passes)
        elif reached:
            zero = not any(is_nonzero(account.gradient(i)) for account, own in parts for i in own)
            if zero and any(np.any(account.after) for account, _ in parts):
                text = (
                    "The gradients of backward() were set to 0 before the step, so that it changes nothing."
                )
                self.findings.add("step_without_backward", place, text)
        for account, own in parts:
            account.reached[own] = False
        if hasattr(target, "params") and not hasattr(target, "matrices"):
            self.attributes(target, place, parts)

    def without_gradients(self, place: Place, parts: Parts, passed: bool) -> None:
        """Report a step whose parameters no pass has reached since the one before, if any has ``passed``."""
        if passed and self.latest is not None:
            text = f"It reaches none of the parameters that the step in line {place.line} is to change."
            self.findings.add("unreached", self.latest, text)
        else:
            before = any(account.passes[own].any() for account, own in parts)
            text = (
                "No backward() was called since the step before."
                if before
                else "backward() was never called."
            )
            self.findings.add("step_without_backward", place, text)

    def attributes(self, target: Any, place: Place, parts: Parts) -> None:
        """Report parameters that a module of the user's has as attributes and does not list among its own."""
        listed_parts = {(id(account), i) for account, own in parts for i in own}
        for name, value in attributes_of(target):
            missing: Parts = []
            if isinstance(value, Value) and value in self.values.index:
                missing = [(self.values, np.array([self.values.index[value]]))]
            elif isinstance(value, Tensor) and value.requires_grad and value.is_leaf:
                missing = [self.of_leaf(value._node)]
            elif hasattr(value, "matrices"):
                missing = self.parts_of(value)
            for account, own in missing:
                for i in own:
                    if (id(account), i) not in listed_parts and account.moved[i] and account.passes[i] >= FEW:
                        kind = type(target).__name__
                        text = f"params() of {kind} does not list self.{name}, which has a gradient."
                        self.findings.add("never_changes", place, text)

    def uses_of(self, leaf: Any) -> tuple[int, int]:
        """How many passes have reached a Value, or a leaf of the tape, and how many steps were for it."""
        if not isinstance(leaf, Value):
            account, own = self.of_leaf(leaf)
            return int(account.passes[own].sum()), int(account.steps[own].sum())
        if leaf in self.values.index:
            i = self.values.index[leaf]
            return int(self.values.passes[i]), int(self.values.steps[i])
        return int(leaf in self.values.fresh), 0

    # At the end

    def trained_leaves(self) -> set[Any]:
        """The leaves of the layers of nets that are trained."""
        return {
            leaf
            for account in self.nets.values()
            for leaf, passes, steps, changed in zip(
                account.leaves, account.passes, account.steps, account.changed_parts(), strict=True
            )
            if passes and (steps or changed)
        }

    def finish(self, excused: Collection[Any]) -> None:
        """Report what only the whole training shows, but for the ``excused`` leaves of layers."""
        self.confirm(any(account.has_changed() for account in self.every_account()))
        self.never_reached()
        self.steps_of_nothing(excused)
        unreached = any(
            finding.mistake == "unreached" for finding in self.findings
        )  # which explains the rest
        changed_any = any(account.changed_parts().any() for account in self.every_account())
        place = next(iter(self.step_places.values()), self.written or self.latest)
        if self.latest is None or place is None:
            if self.written is not None and reads_gradient(self.written.file, self.written.line):
                text = "Numbers are changed by gradients, and backward() was never called."
                self.findings.add("step_without_backward", self.written, text)
            return
        if not changed_any:
            self.unchanged()
            return
        for account in self.every_account():
            changed = account.changed_parts()
            missing = []
            for i in np.flatnonzero(account.passes >= FEW).tolist():
                if isinstance(account, NetAccount) and account.leaves[i] in excused:
                    continue
                stays = account.moved[i] and not changed[i]
                if (
                    stays
                    and not unreached
                    and (account.zeroed[i] or (changed.any() and isinstance(account, NetAccount)))
                ):
                    missing.append(account.name(i))
                elif self.never_moved(account, i):
                    text = f"The gradient of {account.name(i)} was 0 everywhere, in each of the passes."
                    self.findings.add("never_changes", place, text)
            if missing:
                text = f"{listed(missing, SHOWN)} gets gradients, and only other parameters are changed."
                self.findings.add("never_changes", self.step_places.get(id(account), place), text)

    def unchanged(self) -> None:
        """Report what looks like updates where no parameter has changed at all."""
        assert self.latest is not None
        for line, source in rebinding_updates(self.latest.file):
            text = f"{source} leaves the parameter as it was; write p.data -= ..."
            self.findings.add_line("never_changes", self.latest.file, line, text)
        moved = any(account.moved.any() for account in self.every_account())
        if self.written is None or self.rewritten or not moved:
            return
        if reads_gradient(self.written.file, self.written.line):
            text = "Numbers are assigned here, always the same: the gradients are 0 by then."
            self.findings.add("step_without_backward", self.written, text)

    def never_moved(self, account: Account, part: int) -> bool:
        """Whether the gradient of a layer or Tensor was always 0, and that of others of its steps was not."""
        if account.moved[part] or account.steps[part] < FEW or isinstance(account, ValuesAccount):
            return False
        if any(finding.mistake in ("dead_units", "saturated_units") for finding in self.findings):
            return False  # which is why
        for _, parts in self.targets.values():
            if any(own is account for own, _ in parts):
                return any(own.moved[i] for own, indices in parts for i in indices)
        return False

    def steps_of_nothing(self, excused: Collection[Any]) -> None:
        """Report steps that have left all parameters as they were, or whose gradients were always 0."""
        if self.findings:
            return
        for _, parts in self.targets.values():
            many = all(account.steps[own].min() >= FEW <= account.passes[own].max() for account, own in parts)
            leaves = [leaf for account, _ in parts for leaf in getattr(account, "leaves", ())]
            if not many or any(leaf in excused for leaf in leaves):
                continue
            place = self.step_places[id(parts[0][0])]
            if not any(account.moved[own].any() for account, own in parts):
                text = "The gradients of all parameters were 0, in each of the passes."
                self.findings.add("never_changes", place, text)
            elif all(account.is_as_first() for account, _ in parts):
                text = "The steps have left all parameters as they were; is the learning rate 0?"
                self.findings.add("never_changes", place, text)

    def never_reached(self) -> None:
        """Report parameters that steps were to change, and that no pass has reached."""
        for _, parts in self.targets.values():
            missing = [a.name(i) for a, own in parts for i in own if a.steps[i] >= FEW and not a.passes[i]]
            if missing and self.latest is not None and any(a.passes[own].any() for a, own in parts):
                text = f"It never reached {listed(missing, SHOWN)}, which the steps were to change."
                self.findings.add("unreached", self.latest, text)
