"""The functions of the modules that `to_source` writes, as text."""

__all__ = ["ACTIVATIONS", "CLASSES", "NET", "NUMBERS", "ROWS", "TABLE"]

ROWS = '''
def predict(rows):
    """The outputs for each row, a list of N_INPUTS numbers, as a list."""
    return [net(inputs(row, i)) for i, row in enumerate(rows)]


def inputs(row, i):
    """The numbers of a row as floats."""
    try:
        x = [float(number + 0.0) for number in row]
        good = len(x) == N_INPUTS and all(map(math.isfinite, x))
    except (TypeError, OverflowError):
        good = False
    if not good:
        raise ValueError(f"predict() wants rows of {N_INPUTS} finite numbers, and row {i} is {str(row)[:80]}")
    return x
'''

NUMBERS = '''
def predict(rows):
    """The number that is predicted for each row, a dict with a cell for each column."""
    return [net(inputs(row, i))[0] * TARGET_SPREAD + TARGET_MEAN for i, row in enumerate(rows)]
'''

CLASSES = '''
def predict(rows):
    """The label that is predicted for each row, a dict with a cell for each column."""
    return [CLASSES[y.index(max(y))] for y in outputs(rows)]


def predict_proba(rows):
    """The probability of each label for each row, as a dict."""
    answers = []
    for y in outputs(rows):
        highest = max(y)
        shares = [math.exp(score - highest) for score in y]  # of at most 1, which cannot overflow
        total = sum(shares)
        answers.append({label: share / total for label, share in zip(CLASSES, shares)})
    return answers


def outputs(rows):
    """The scores of the labels for each row."""
    return [net(inputs(row, i)) for i, row in enumerate(rows)]
'''

TABLE = '''
def inputs(row, i):
    """The inputs of the net: scaled numbers, then for each text a 1 in the place of its level, and zeros."""
    x = [scaled(cell(row, i, name), i, name) for name in NUMBERS]
    for name, levels in LEVELS.items():
        text = str(cell(row, i, name)).strip()
        x += [float(text == level) for level in levels]
    return x


def cell(row, i, name):
    """What stands in a column of a row."""
    try:
        return row[name]
    except (KeyError, IndexError, TypeError):
        raise ValueError(f"predict() wants rows that are dicts, and row {i} has no {name!r}") from None


def scaled(number, i, name):
    """A number, or a text of one, less the column's mean, in deviations; the median if it is missing."""
    median, mean, spread = NUMBERS[name]
    if str(number).strip().lower() in MISSING:
        number = median
    try:
        x = (float(number) - mean) / spread
    except (TypeError, ValueError, OverflowError):
        x = math.nan
    if not math.isfinite(x) or "_" in str(number):
        raise ValueError(f"predict() wants a number as {name!r}, and row {i} has {str(number)[:80]!r}")
    return x
'''

NET = '''
def net(x):
    """The outputs of the layers for the inputs x."""
    for activation, neurons in LAYERS:
        x = [activation(bias + sum(w * value for w, value in zip(weights, x))) for weights, bias in neurons]
    return x
'''

ACTIVATIONS = {
    "sigmoid": """
def sigmoid(x):
    e = math.exp(-abs(x))  # at most 1, so that it cannot overflow
    return 1 / (1 + e) if x >= 0 else e / (1 + e)
""",
    "tanh": """
def tanh(x):
    return math.tanh(x)
""",
    "relu": """
def relu(x):
    return max(x, 0.0)
""",
    "leaky_relu": """
def leaky_relu(x):
    return max(x, 0.01 * x)
""",
    "softplus": """
def softplus(x):
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))
""",
    "gelu": """
def gelu(x):
    return 0.5 * x * math.erfc(-x / math.sqrt(2))
""",
    "linear": """
def linear(x):
    return x
""",
}
