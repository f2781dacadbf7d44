"""Pictures of nets: they show the outputs of the net, are legible, and do not rely on colour alone."""

import random
import re

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from autograd import plot
from autograd.errors import DataError, MissingExtraError, NotANumberError, ShapeError, UnknownNameError
from autograd.nn import Net
from autograd.training import History


@pytest.fixture
def net():
    random.seed(2)
    return Net(2, [6, 3], "tanh", "linear")


def three(rng, n=60):
    labels = np.arange(n) % 3
    return rng.normal(0, 0.5, (n, 2)) + np.array([[0, 0], [2, 0], [0, 2]])[labels], labels


def is_whole(picture):
    """Whether all axes lie within the picture, with their labels, numbers, titles and legends."""
    picture.draw_without_rendering()
    width, height = picture.canvas.get_width_height()
    boxes = [axes.get_tightbbox() for axes in picture.axes]
    return all(b.x0 >= -1 and b.y0 >= -1 and b.x1 <= width + 1 and b.y1 <= height + 1 for b in boxes)


def image_of(axes):
    (image,) = axes.images
    array = np.asarray(image.get_array())
    return array if image.origin == "lower" else array[::-1], image.get_extent()


def at(axes, x, y):
    """The colour that the picture has at a point."""
    image, (left, right, low, high) = image_of(axes)
    rows, columns = image.shape[:2]
    return image[int((y - low) / (high - low) * rows), int((x - left) / (right - left) * columns)]


def hue(colour):
    """The index of the class whose colour, mixed with white, gives this tint."""
    away = 1 - np.asarray(colour)
    known = [1 - np.array(plot.colour(k)) for k in range(14)]
    return int(np.argmax([away @ k / np.linalg.norm(k) for k in known]))


def test_plot_decision_colours_regions_by_the_class_that_the_net_predicts(net, rng):
    X, y = three(rng)
    net.fit(X, y, loss="cross_entropy", lr=0.05, epochs=40, seed=1)
    (axes,) = net.plot_decision(X, y).axes
    assert axes.get_xlim()[0] < X[:, 0].min()
    assert axes.get_ylim()[1] > X[:, 1].max()
    points = rng.uniform(X.min(axis=0), X.max(axis=0), (200, 2))
    outputs = net.predict(points)
    clear = np.ptp(np.sort(outputs, axis=1)[:, -2:], axis=1) > 1
    assert clear.sum() > 100
    for (px, py), out in zip(points[clear], outputs[clear], strict=True):
        assert hue(at(axes, px, py)) == out.argmax()


@pytest.mark.parametrize(
    ("output", "low", "threshold"), [("tanh", -1, 0.0), ("sigmoid", 0, 0.5), ("linear", 0, 0)]
)
def test_plots_of_a_net_with_one_output_take_the_threshold_of_its_activation(output, low, threshold, rng):
    random.seed(3)
    net = Net(2, [8, 1], "tanh", output)
    X = rng.uniform(-1, 1, (50, 2))
    y = np.where(net.predict(X)[:, 0] > threshold, 1, low)
    (axes,) = net.plot_decision(X, y).axes
    outputs = net.predict(X)[:, 0]
    clear = np.abs(outputs - threshold) > 0.05  # of the boundary
    assert {*y[clear].tolist()} == {low, 1}
    for (px, py), label in zip(X[clear], y[clear], strict=True):
        assert hue(at(axes, px, py)) == (label == 1)
    assert [t.get_text() for t in axes.get_legend().get_texts()] == [str(low), "1"]
    matrix = net.plot_confusion(X, y).axes[0]
    assert matrix.get_title() == "100.0% of 50 rows right"
    moved = net.plot_confusion(X, y, threshold=outputs.max()).axes[0]
    assert moved.get_title() == f"{(y == low).mean():.1%} of 50 rows right"


def test_plot_decision_colours_regions_more_faintly_the_less_certain_the_net_is():
    net = Net(2, [1], "linear")
    net.values = [1.0, 0.0, 0.0]
    (axes,) = net.plot_decision([[-4, 0], [4, 1]], [-1, 1]).axes
    whiteness = [at(axes, x, 0.5).min() for x in (0.1, 1.0, 2.0, 4.0)]
    assert whiteness == sorted(whiteness, reverse=True)
    assert len(set(whiteness)) == 4


def test_plot_decision_draws_the_boundary_where_two_classes_are_equally_likely():
    net = Net(2, [1], "linear")
    net.values = [1.0, 0.0, -0.5]
    (axes,) = net.plot_decision([[-4, 0], [4, 1]], [-1, 1]).axes
    (line,) = [c for c in axes.collections if hasattr(c, "levels")]
    assert line.get_paths()[0].vertices[:, 0] == pytest.approx(0.5, abs=1e-4)


def test_plot_decision_gives_each_class_its_own_marker_colour_and_legend_entry(net, rng):
    X, y = three(rng)
    names = ["setosa", "versicolor", "virginica"]
    picture = net.plot_decision(X, y, classes=names)
    (axes,) = picture.axes
    dots = [c for c in axes.collections if len(c.get_offsets()) > 1]
    for k, some in enumerate(dots):
        assert (some.get_offsets() == X[y == k]).all()
        assert tuple(some.get_facecolor()[0][:3]) == plot.colour(k)
    assert len({some.get_paths()[0].vertices.tobytes() for some in dots}) == 3
    assert [t.get_text() for t in axes.get_legend().get_texts()] == names
    picture.draw_without_rendering()
    assert axes.get_legend().get_window_extent().x0 > axes.get_window_extent().x1


def light_of(colour):
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def seen_by_the_colour_blind(colour):
    """Deuteranopia, by the matrix of Viénot, Brettel and Mollon (1999), on linear light."""
    matrix = np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])
    return matrix @ light_of(colour)


def test_the_colours_of_the_first_classes_are_distinguishable_for_the_colour_blind():
    seen = [seen_by_the_colour_blind(plot.colour(k)) for k in range(7)]
    apart = [np.linalg.norm(seen[i] - seen[j]) for i in range(7) for j in range(i)]
    assert min(apart) > 0.15
    naive = [seen_by_the_colour_blind(c) for c in ("#d62728", "#2ca02c")]  # matplotlib's red and green
    assert np.linalg.norm(naive[0] - naive[1]) < 0.1


LONG = [f"a class with quite a long name, number {i}" for i in range(10)]


@pytest.mark.parametrize(
    "make",
    [
        lambda net, X, y: net.plot_decision(X, y),
        lambda net, X, y: net.plot_decision(X, y, classes=LONG),
        lambda net, X, y: net.plot_decision(1e7 * X, np.minimum(y, 8)),
        lambda net, X, y: net.plot_decision(1e-7 * X, np.zeros(len(X), int)),
        lambda net, X, y: net.plot_decision([[5, 5]], [3]),
        lambda net, X, y: net.plot_confusion(X, y, classes=LONG),
        lambda net, X, y: net.plot_confusion(X[:1], y[:1]),
        lambda net, X, y: Net(2, [40]).plot_confusion(X, y),
        lambda net, X, y: Net(2, [40]).plot_decision(X, y, classes=LONG * 4),
        lambda net, X, y: net.plot_weights(),
        lambda net, X, y: net.plot_weights(shape=(2, 1)),
        lambda net, X, y: Net(1, [3], "tanh").plot_decision(X[:, 0], np.stack([y, 2 * y, -y], axis=1)),
        lambda net, X, y: History([3e9, 1e-9], [1.0, 2.0]).plot(),
    ],
)
def test_no_part_of_a_picture_is_cut_off(make, rng):
    random.seed(1)
    net = Net(2, [3, 10], "tanh", "linear")
    X, y = rng.normal(size=(100, 2)), rng.integers(0, 10, 100)
    assert is_whole(make(net, X, y))


def test_the_check_for_parts_that_are_cut_off_finds_one(net):
    picture = net.plot_weights()
    picture.axes[0].set_title("too long for the picture " * 9)
    assert not is_whole(picture)


def test_long_names_are_shortened_in_the_middle():
    assert plot.shortened("short") == "short"
    assert plot.shortened(LONG[3]) == "a class with … number 3"


def test_plot_decision_draws_a_net_with_one_input_as_curves_over_the_rows(rng):
    net = Net(1, [5, 2], "tanh", "linear")
    x, y = np.linspace(0, 3, 20), rng.normal(size=(20, 2))
    (axes,) = net.plot_decision(x, y).axes
    points, curves = axes.lines[::2], axes.lines[1::2]
    for k in range(2):
        assert (points[k].get_xydata() == np.stack([x, y[:, k]], axis=1)).all()
        across, along = curves[k].get_data()
        assert along == pytest.approx(net.predict(across[:, None])[:, k])
    assert axes.get_xlim() == (across[0], across[-1])
    assert curves[0].get_linestyle() != curves[1].get_linestyle()
    assert points[0].get_marker() != points[1].get_marker()


def test_plot_confusion_counts_the_predicted_classes_of_each_true_class(net, rng):
    X, y = three(rng)
    (axes,) = net.plot_confusion(X, y, classes="abc").axes
    answers = net.predict(X).argmax(axis=1)
    shown = {(int(t.get_position()[1]), int(t.get_position()[0])): int(t.get_text()) for t in axes.texts}
    for i in range(3):
        for j in range(3):
            assert shown.get((i, j), 0) == np.sum((y == i) & (answers == j))
    assert axes.get_title() == f"{np.mean(y == answers):.1%} of 60 rows right"
    assert [t.get_text() for t in axes.get_xticklabels()] == list("abc")
    one_hot = net.plot_confusion(X, np.eye(3)[y]).axes[0]
    assert one_hot.get_title() == axes.get_title()


def cell(axes, i, j):
    """The colour of a cell of the matrix, from the image that has a number there."""
    (image,) = [image for image in axes.images if not np.ma.masked_invalid(image.get_array()).mask[i, j]]
    return image.to_rgba(image.get_array())[i, j, :3]


def confusion_of(counts):
    truth, predicted = np.repeat(np.indices(counts.shape).reshape(2, -1), counts.ravel(), axis=1)
    picture, (axes,) = plot.figure(1)
    plot.show_confusion(axes, truth, predicted, list(map(str, range(len(counts)))))
    return picture, axes


def test_numbers_in_the_confusion_matrix_contrast_with_their_cells():
    _, axes = confusion_of(np.add.outer(5 * np.arange(9), np.arange(9)) + 1)
    assert len(axes.texts) == 81
    for text in axes.texts:
        j, i = map(int, text.get_position())
        luminance = [
            np.dot(light_of(c), [0.2126, 0.7152, 0.0722]) for c in (text.get_color(), cell(axes, i, j))
        ]
        assert (max(luminance) + 0.05) / (min(luminance) + 0.05) >= 4.5  # WCAG 2, level AA


def test_numbers_in_the_confusion_matrix_fit_into_their_cells():
    for n, most in ((3, 10**6), (10, 10**5), (20, 1000)):
        picture, axes = confusion_of(np.diag([most] * n))
        picture.draw_without_rendering()
        for text in axes.texts:
            assert text.get_window_extent().width < axes.get_window_extent().width / n


def test_one_mistake_among_a_thousand_right_answers_is_visible_in_the_confusion_matrix():
    counts = np.diag([1000, 900, 100])
    counts[0, 2] = 1
    _, axes = confusion_of(counts)
    wrong, others = cell(axes, 0, 2), [cell(axes, i, i) for i in range(3)]
    for other in ("white", *others):
        assert np.linalg.norm(seen_by_the_colour_blind(wrong) - seen_by_the_colour_blind(other)) > 0.3
    picture, _ = confusion_of(np.eye(plot.MANY_CLASSES + 1, dtype=int))
    assert [axes.get_ylabel() for axes in picture.axes[1:]] == ["rows that are right", "rows that are wrong"]


@pytest.mark.parametrize("epochs", [1, 2, 3, 5])
def test_a_plot_of_a_short_training_labels_every_epoch_with_a_whole_number(epochs):
    losses = [1 / (k + 1) for k in range(epochs)]
    (axes,) = History(losses, losses).plot().axes
    low, high = axes.get_xlim()
    assert [t for t in axes.get_xticks() if low <= t <= high] == list(range(1, epochs + 1))
    assert all((line.get_marker() == "o") == (epochs == 1) for line in axes.lines)


@pytest.mark.parametrize(
    ("loss", "scale"),
    [
        ([1.0, 0.1], "log"),
        ([1.0, 0.11], "linear"),
        ([1.0, 0.0], "linear"),
        ([1.0, -0.1], "linear"),
        ([], "linear"),
    ],
)
def test_a_plot_of_a_loss_that_falls_tenfold_has_a_logarithmic_scale(loss, scale):
    (axes,) = History(loss).plot().axes
    assert axes.get_yscale() == scale


def test_a_plot_of_a_history_marks_the_best_epoch():
    (axes,) = History([3.0, 2.0, 1.0], [3.0, 1.5, 2.0], best=1).plot().axes
    assert axes.lines[-1].get_xydata().tolist() == [[2.0, 1.5]]
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["training rows", "validation rows", "the best, of epoch 2"]


def test_plot_weights_colours_weights_from_orange_to_purple_with_white_at_0():
    net = Net(6, [3, 1], "tanh")
    picture = net.plot_weights()
    panels = [axes for axes in picture.axes if axes.get_title()]
    assert [axes.get_title() for axes in panels] == ["layers[0].weight, 6-3", "layers[1].weight, 3-1"]
    for axes, layer in zip(panels, net.layers, strict=True):
        (image,) = axes.images
        assert (image.get_array() == layer.weight).all()
        assert image.get_clim() == (-np.abs(layer.weight).max(), np.abs(layer.weight).max())
        assert np.ptp(image.cmap(0.5)[:3]) < 0.02
    assert [int(t) for t in panels[1].get_yticks() if -0.5 <= t <= 0.5] == [0]
    first = net.plot_weights(shape=(2, 3)).axes[0].images[0].get_array()
    weight = net.layers[0].weight.reshape(3, 2, 3)
    assert (first[:2, :3] == weight[0]).all()
    assert sorted(first.compressed()) == sorted(weight.ravel())
    assert len(Net(2, [2] * 5).plot_weights().axes) == 10


def test_plots_save_their_picture_and_return_it(net, rng, tmp_path):
    X, y = three(rng)
    for name, picture in {
        "decision.png": net.plot_decision(X, y, path=tmp_path / "decision.png"),
        "confusion.svg": net.plot_confusion(X, y, path=tmp_path / "confusion.svg"),
    }.items():
        assert picture.axes
        assert (tmp_path / name).read_bytes()[:4] in (b"\x89PNG", b"<?xm")


def test_plots_refuse_bad_input_before_they_write_a_file(net, rng, tmp_path):
    X, y = three(rng)
    path = tmp_path / "no.png"
    with pytest.raises(ShapeError, match=r"plot_decision\(\) wants a net of 1 or 2 inputs"):
        Net(3, [1]).plot_decision(np.zeros((2, 3)), [0, 1], path=path)
    with pytest.raises(
        DataError, match=r"plot_decision\(\) wants labels from 0 to 2 for a net of 3 outputs, got 3"
    ):
        net.plot_decision(X, y + 1, path=path)
    with pytest.raises(DataError, match=r"wants labels -1 and 1, or 0 and 1, for a net of 1 output, got 0.5"):
        Net(2, [1]).plot_confusion([[1, 2]], [0.5], path=path)
    with pytest.raises(DataError, match="got 0"):
        Net(2, [1]).plot_confusion([[1, 2], [1, 2]], [0, -1], path=path)
    with pytest.raises(ShapeError, match="wants names for 3 classes, got 2"):
        net.plot_decision(X, y, classes=["a", "b"], path=path)
    with pytest.raises(ShapeError, match=r"wants y of shape \(60,\) or \(60, 3\), got \(59,\)"):
        net.plot_decision(X, y[:-1], path=path)
    with pytest.raises(ShapeError, match=r"wants y of shape \(4, 2\), got \(4,\)"):
        Net(1, [2]).plot_decision(np.zeros(4), np.zeros(4), path=path)
    with pytest.raises(DataError, match="at least one row"):
        net.plot_confusion(np.zeros((0, 2)), [], path=path)
    with pytest.raises(DataError, match="finite numbers, got nan in X at row 0, column 1"):
        net.plot_decision([[0, np.nan]], [0], path=path)
    with pytest.raises(NotANumberError, match=r"threshold in plot_decision\(\)"):
        Net(2, [1]).plot_decision(X, np.zeros(60), threshold="half", path=path)
    for shape in ((2, 2), 2, "2", (-1, -2), (1.0, 2.0), (2,), (1, 2, 1)):
        said = re.escape(f"plot_weights() wants a shape (rows, columns) of 2 inputs, got {shape!r}")
        with pytest.raises(ShapeError, match=said):
            net.plot_weights(shape=shape, path=path)
    assert not path.exists()


PLOTS = {
    "decision": lambda net, path: net.plot_decision([[0, 0]], [0], path=path),
    "confusion": lambda net, path: net.plot_confusion([[0, 0]], [0], path=path),
    "weights": lambda net, path: net.plot_weights(path=path),
    "history": lambda net, path: History([1.0]).plot(path),
}


@pytest.mark.parametrize("name", PLOTS)
def test_plots_refuse_a_path_where_no_file_can_be_before_they_compute(name, net, tmp_path, monkeypatch):
    for shown in ("show_regions", "show_confusion", "show_weights", "show_loss"):
        monkeypatch.setattr(plot, shown, lambda *_: pytest.fail("something was drawn"))
    monkeypatch.setattr(Net, "predict", lambda *_: pytest.fail("something was predicted"))
    with pytest.raises(
        UnknownNameError, match=r"unknown kind of picture '\.pgn': .*; did you mean '\.png'\?"
    ):
        PLOTS[name](net, tmp_path / "x.pgn")
    with pytest.raises(FileNotFoundError, match="there is no such folder"):
        PLOTS[name](net, tmp_path / "none" / "x.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("method", ["plot_decision", "plot_confusion", "plot_weights"])
def test_plots_without_matplotlib_are_an_error_that_names_the_extra(method, net, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    arguments = () if method == "plot_weights" else ([[0, 0]], [0])
    with pytest.raises(MissingExtraError, match=r"pip install '\.\[plot\]'"):
        getattr(net, method)(*arguments)
