"""A second training of the same net: what is kept from the first, and when it is let go."""

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest
from registries import restored
from trainings import CURVE, NUMBERS, ROWS, TARGETS, Scaled, X, curve_net, same_bits, small_net

from autograd.errors import OptionError, TrainingError, UnsupportedError
from autograd.nn import Net, register_activation
from autograd.optim import SGD, Adam
from autograd.tensor.program import program
from autograd.training import objective


@pytest.fixture
def recordings(monkeypatch):
    """The numbers of rows for which steps are recorded."""
    record, sizes = program.record, []

    def counting(function, *examples, **options):
        sizes.append(len(examples[0]))
        return record(function, *examples, **options)

    monkeypatch.setattr(program, "record", counting)
    return sizes


LEARN = {
    "fit": lambda net, **options: net.fit(ROWS, NUMBERS, epochs=2, batch_size=16, seed=1, **options),
    "one batch": lambda net, **options: net.fit(ROWS, NUMBERS, epochs=2, batch_size=40, **options),
    "partial_fit": lambda net, **options: net.partial_fit(ROWS, NUMBERS, **options),
    "batches": lambda net, **options: net.fit([(ROWS[:7], NUMBERS[:7])], epochs=2, **options),
}


@pytest.mark.parametrize("first", LEARN)
@pytest.mark.parametrize("change", ["nothing", "values", "state", "dict"])
def test_a_second_training_records_nothing_and_has_the_bits_of_a_new_net(first, change, recordings):
    net = small_net()
    LEARN[first](net)
    sizes = len(recordings)
    assert sizes > 0
    if change == "values":
        net.values = net.values * 0.5
    elif change == "state":
        net.load_state_dict({name: a * 0.5 for name, a in net.state_dict().items()})
    elif change == "dict":
        net.layers[0].neurons[0].w[0].data = 0.25
    twin = small_net()
    twin.values = net.values
    net._partial_fit = None  # a new optimiser
    LEARN[first](net)
    assert len(recordings) == sizes
    LEARN[first](twin)
    same_bits(net, twin)


def test_another_loss_penalty_or_size_records_its_own_and_all_are_right(recordings):
    net = small_net()
    for _ in range(2):
        for loss in ("mse", "mae", "hinge"):
            for alpha in (0.0, 0.5):
                twin = small_net()
                twin.values = net.values
                for each in (net, twin):
                    each.fit(ROWS, TARGETS[loss], loss=loss, alpha=alpha, epochs=1, batch_size=16, seed=1)
                same_bits(net, twin)
    assert len(net._batch_losses._kept) == objective.LOSSES_KEPT


@pytest.mark.parametrize(("most", "kept"), [(1000, 1), (1 << 25, 3)])
def test_of_large_programs_the_latest_is_kept(most, kept, monkeypatch, recordings):
    monkeypatch.setattr(objective, "BYTES_KEPT", most)
    net = small_net()
    for rows in (40, 30, 20):
        net.partial_fit(ROWS[:rows], NUMBERS[:rows])
    (batch_loss,) = net._batch_losses._kept.values()
    assert len(batch_loss.gradient_programs) == kept
    net.partial_fit(ROWS[:20], NUMBERS[:20])
    assert recordings == [40, 30, 20]


@pytest.mark.parametrize("learn", LEARN)
@pytest.mark.parametrize("options", [{}, {"optimizer": Adam}, {"alpha": 0.1}], ids=str)
def test_a_trained_net_is_freed_without_the_cycle_collector(learn, options):
    gc.collect()
    gc.disable()
    try:
        net = small_net()
        options = {name: x(net) if name == "optimizer" else x for name, x in options.items()}
        LEARN[learn](net, **options)
        del options
        known = weakref.ref(net)
        del net
        assert known() is None
    finally:
        gc.enable()


def test_a_callback_may_train_the_same_net_on_other_rows():
    others = ROWS[::-1] * 2.0
    net, twin = small_net(), small_net()
    opt, twins = SGD(net, lr=0.1), SGD(twin, lr=0.1)
    options = {"epochs": 1, "batch_size": 40}
    for each, own in ((net, opt), (twin, twins)):  # from here on there is a recording to reuse
        each.fit(ROWS, NUMBERS, optimizer=own, **options)
    net.fit(
        ROWS,
        NUMBERS,
        optimizer=opt,
        epochs=3,
        batch_size=40,
        callbacks=[lambda history: net.fit(others, NUMBERS, optimizer=opt, **options).interrupted],
    )
    for _ in range(3):
        twin.fit(ROWS, NUMBERS, optimizer=twins, **options)
        twin.fit(others, NUMBERS, optimizer=twins, **options)
    same_bits(net, twin)


def test_an_error_or_an_interrupt_leaves_the_net_fit_for_another_training():
    net, twin = small_net(), small_net()
    for error in (KeyError, KeyboardInterrupt):

        def fail(history, error=error):
            raise error

        if error is KeyError:
            with pytest.raises(KeyError):
                net.fit(ROWS, NUMBERS, epochs=2, seed=1, callbacks=[fail])
        else:
            net.fit(ROWS, NUMBERS, epochs=2, seed=1, callbacks=[fail])
    for _ in range(2):
        twin.fit(ROWS, NUMBERS, epochs=1, seed=1)
    same_bits(net, twin)
    net.fit(ROWS, NUMBERS, epochs=3, seed=2)
    twin.fit(ROWS, NUMBERS, epochs=3, seed=2)
    same_bits(net, twin)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_a_copy_of_a_trained_net_trains_by_itself(copied):
    net = small_net()
    net.fit(ROWS, NUMBERS, epochs=2, seed=1)
    twin = copied(net)
    before = net.values.copy()
    twin.fit(ROWS, NUMBERS, epochs=2, seed=1)
    np.testing.assert_array_equal(net.values, before)
    net.fit(ROWS, NUMBERS, epochs=2, seed=1)
    same_bits(net, twin)


def test_an_error_after_resuming_keeps_the_resumed_weights(tmp_path):
    path = tmp_path / "half.npz"
    half = curve_net()
    half.fit(X, CURVE, epochs=5, seed=1, checkpoint=path)

    def break_it(history):
        if len(history.loss) == 7:
            net.values = 1e200

    net = curve_net(seed=2)
    with pytest.raises(TrainingError):
        net.fit(X, CURVE, epochs=20, seed=1, checkpoint=path, callbacks=[break_it])
    assert np.isfinite(net.values).all()
    np.testing.assert_array_equal(net.values, half.values)


@pytest.mark.parametrize("ends", [True, None])
def test_callbacks_never_see_weights_that_are_not_finite(ends):
    net = Net(1, [1], "linear", init=lambda n_out, n_in: [[1.0]])
    seen = []

    def look(history):
        seen.append(net.values.copy())
        return ends

    with pytest.raises(TrainingError, match="a weight became infinite or nan"):
        net.fit([1e100], [0.0], optimizer="sgd", lr=1e300, epochs=5, callbacks=[look])
    assert np.isfinite(seen).all()
    assert np.isfinite(net.values).all()


# Classes derived from Net -----------------------------------------------------------------------


class Strict(Net):
    """A Net with another penalty."""

    def penalty(self, alpha):
        return super().penalty(alpha) * 1000


def test_fit_uses_the_penalty_of_a_subclass():
    nets = [kind(3, [5, 2], "tanh", "linear") for kind in (Net, Strict)]
    nets[1].values = nets[0].values
    told = [net.fit(ROWS, NUMBERS, alpha=0.1, epochs=1, seed=1) for net in nets]
    assert told[1].penalty[0] > 900 * told[0].penalty[0]


def test_a_subclass_with_parameters_of_its_own_is_trained_as_a_whole_or_refused(tmp_path):
    net = Scaled()
    assert net.nparams() == len(net.params()) == 14
    net(np.ones((4, 2))).sum().backward()
    assert net.scale.grad
    before = net.scale.item()
    Adam(net, lr=0.1).step()
    assert net.scale.item() != before
    before = net.scale.item()
    net.step(0.1)
    assert net.scale.item() != before
    net.zero_grad()
    assert not net.scale.grad.any()
    assert not net.grads.any()
    assert sum(a.size for a in net.state_dict().values()) == 14
    twin = Scaled()
    twin.load_state_dict(net.state_dict())
    assert twin.scale.item() == net.scale.item()
    with pytest.raises(UnsupportedError, match=r"this Scaled has more parameters, or a .* call fit\("):
        net.partial_fit(np.ones((4, 2)), np.ones(4))


# Data ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["F", "a column slice", "reversed"])
def test_arrays_that_are_not_contiguous_give_the_bits_of_those_that_are(order):
    rows = np.random.default_rng(1).normal(size=(400, 3))
    y = np.sin(rows[:, :2])
    wide = np.empty((400, 9))
    given = {
        "F": np.asfortranarray(rows),
        "a column slice": wide[:, 2:5],
        "reversed": rows[::-1],
    }[order]
    if order == "a column slice":
        given[...] = rows
    nets = small_net(), small_net()
    told = [
        net.fit(data, y, epochs=2, seed=1) for net, data in zip(nets, (given, given.copy("C")), strict=True)
    ]
    same_bits(*nets)
    assert told[0].loss == told[1].loss


def test_targets_within_rounding_of_a_bound_and_rows_of_weight_0_are_in_reach():
    net = Net(3, [2], "sigmoid")
    y = np.full((40, 2), 1 + 1e-15)
    net.fit(ROWS, y, epochs=1)
    y[:30] = -999
    net.fit(ROWS, y, epochs=1, sample_weight=np.repeat([0, 1], [30, 10]))
    with pytest.raises(OptionError, match="60 of 80 targets are out of reach"):
        net.fit(ROWS, y, epochs=1)


def test_a_net_with_a_registered_activation_can_be_pickled_and_named_by_the_row(tmp_path):
    with restored():
        row = register_activation("cube", lambda x: x**3)
        net = Net(3, [4, 2], row, "linear")
        assert net.activations == ["cube", "linear"]
        again = pickle.loads(pickle.dumps(net))
        np.testing.assert_array_equal(again.predict(ROWS), net.predict(ROWS))
        net.save(tmp_path / "net.npz")
        assert copy.deepcopy(row) is row
