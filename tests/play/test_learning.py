"""The playground's trainings, data sets, explanations and programs, without a server."""

import base64
import contextlib
import io
import itertools
import math
import random
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from autograd import losses
from autograd.errors import DataError, OptionError, TrainingError, UnknownNameError
from autograd.nn import Net
from autograd.play import Settings, Training, circle, contributions, moons, program, read_points, spiral, xor
from autograd.play.explanation import forward
from autograd.play.session import Session
from autograd.play.settings import CHOICES

SHAPES = {"circle": circle, "xor": xor, "moons": moons, "spiral": spiral}
ROWS = "".join(f"{n},{(7 * n) % 5},{'low' if n < 10 else 'high'}\n" for n in range(20))


def written(folder, text):
    path = folder / "points.csv"
    path.write_text(text)
    return path


# Data sets ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_has_as_many_points_of_each_class_and_its_seed_decides_them(name):
    points, again, other = SHAPES[name](3), SHAPES[name](3), SHAPES[name](4)
    assert points.X.shape == (300, 2)
    assert 120 <= points.labels.sum() <= 180
    assert (points.X == again.X).all()
    assert not (points.X == other.X).all()
    assert abs(points.X).max() < 2.5


@pytest.mark.parametrize("name", SHAPES)
def test_a_quarter_of_the_points_is_held_out_and_no_point_is_in_both_parts(name):
    points = SHAPES[name](0)
    train, held_out = points.split()
    assert (len(train.X), len(held_out.X)) == (225, 75)
    both = {tuple(x) for x in train.X.tolist()} | {tuple(x) for x in held_out.X.tolist()}
    assert both == {tuple(x) for x in points.X.tolist()}
    assert len(both) == 300
    assert 0.3 < held_out.labels.mean() < 0.7


def test_the_nearest_arm_of_the_spiral_without_noise_is_that_of_the_label():
    points = spiral(0)
    radius, angle = np.hypot(*points.X.T), np.arctan2(*points.X.T)
    # On the first arm the angle is 3π times the radius, on the second half a turn more
    off = np.cos(angle - 3 * math.pi * radius)
    assert ((off < 0) == (points.labels == 1)).mean() > 0.97


def test_a_table_is_scaled_and_tells_how_so_that_its_numbers_can_be_had_again(tmp_path):
    points = read_points(written(tmp_path, "length,rest,size\n" + ROWS))
    assert points.features == ("length", "rest")
    assert points.classes == ("low", "high")
    assert points.X.mean(axis=0) == pytest.approx([0, 0], abs=1e-12)
    assert points.X.std(axis=0) == pytest.approx([1, 1])
    length = points.X[:, 0] * points.spread[0] + points.mean[0]
    assert sorted(length.round(9)) == [*range(20)]
    assert ((length > 9.5) == (points.labels == 1)).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("a,b\n1,2\n", "wants three columns, two features and then the class, got 2 columns: a, b"),
        ("a,b,c,d\n1,2,3,4\n", "got 4 columns: a, b, c, d"),
        ("a,b,c\n1,2,x\n2,3,y\n", "wants 8 to 1,000 rows, got 2"),
        ("a,b,c\n" + 51 * ROWS, "wants 8 to 1,000 rows, got 1,020"),
        ("a,b,c\n" + ROWS + "1,two,low\n", "line 22, column 'b': 'two' is no finite number; correct it"),
        ("a,b,c\n" + ROWS + "1,,low\n", "line 22, column 'b': the cell is empty; correct it"),
        ("a,b,c\n" + ROWS + "1,inf,low\n", "'inf' is no finite number"),
        ("a,b,c\n" + ROWS + "1,2,middle\n", "one of two, and has 3 different cells: low, high, middle"),
        ("a,b,c\n" + ROWS.replace("high", "low"), "one of two, and has 1 different cell: low"),
        ("a,b,c\n" + ROWS.replace("high", ""), "a cell of the last column, the class 'c', is empty"),
        ("a,b,c\n" + re.sub(r",\d,", ",7,", ROWS), "column 'b' is 7 in all rows, so nothing is learned"),
        (
            "a,b,c\n" + ROWS + "1,1e308,low\n2,-1e308,low\n",
            "column 'b' is too large or too narrow to be scaled",
        ),
        ("a,b,c\n" + re.sub(r",\d,", ",0.1,", ROWS), "column 'b' is 0.1 in all rows"),
        ("a,b,c\n" + ROWS + "1,2\n", "line 22: 2 cells instead of 3"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_the_reason(tmp_path, text, message):
    with pytest.raises(DataError, match=re.escape(message)):
        read_points(written(tmp_path, text))


# Settings -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "error", "message"),
    [
        ({"data": "spirals"}, UnknownNameError, "unknown data 'spirals'.*did you mean 'spiral'"),
        ({"loss": "cross_entropy"}, UnknownNameError, "unknown loss"),
        ({"optimizer": ["adam"]}, UnknownNameError, "unknown optimizer"),
        ({"speed": 2}, UnknownNameError, "unknown setting 'speed'"),
        ({"hidden": [8] * 7}, OptionError, "at most 6 layers, got 7"),
        ({"hidden": [17]}, OptionError, "at most 16 neurons, got 17"),
        ({"hidden": [0]}, OptionError, "whole number of 1 or more, got 0"),
        ({"hidden": [2.5]}, OptionError, "whole number of 1 or more, got 2.5"),
        ({"hidden": "88"}, OptionError, "hidden must be a list of sizes, got '88'"),
        ({"lr": 0}, OptionError, "lr must be above 0"),
        ({"lr": "fast"}, OptionError, "lr must be above 0"),
        ({"lr": True}, OptionError, "lr must be above 0"),
        ({"lr": 10**400}, OptionError, "lr must be above 0 and below inf"),
        ({"penalty": -1}, OptionError, "penalty must be at least 0"),
        ({"penalty": math.nan}, OptionError, "penalty must be at least 0"),
        ({"seed": -1}, OptionError, "seed must be a whole number from 0"),
        ({"seed": 1.0}, OptionError, "seed must be a whole number from 0"),
        ([], OptionError, "must be a JSON object, got list"),
    ],
)
def test_settings_out_of_their_range_are_refused(chosen, error, message):
    with pytest.raises(error, match=message):
        Settings.of(chosen)


def test_data_of_a_table_need_a_table():
    with pytest.raises(OptionError, match="choose a file first"):
        Training(Settings(data="csv"))


# Training -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHAPES)
def test_the_first_settings_learn_every_shape_within_500_updates(name):
    training = Training(Settings(data=name))
    for _ in range(500):
        training.update()
    assert training.scores()["held_out"]["accuracy"] > 0.95


def test_an_update_is_a_step_of_gradient_descent_by_differences_of_the_loss():
    training = Training(Settings(data="xor", hidden=(3,), optimizer="sgd", lr=0.1, penalty=0.2, loss="mse"))
    net, y = training.net, np.where(training.train.labels, 1.0, -1.0)
    before = net.values.copy()
    biases = np.array([False, False, True] * 3 + [False] * 3 + [True])

    def loss(values):
        net.values = values
        fit = ((net.predict(training.train.X)[:, 0] - y) ** 2).mean()
        return fit + 0.1 * (values[~biases] ** 2).sum()

    h = 1e-6
    slopes = [(loss(before + h * e) - loss(before - h * e)) / (2 * h) for e in np.eye(len(before))]
    net.values = before
    training.update()
    assert net.values == pytest.approx(before - 0.1 * np.array(slopes), abs=1e-8)


@pytest.mark.parametrize("loss", CHOICES["loss"])
@pytest.mark.parametrize("optimizer", CHOICES["optimizer"])
def test_every_loss_falls_with_every_optimiser(loss, optimizer):
    training = Training(Settings(data="circle", loss=loss, optimizer=optimizer, lr=0.01))
    before = training.scores()["train"]["loss"]
    for _ in range(30):
        training.update()
    assert training.scores()["train"]["loss"] < before


@pytest.mark.parametrize("activation", CHOICES["activation"])
def test_every_activation_trains(activation):
    training = Training(Settings(data="xor", activation=activation, hidden=(5, 4)))
    before = training.scores()["train"]["loss"]
    for _ in range(30):
        training.update()
    assert training.scores()["train"]["loss"] < before


def test_a_loss_that_is_no_longer_finite_stops_the_training_with_finite_weights():
    training = Training(Settings(optimizer="sgd", lr=1e6, loss="mse", activation="relu"))

    def train():
        for _ in range(1000):
            training.update()

    with pytest.raises(TrainingError, match=r"after \d+ updates: sgd with the learning rate 1e\+06 went too"):
        train()
    assert np.isfinite(training.net.values).all()
    updates = training.updates
    with pytest.raises(TrainingError):
        training.update()
    assert training.updates == updates


def test_trainings_in_several_threads_are_those_of_one_and_leave_the_random_numbers_of_others_alone():
    def train(_):
        training = Training(Settings(data="moons"))
        for _ in range(5):
            training.update()
        return training.net.values

    random.seed(5)
    wanted = random.random()
    random.seed(5)
    alone = train(0)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            assert all((values == alone).all() for values in pool.map(train, range(40)))
    finally:
        sys.setswitchinterval(interval)
    assert random.random() == wanted


def test_a_step_beyond_all_numbers_is_taken_back():
    training = Training(Settings(optimizer="sgd", lr=1e308, penalty=1e10))
    before = training.net.values.copy()
    with pytest.raises(TrainingError, match="after 0 updates"):
        training.update()
    assert (training.net.values == before).all()


def test_weights_begin_as_suits_the_activation():
    for activation, limit in (("tanh", math.sqrt(6 / 18)), ("relu", math.sqrt(6 / 2))):
        training = Training(Settings(activation=activation, hidden=(16,)))
        assert 0.9 * limit < abs(training.net.layers[0].weight).max() <= limit


def test_a_frame_shows_where_the_net_and_each_neuron_are_positive():
    training = Training(Settings(data="moons", hidden=(4, 3)))
    for _ in range(20):
        training.update()
    frame = training.frame()
    (left, bottom), (right, top) = training.field.low, training.field.high

    def at(picture, row, column):
        data = np.frombuffer(base64.b64decode(picture), np.uint8)
        side = math.isqrt(len(data))
        x = left + (column + 0.5) / side * (right - left)
        y = top - (row + 0.5) / side * (top - bottom)
        return int(data.reshape(side, side)[row, column]) - 128, [x, y]

    for row, column in itertools.product(range(0, 48, 5), repeat=2):
        shade, x = at(frame["output"], row, column)
        assert shade == pytest.approx(127 * math.tanh(training.net([x]).item()), abs=0.51)
    layer = training.net.layers[0]
    for k, (row, column) in itertools.product(range(4), itertools.product(range(0, 24, 5), repeat=2)):
        shade, x = at(frame["neurons"][0][k], row, column)
        # A coarse picture takes its cells from the fine one, half a fine cell beside their middle
        step = np.array([right - left, bottom - top]) / 96
        total = layer.weight[k] @ (x + step) + layer.bias[k]
        assert shade == pytest.approx(127 * math.tanh(total), abs=0.51)
    assert [len(of) for of in frame["neurons"]] == [4, 3]
    assert np.array(frame["weights"][1]).shape == (3, 5)
    assert frame["weights"][1][2][1] == pytest.approx(training.net.layers[1].neurons[2].w[1].data, rel=1e-5)
    assert frame["weights"][1][2][4] == pytest.approx(training.net.layers[1].neurons[2].b.data, rel=1e-5)


# Explanations -------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", CHOICES["loss"])
@pytest.mark.parametrize("activation", CHOICES["activation"])
def test_contributions_add_up_to_the_gradient_of_backward(loss, activation, rng):
    net = Net(2, [4, 3, 1], activation, "linear", init="xavier")
    net.values = rng.uniform(-1, 1, net.nparams())  # with biases other than 0
    X, y = (
        rng.normal(size=(30, 2)),
        np.where(rng.random((30, 1)) < 0.5, losses.LOSSES[loss].labels == (0, 1), 1),
    )
    y = np.where(y == 1, 1.0, 0.0 if losses.LOSSES[loss].labels == (0, 1) else -1.0)
    net.zero_grad()
    losses.LOSSES[loss](net(X), y).backward()
    for layer, of in enumerate(net.layers):
        for neuron, input in itertools.product(range(of.n_out), range(of.n_in + 1)):
            found = contributions(net, X, y, losses.LOSSES[loss], layer, neuron, input)
            weight = [*of.neurons[neuron].w, of.neurons[neuron].b][input]
            assert found.total == pytest.approx(weight.grad, rel=1e-9, abs=1e-14)
            assert found.parts.sum() == pytest.approx(found.total)


def test_a_contribution_is_what_the_row_alone_gives_the_gradient(rng):
    net = Net(2, [3, 1], "tanh", "linear")
    X, y = rng.normal(size=(5, 2)), rng.normal(size=(5, 1))
    found = contributions(net, X, y, losses.mse, 0, 1, 0)
    for i in range(5):
        net.zero_grad()
        (losses.mse(net(X[i : i + 1]), y[i : i + 1]) / 5).backward()
        assert found.parts[i] == pytest.approx(net.layers[0].neurons[1].w[0].grad)
    assert found.inputs == pytest.approx(X[:, 0])


def test_forward_gives_what_the_layers_give_one_by_one(rng):
    net = Net(2, [3, 1], "sigmoid", "linear")
    X = rng.normal(size=(4, 2))
    (first, _), (second, out) = forward(net, X)
    assert first == pytest.approx(X)
    assert second == pytest.approx(net.layers[0](X).data)
    assert out == pytest.approx(net.predict(X))


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ((3, 0, 0), "layer from 0 to 2, got 3"),
        ((-1, 0, 0), "layer from 0 to 2, got -1"),
        ((0, 8, 0), "neuron from 0 to 7, got 8"),
        ((0, 0, 3), "input from 0 to 2, got 3"),
        ((0, 0, "0"), "input from 0 to 2, got '0'"),
        ((None, 0, 0), "layer from 0 to 2, got None"),
        ((True, 0, 0), "layer from 0 to 2, got True"),
    ],
)
def test_a_weight_that_does_not_exist_has_no_explanation(weight, message):
    with pytest.raises(OptionError, match=re.escape(message)):
        Training(Settings()).explain(*weight)


def test_a_gradient_that_is_not_finite_has_no_explanation():
    training = Training(Settings(optimizer="sgd", lr=1e150, loss="mse", activation="relu"))
    training.update()
    with pytest.raises(TrainingError, match="went too far"):
        training.update()
    with pytest.raises(TrainingError, match="no longer finite; begin again"):
        training.explain(0, 0, 0)


def test_an_explanation_lists_the_largest_parts_and_adds_the_others_and_the_penalty():
    training = Training(Settings(penalty=0.1, optimizer="sgd"))
    training.update()
    told = training.explain(1, 2, 3)
    for weight in ((1, 2, 3), (0, 0, 0), (0, 1, 2), (2, 0, 0)):
        parts = training.contributions(*weight).parts
        largest = [abs(row["part"]) for row in training.explain(*weight)["largest"]]
        assert largest == sorted(abs(parts), reverse=True)[:5]
    assert all(row["part"] == pytest.approx(row["error"] * row["input"]) for row in told["largest"])
    assert sum(row["part"] for row in told["largest"]) + told["others"] == pytest.approx(told["gradient"])
    training.net.zero_grad()
    (training.loss(training.net(training.train.X), training.targets(training.train))).backward()
    training.net.penalty(0.1).backward()
    weight = training.net.layers[1].neurons[2].w[3]
    assert told["gradient"] + told["penalty"] == pytest.approx(weight.grad)
    assert told["weight"] == weight.data
    bias = training.explain(1, 2, 8)
    assert bias["weight"] == training.net.layers[1].neurons[2].b.data != 0
    assert bias["penalty"] == 0  # the penalty leaves biases out


# Programs -----------------------------------------------------------------------------------------

SOME = [
    Settings(),
    Settings(data="moons", hidden=(), loss="hinge", optimizer="sgd", lr=0.3),
    Settings(
        data="xor", hidden=(6,), activation="relu", loss="mse", optimizer="rmsprop", penalty=0.01, seed=5
    ),
    Settings(data="circle", hidden=(3, 2, 4), activation="gelu", loss="huber", optimizer="adamw", penalty=1),
    Settings(data="csv", hidden=(4,), activation="sigmoid", loss="mae", lr=0.1, seed=2),
]


@pytest.mark.parametrize("settings", SOME, ids=lambda settings: settings.data)
def test_the_program_reaches_the_losses_of_the_playground(settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "a,b,c\n" + ROWS)
    table = read_points("points.csv", settings.seed) if settings.data == "csv" else None
    training = Training(settings, table)
    for _ in range(40):
        training.update()
    text, names, printed = program(settings, 40), {}, io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(text, "program", "exec"), names)
    scores = training.scores()
    assert names["loss"] == pytest.approx(scores["train"]["loss"], rel=1e-12)
    assert names["loss_held_out"] == pytest.approx(scores["held_out"]["loss"], rel=1e-12)
    assert f"loss {scores['train']['loss']:.6f}" in printed.getvalue()
    assert f"accuracy on the points held out {scores['held_out']['accuracy']:.3f}" in printed.getvalue()
    assert names["net"].values == pytest.approx(training.net.values, rel=1e-12)
    assert max(map(len, text.splitlines())) <= 88


# Sessions -----------------------------------------------------------------------------------------


def test_a_session_plays_steps_pauses_and_begins_anew():
    session = Session()
    first = session.news(1)
    assert first["frame"]["updates"] == 0
    session.play()
    assert [session.news(1)["frame"]["updates"] for _ in range(3)] == [3, 6, 9]
    session.pause()
    assert session.news(1)["frame"] == {
        **session.news(0).get("frame", {}),
        **session._training.frame(),
        "playing": False,
    }
    assert session.news(0) == {}
    session.step()
    assert session.news(1)["frame"]["updates"] == 10
    session.reset()
    again = session.news(1)
    assert again["frame"] == first["frame"]
    assert again["scene"].pop("training") == session.explain(0, 0, 0)["training"] == 2
    assert first["scene"].pop("training") == 1
    assert again["scene"] == first["scene"]
    session.end()
    session.play()
    assert session.news(1) == {}


def test_a_session_tells_of_a_loss_that_is_not_finite_and_pauses():
    session = Session()
    session.build({"optimizer": "sgd", "lr": 1e6, "loss": "mse", "activation": "relu"})
    session.play()
    news = next(news for news in iter(lambda: session.news(1), None) if "problem" in news)
    assert "choose a smaller one" in news["problem"]
    assert news["frame"]["playing"] is False
    assert session.news(0) == {}


def test_a_table_of_a_session_is_learned_and_its_errors_have_the_name_of_its_file(tmp_path):
    session = Session()
    with pytest.raises(OptionError, match="choose a file first"):
        session.build({"data": "csv"})
    with pytest.raises(DataError, match=r"^mine.csv, line 22: 2 cells instead of 3"):
        session.table("../mine.csv", "a,b,c\n" + ROWS + "1,2\n")
    with pytest.raises(DataError, match=r"^t.csv: not a CSV file: byte 0xed is no text in UTF-8"):
        session.table("t.csv", "\ud800")
    with pytest.raises(DataError, match="at most 1,000,000 characters"):
        session.table("t.csv", "1" * 1_000_001)
    with pytest.raises(OptionError, match="wants the name and the text"):
        session.table("t.csv", None)
    assert session.table("C:/data/mine.tsv", ("a,b,c\n" + ROWS).replace(",", "\t"))["rows"] == 20
    session.build({"data": "csv", "seed": 1})
    scene = session.news(1)["scene"]
    assert scene["classes"] == ("low", "high")
    assert len(scene["points"]) == 20
    path = written(tmp_path, "a,b,c\n" + ROWS)
    same, other = (read_points(path, seed).split()[0].X[:, 0].round(6).tolist() for seed in (1, 0))
    assert [point["x"] for point in scene["points"]][:15] == same != other
    assert sum(point["held_out"] for point in scene["points"]) == 5
    assert "points = read_points('mine.tsv', seed=1)" in session.program()["program"]
    assert "range(500)" in session.program()["program"]
    session.reset()
    assert session.news(1)["scene"]["points"] == scene["points"]
