"""The lessons: their exercises accept right answers, however they are written, and refuse wrong ones."""

import functools
import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from notebooks import code_cells, run_cell

ROOT = Path(__file__).parents[2]
LESSONS = {int(path.name[0]): path for path in sorted((ROOT / "docs" / "lessons").glob("*.ipynb"))}

WRONG = {  # by lesson and exercise: expressions, each an answer that somebody may give
    (1, 1): [
        "lambda f, x, h: (f(x + h) - f(x)) / h",
        "lambda f, x, h: (f(x + h) - f(x - h)) / h",
        "lambda f, x, h: (f(x + 1e-6) - f(x - 1e-6)) / 2e-6",
    ],
    (1, 2): ["lambda x: 3 * x**2", "lambda x: 4 * x**3 - 12 * x", "lambda x: math.nan"],
    (1, 3): [
        "lambda x: (2, 1 - math.tanh(x) ** 2, 2)",
        "lambda x: (2, 1 - math.tanh(2 * x - 1) ** 2)",
        "lambda x: (2, 1 - math.tanh(2 * x - 1) ** 2, 1 - math.tanh(2 * x - 1) ** 2)",
    ],
    (1, 4): ["lambda a, b: (2 * a, 2 * b)", "lambda a, b: math.hypot(a, b)", "lambda a, b: (0.6, 0.8)"],
    (1, 5): [
        "lambda x: x.relu()",
        "lambda x: x.relu() + 0.1 * (-x).relu()",
        "lambda x: Value(x.data)",
        "lambda x: max(x.data, 0.1 * x.data)",
        "lambda x: x if x.data > 0 else 0.1 * x",
        "lambda x: 0.55 * x + 0.45 * abs(x)",
    ],
    (1, 6): [
        "lambda start, steps: 1.0",
        "lambda start, steps: start - steps * 0.1 * (start**3 - 1)",
        "lambda start, steps: Value(downhill(start, steps))",
    ],
    (2, 1): [
        "lambda a, b: a.data * b.data",
        "lambda a, b: Node(a.data * b.data, (a, b), (a.data, b.data))",
        "lambda a, b: Node(a.data * b.data)",
        "add",
    ],
    (2, 2): [
        "lambda a: Node(math.tanh(a.data), (a,), (1 - a.data**2,))",
        "lambda a: Node(math.tanh(a.data), [a], ())",
        "lambda a: math.tanh(a.data)",
    ],
    (2, 3): [
        "lambda root: [root]",
        "lambda root: order(root)[::-1]",
        "lambda root: order(root) + [root]",
        "lambda root: [*root.parents, *root.parents[0].parents, root]",
    ],
    (2, 4): ["one_path", "without_order", "lambda root: setattr(root, 'grad', 1.0)"],
    (2, 5): [
        "lambda w, x, b: sum(wi * xi for wi, xi in zip(w, x)) + b",
        "lambda w, x, b: sum(wi * xi for wi, xi in zip(w, x)).tanh()",
        "lambda w, x, b: math.tanh(sum(wi * xi for wi, xi in zip(w, x)) + b)",
    ],
    (2, 6): [
        "lambda v: Value(v.data / (1 + abs(v.data)))",
        "lambda v: Value(v.data / (1 + abs(v.data)), (v,), (1 / (1 + v.data) ** 2,))",
        "lambda v: v / (1 + abs(v))",
        "lambda v: v.tanh()",
    ],
    (3, 1): ["[12]", "[1, 3]", "[6, 6]", "[12, 18]"],
    (3, 2): ["lambda graph, start, end: len(graph[start])", "lambda graph, start, end: len(graph)"],
    (3, 3): [
        "lambda graph, start, end: count_paths({k: [n for n, _ in v] for k, v in graph.items()}, 'y', 'x')",
        "lambda graph, start, end: sum(s for parents in graph.values() for _, s in parents)",
    ],
    (3, 4): ["22", "17", "10", "12", "3", "0"],
    (3, 5): ["4", "8", "2"],
    (3, 6): ["without_zero", "sum_not_mean", "lambda w, samples: w.grad", "of_one_loss"],
    (4, 1): [
        "lambda W, b, x: [math.tanh(sum(w * xi for w, xi in zip(row, x))) for row in W]",
        "lambda W, b, x: [sum(w * xi for w, xi in zip(row, x)) + c for row, c in zip(W, b)]",
    ],
    (4, 2): ["lambda W, b, x: W @ x + b", "lambda W, b, x: np.tanh(W @ x) + b", "lambda W, b, x: x @ W.T"],
    (4, 3): ["lambda W, b: np.column_stack([b, W])", "lambda W, b: W + b[:, None]", "lambda W, b: W"],
    (4, 4): [
        "lambda sizes: sum(a * b for a, b in zip(sizes, sizes[1:]))",
        "lambda sizes: sum((a + 1) * (b + 1) for a, b in zip(sizes, sizes[1:]))",
    ],
    (4, 5): [
        "lambda values, sizes, k: values[:9].reshape(3, 3)",
        "lambda values, sizes, k: matrix_of(values, sizes, k)[:, :-1]",
        "lambda values, sizes, k: matrix_of(values, sizes, k)[::-1]",
    ],
    (4, 6): [
        "lambda matrices, X: functools.reduce(lambda A, M: np.tanh(A @ M[:, :-1].T + M[:, -1]), matrices, X)",
        "lambda matrices, X: forward([M * (np.arange(M.shape[1]) < M.shape[1] - 1) for M in matrices], X)",
        "lambda matrices, X: forward(matrices, X).T",
    ],
    (5, 1): ["lambda: training(X, y, lr=0.02)[:10]", "lambda: training(X, [0.5] * 21)", "broken[0]"],
    (5, 2): ["lambda: training(X, y)", "broken[1]"],
    (5, 3): [
        "lambda: training([[1.95 + 0.003 * i] for i in range(21)], y)",
        "lambda: training([[3.0 * i - 30] for i in range(21)], y)",
        "broken[2]",
    ],
    (5, 4): ["lambda: training(X, y, lr=0.1)[:15]", "lambda: training(X, y, lr=1e-5)", "broken[3]"],
    (5, 5): ["first", "lambda: training(X, [yi + 5 for yi in y], output='tanh')", "broken[4]"],
    (6, 1): ["[(4, 3), (4, 3), (4, 1), (2, 4, 3)]", "[(4, 3), (4, 3)]", "[(3,), (4, 3), (4, 4), (4, 3)]"],
    (6, 2): [
        "lambda X: (X - X.mean()) / X.std()",
        "lambda X: X - X.mean(axis=0)",
        "lambda X: (X.mean(axis=0) - X) / X.std(axis=0)",
    ],
    (6, 3): [
        "lambda net, X, y: ((net(Tensor(X)) - y) ** 2).mean()",
        "lambda net, X, y: ((net(Tensor(X)) - y[:, None]) ** 2).sum()",
        "lambda net, X, y: Tensor(loss_of(net, X, y).numpy())",
        "lambda net, X, y: (net(Tensor(X)) - y[:, None]) ** 2",
    ],
    (6, 4): [
        "lambda net, X, y, lr, steps: train_by_arrays(net, X, y, lr, steps - 1)",
        "lambda net, X, y, lr, steps: train_by_arrays(net, X, y, 2 * lr, steps)",
        "by_samples",
    ],
    (6, 5): [
        "lambda net, X, y, lr, steps: net.fit(X, y, lr=lr, epochs=steps)",
        "lambda net, X, y, lr, steps: net.fit(X, y, optimizer='sgd', lr=lr, epochs=steps)",
        "lambda net, X, y, lr, steps: net.fit(X, y, optimizer='sgd', lr=lr, epochs=steps, batch_size=5)",
    ],
    (6, 6): [
        "lambda net, X, limit: sum(net(x) > limit for x in X)",
        "lambda net, X, limit: len([net(x) for x in X])",
        "lambda net, X, limit: int((net.predict(X) > limit).sum())",
        "lambda net, X, limit: int((net(Tensor(X)).numpy() > limit).sum())",
    ],
}

OTHER = {  # right answers that are written in other ways than those at the end
    (1, 2): ["lambda x: 3 * x**2 * (x - 4) + x**3"],
    (1, 3): ["by_values"],
    (1, 4): ["lambda a, b: [a / math.sqrt(a * a + b * b), b / math.sqrt(a * a + b * b)]"],
    (1, 5): ["lambda x: 0.9 * x.relu() + 0.1 * x", "lambda x: (0.9 * x).relu() + x * 0.1"],
    (1, 6): ["lambda start, steps: downhill(start - 0.1 * (start**3 - 1), steps - 1)"],
    (2, 2): ["lambda a: Node(math.tanh(a.data), [a], [math.cosh(a.data) ** -2])"],
    (2, 3): ["by_counting"],
    (2, 5): ["lambda w, x, b: (sum(w[i] * x[i] for i in range(len(w))) + b).tanh()"],
    (2, 6): ["by_subtraction"],
    (3, 1): ["(9, 3)", "[9.0, 3.0]"],
    (3, 4): ["5.0"],
    (3, 6): ["of_many_losses"],
    (4, 1): ["layer_by_matrix_of_lists"],
    (4, 2): ["lambda W, b, x: np.tanh(x @ W.T + b)"],
    (4, 3): ["lambda W, b: np.hstack([W, b[:, None]])", "lambda W, b: np.c_[W, b]"],
    (4, 4): ["lambda sizes: sum(b * a + b for a, b in zip(sizes, sizes[1:]))"],
    (5, 3): [
        "lambda: training([[(i - 10) / 6] for i in range(21)], y)",
        "lambda: training([[i / 20] for i in range(21)], y)",
    ],
    (6, 2): ["lambda X: (X - np.mean(X, 0, keepdims=True)) / np.std(X, 0)"],
    (6, 3): [
        "lambda net, X, y: ((net(Tensor(X))[:, 0] - y) ** 2).mean()",
        "lambda net, X, y: autograd.losses.mse(net(Tensor(X)), y[:, None])",
    ],
    (6, 6): ["lambda net, X, limit: sum(float(out) > limit for out in [net(x) for x in X])"],
}

# What the expressions above need, beside what the notebook has
HELPERS = {
    1: """
def by_values(number):
    x = Value(number)
    u = 2 * x - 1
    y = u.tanh()
    y.backward()
    return x.grad / u.grad, u.grad, x.grad
""",
    2: """
def one_path(root):
    root.grad = 1.0
    for node in reversed(order(root)):
        for parent, slope in zip(node.parents, node.slopes):
            parent.grad = node.grad * slope

def without_order(root):
    root.grad, waiting = 1.0, [root]
    while waiting:
        node = waiting.pop(0)
        for parent, slope in zip(node.parents, node.slopes):
            parent.grad += node.grad * slope
            waiting.append(parent)

def by_counting(root):
    uses, waiting = {}, [root]
    while waiting:
        for parent in waiting.pop().parents:
            uses[parent] = uses.get(parent, 0) + 1
            if uses[parent] == 1:
                waiting.append(parent)
    nodes, ready = [], [root]
    while ready:
        nodes.insert(0, ready.pop())
        for parent in nodes[0].parents:
            uses[parent] -= 1
            if uses[parent] == 0:
                ready.append(parent)
    return nodes

def by_subtraction(v):
    size = 1 + abs(v.data)
    return Value(v.data / size, (v,), ((size - abs(v.data)) / size**2,))
""",
    3: """
def without_zero(w, samples):
    for x, y in samples:
        ((w * x - y) ** 2 / len(samples)).backward()
    return w.grad

def sum_not_mean(w, samples):
    return len(samples) * mean_gradient(w, samples)

def of_one_loss(w, samples):
    w.grad = 0.0
    (sum((w * x - y) ** 2 for x, y in samples) / len(samples)).backward()
    return w.grad

def of_many_losses(w, samples):
    w.grad = 0.0
    losses = [(w * x - y) ** 2 for x, y in samples]
    for loss in losses:
        loss.backward()
    return w.grad / len(samples)
""",
    4: """
import functools

def layer_by_matrix_of_lists(W, b, x):
    return np.tanh(np.array(W) @ x + b).tolist()
""",
    5: """
def taken_by_hand():
    random.seed(1)
    net, losses = Net(1, [8, 1], activation="tanh", output_activation="linear"), []
    for _ in range(20):
        total = sum((autograd.Value(net(x).data) - yi) ** 2 for x, yi in zip(X, y))
        loss = total / len(X) + 0.0001 * sum(p**2 for p in net.params())
        net.zero_grad()
        loss.backward()
        net.step(0.1)
        losses.append(loss.data)
    return losses
""",
    6: """
globals_of_the_lesson = X, y

def by_samples(net, X, y, lr, steps):
    for _ in range(steps):
        loss = sum((net(x) - t) ** 2 for x, t in zip(X, y)) / len(X)
        net.zero_grad()
        loss.backward()
        net.step(lr)
""",
}

HINTS = {  # what the check says to mistakes that are made often, in part
    (1, 1): [("lambda f, x, h: (f(x + h) - f(x)) / h", "for exp at 0 with h = 1e-5 the slope is")],
    (1, 3): [("lambda x: Value(x)", "should give three numbers")],
    (1, 4): [("lambda a, b: Value(a)", "should give two numbers")],
    (2, 1): [
        ("lambda a, b: Node(a.data * b.data, (a, b), (b, a))", "such as b.data"),
        ("lambda a, b: Node(a.data * b.data, (a, b), a.data)", "slopes should be a tuple of two"),
        ("lambda a, b: None", "there is no answer yet"),
    ],
    (2, 2): [
        ("lambda a: Node(math.tanh(a.data), (a), (1.0,))", "parents should be a tuple of one"),
        ("lambda a: Node(math.tanh(a.data), (a,), (1.0))", "slopes should be a tuple of one"),
    ],
    (2, 4): [
        ("lambda root: [p for node in order(root) for p in node.parents]", "the slope of root for itself")
    ],
    (3, 1): [("[12, 18]", "at x = 4"), ("12", "two numbers")],
    (3, 4): [("12", "replaced"), ("22", "adds parts up")],
    (4, 1): [("lambda W, b, x: [0.0, 0.0]", "has at [0] the number 0, and should have")],
    (5, 2): [("taken_by_hand", "is a gradient left?")],
    (5, 3): [
        ("lambda: training([[1.95 + 0.003 * i] for i in range(21)], y)", "one answer for all years has 0.107")
    ],
    (5, 4): [("lambda: training(X, y, lr=0.01)", "rather short")],
    (5, 5): [("lambda: training(X, [yi + 5 for yi in y], output='relu')", "any number begins at 29.06")],
    (6, 3): [
        ("lambda net, X, y: ((net(X) - y[:, None]) ** 2).sum()", "is that a sum?"),
        ("lambda net, X, y: ((net(X) - y) ** 2).mean()", "40 differences, or 1600?"),
        ("lambda net, X, y: loss_of(net, X, y).item()", "the loss has no gradient"),
        ("lambda net, X, y: loss_of(net, *globals_of_the_lesson)", "only the names in the brackets"),
    ],
    (6, 6): [
        (
            "lambda net, X, limit: sum(out.data > limit for out in (net(x) for x in X))",
            "a list of all outputs",
        )
    ],
}

MENDED = {  # what a student changes in the programs of lesson 5
    "first": ("        loss.backward()", "        net.zero_grad()\n        loss.backward()"),
    "second": ("float(net(x))", "net(x)"),
    "third": ("inputs = years", "inputs = [[(x[0] - 1980) / 30] for x in years]"),
    "fourth": ("net.step(1.0)", "net.step(0.1)"),
    "fifth": ('output_activation="sigmoid"', 'output_activation="linear"'),
}


@functools.cache
def done(lesson):
    """The names of a lesson at its end, and what was checked on the way: exercise, and what was said."""
    names, said, broken = {"__name__": "__main__"}, [], []
    for i, (code, _) in enumerate(code_cells(LESSONS[lesson])):
        printed = run_cell(code, f"{LESSONS[lesson]}[{i}]", names)
        said += [(name, printed) for name in re.findall(r"^check\((exercise_\d), ", code, re.MULTILINE)]
        broken += [names[name] for name in re.findall(r"^diagnose\((?!learns)(\w+)[,)]", code)]
    plt.close("all")
    exec(HELPERS.get(lesson, ""), names)
    return names | {"broken": broken}, said


def told(lesson, exercise, answer, capsys):
    """What the check of an exercise prints for an answer, an expression."""
    names, _ = done(lesson)
    names["check"](names[f"exercise_{exercise}"], eval(answer, names))
    return capsys.readouterr().out


@pytest.mark.parametrize("lesson", LESSONS)
def test_each_exercise_is_not_yet_right_with_its_gap_and_right_with_the_answer_at_the_end(lesson):
    names, said = done(lesson)
    exercises = [name for name in names if re.fullmatch(r"exercise_\d", name)]
    assert [name for name, _ in said] == 2 * exercises
    for i, (_, printed) in enumerate(said):
        assert printed.startswith("not yet: " if i < len(exercises) else "right\n"), printed
        assert "it ends in" not in printed
    assert names["results"] == dict.fromkeys(exercises, "right")


def defined_in(code):
    """The last name that a cell defines before it checks it."""
    return re.findall(r"^(?:def )?(\w+)(?:\(| = )", code.partition("check(")[0], re.MULTILINE)[-1]


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_gap_that_is_filled_with_the_answer_is_right_in_its_place(lesson):
    cells = [code for code, _ in code_cells(LESSONS[lesson])]
    checks = [i for i, code in enumerate(cells) if re.fullmatch(r"check\(exercise_\d, \w+\)", code)]
    at_the_end = [code for code in cells[checks[-1] + 1 :] if "\ncheck(exercise_" in code]
    answers = {defined_in(code): code.partition("check(")[0] for code in at_the_end}
    names = {"__name__": "__main__"}
    for i, code in enumerate(cells[: checks[-1] + 1]):
        if "# your answer" in code:
            code = answers[defined_in(code)]
        for name, (mistake, mended) in MENDED.items():
            if code.startswith(f"def {name}():"):
                assert mistake in code
                code = code.replace(mistake, mended)
        printed = run_cell(code, f"{LESSONS[lesson]}[{i}, filled]", names)
        assert i not in checks or printed == "right\n", printed
    plt.close("all")
    assert len(names["results"]) == len(checks) >= 5


def test_there_are_six_lessons_and_wrong_answers_to_each_of_their_exercises():
    assert list(LESSONS) == [1, 2, 3, 4, 5, 6]
    exercises = {(lesson, int(name[-1])) for lesson in LESSONS for name, _ in done(lesson)[1]}
    assert exercises == set(WRONG)


@pytest.mark.parametrize(
    ("lesson", "exercise", "answer"), [(*key, answer) for key, answers in WRONG.items() for answer in answers]
)
def test_a_wrong_answer_is_refused_with_a_sentence(lesson, exercise, answer, capsys):
    printed = told(lesson, exercise, answer, capsys)
    assert re.fullmatch(r"not yet: [^\n]{15,}\n", printed), printed


@pytest.mark.parametrize(
    ("lesson", "exercise", "answer", "hint"),
    [(*key, *pair) for key, pairs in HINTS.items() for pair in pairs],
)
def test_a_mistake_that_is_made_often_is_met_with_what_helps(lesson, exercise, answer, hint, capsys):
    printed = told(lesson, exercise, answer, capsys)
    assert printed.startswith("not yet: ")
    assert hint in printed


@pytest.mark.parametrize(
    ("program", "sentence"),
    [("lambda: 1 / 0", "ends in ZeroDivisionError"), ("lambda: None", "should return the list")],
)
def test_the_diagnosis_of_a_program_that_ends_badly_is_a_sentence(program, sentence, capsys):
    names, _ = done(5)
    names["diagnose"](eval(program, names))
    assert sentence in capsys.readouterr().out


@pytest.mark.parametrize(
    ("lesson", "exercise", "answer"), [(*key, answer) for key, answers in OTHER.items() for answer in answers]
)
def test_a_right_answer_is_accepted_however_it_is_written(lesson, exercise, answer, capsys):
    assert told(lesson, exercise, answer, capsys) == "right\n"


def test_samples_that_a_wrong_answer_left_waiting_are_not_counted_in_the_next_one(capsys):
    assert told(6, 6, "lambda net, X, limit: len([net(x) for x in X])", capsys).startswith(
        "not yet: of forty"
    )
    assert told(6, 6, "count_above", capsys) == "right\n"


@pytest.mark.parametrize("lesson", LESSONS)
def test_an_answer_that_raises_is_not_yet_right_and_stops_nothing(lesson, capsys):
    for exercise in (key[1] for key in WRONG if key[0] == lesson):
        assert told(lesson, exercise, "lambda *_: 1 / 0", capsys).startswith("not yet: it ")


def test_all_lessons_check_with_the_same_functions_which_stand_in_each():
    shared = set()
    for path in LESSONS.values():
        (cell,) = [code for code, _ in code_cells(path) if code.startswith("# The checks of the exercises.")]
        shared.add(re.split(r"^(?=def (?!check|near))", cell, flags=re.MULTILINE)[0])
    assert len(shared) == 1
    assert "def check(" in shared.pop()
