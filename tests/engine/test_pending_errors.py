"""Errors and interrupts in pending operations: which reads raise, and that work can be done again."""

import pytest
from both_engines import FACADE, ORACLE, small_net, twins

from autograd.errors import DomainError
from autograd.nn import Net, rowwise, samples

pytestmark = pytest.mark.usefixtures("seeded")

DOMAINS = {
    "log": (lambda v: (-v).log(), DomainError),
    "sqrt": (lambda v: (-v).sqrt(), DomainError),
    "**": (lambda v: (-v) ** 0.5, DomainError),
    "** of two": (lambda v: (-v) ** v, DomainError),
    "exp": (lambda v: (v * 1e5).exp(), OverflowError),
    "/": (lambda v: v / (v * 0.0), ZeroDivisionError),
    "reflected /": (lambda v: 1 / (v * 0.0), ZeroDivisionError),
}


@pytest.mark.parametrize(("leave", "error"), DOMAINS.values(), ids=DOMAINS)
def test_the_error_of_a_pending_operation_is_raised_only_by_reads_that_need_its_number(leave, error):
    ours, theirs = twins(lambda nn: nn.Net(1, [3, 1], activation="sigmoid"))
    found = []
    for net in (ours, theirs):
        v, w = net([0.5]), net([1.5])
        good = [v.exp(), w.log(), (v * w).sqrt()]
        if net is ours:
            bad = leave(v)
            after = [bad * 2, bad + w, w + bad, sum([w, bad, w]), bad.tanh(), bad - bad, bad * w, net([bad])]
        total = sum(good) + v.log()
        (3 * total).backward()
        found.append([*[y.data for y in good], total.data, v.grad, w.grad, *[p.grad for p in net.params()]])
    assert found[0] == pytest.approx(found[1], rel=1e-12)
    before = [p.grad for p in ours.params()]
    for y in [bad, *after, bad]:
        for look in (float, repr, lambda y: y < 1, lambda y: y.backward()):
            with pytest.raises(error):
                look(y)
    assert [p.grad for p in ours.params()] == before


def test_a_pending_running_sum_has_numbers_up_to_its_first_term_with_an_error():
    net = Net(1, [3, 1], activation="sigmoid")
    terms = [net([x]) for x in (0.1, 0.2, 0.3, 0.4)]
    total, steps = 0, []
    for i, term in enumerate(terms):
        total += (-term).log() if i == 2 else term
        steps.append(total)
    assert steps[1].data == terms[0].data + terms[1].data
    for step in steps[2:]:
        with pytest.raises(DomainError):
            _ = step.data
    (3 * steps[1]).backward()
    assert [v.grad for v in terms] == [3, 3, 0, 0]


@pytest.mark.parametrize("nth", [0, 1, 2])
@pytest.mark.parametrize(
    "look",
    [
        lambda net, loss: loss.data,
        lambda net, loss: loss.backward(),
        lambda net, loss: setattr(net.params()[0], "data", 5.0),
    ],
    ids=["data", "backward", "p.data ="],
)
def test_pending_operations_can_be_computed_again_after_an_interrupt(nth, look, monkeypatch):
    calls = []
    monkeypatch.setattr(rowwise, "MOST_PRODUCTS", 0)
    forward = samples.Samples.forward

    def interrupted(self, *args):
        calls.append(None)
        if len(calls) == nth + 1:
            raise KeyboardInterrupt
        return forward(self, *args)

    def program(net):
        x = net.x
        hs = [net.layers[0]([x, t]) for t in (0.5, 1.5, -2.0)]
        outs = [net.layers[1](h) for h in hs]
        loss = sum((y - 0.5) ** 2 for y in outs) + net([outs[0], outs[1] * x])
        return loss, [*outs, hs[0][0]]

    found = []
    for net, engine in zip(twins(small_net), (FACADE, ORACLE), strict=True):
        net.x = engine.Value(0.75)
        loss, inner = program(net)
        if engine is FACADE:
            monkeypatch.setattr(samples.Samples, "forward", interrupted)
            number = net.params()[0].data
            with pytest.raises(KeyboardInterrupt):
                look(net, loss)
            assert net.params()[0].data == number
        more, _ = program(net)
        (3 * (loss + more)).backward()
        found.append([loss.data, more.data, *[v.data for v in inner], *[v.grad for v in inner], net.x.grad])
        found[-1] += [p.grad for p in net.params()]
    assert len(calls) > nth + 1
    assert found[0] == pytest.approx(found[1], rel=1e-12)
