"""What the commands of the command line do; `autograd.cli` has their options.

Each takes the options, tells a person what it does and finds, and returns that as a dict too, which
``--json`` prints.
"""

import argparse
import csv
import os
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from autograd import metrics, plot
from autograd.errors import DataError, FileFormatError, MissingExtraError
from autograd.files import io
from autograd.files.atomic import atomic_write, check_place
from autograd.nn import Net
from autograd.pictures import demos
from autograd.support.options import nearby
from autograd.tables.preprocessing import Inputs, Preprocessing
from autograd.tables.table import Table, is_missing, is_number, read_table
from autograd.tensor import softmax
from autograd.tensor.tape import Array
from autograd.text import brief, count, cut, listed
from autograd.training import History
from autograd.training.steps import CHUNK

__all__ = ["demo", "evaluate", "info", "predict", "train"]

FEWEST_ROWS = 10
FEWEST_LEARNED = 5
AT_ONCE = 1 << 25  # numbers that may be made before training; of more they are made batch by batch
STEPS = 10_000  # of an epoch; longer tables are learned in larger batches
LARGEST = 1024  # rows of such a batch
PER_WEIGHT = 128  # bytes of a training at its height, measured: weight, gradient, Adam's, copies
PER_OUTPUT = 40  # of each neuron for each row of a batch, likewise
SHOWN = 20  # names that are listed at most
DOTS = 5000  # that are drawn at most
TAKEN = {True: "the names of the columns", False: "a row, and the columns are called 1, 2 and so on"}
OTHERWISE = {True: "--no-header if it is a row", False: "--header if it has their names"}


def tell(options: argparse.Namespace, text: str) -> None:
    """Print a line for a person: on standard error if a program reads the output."""
    if not options.quiet:
        print(text, file=sys.stderr if options.json else sys.stdout, flush=True)


def note(told: list[str]) -> list[str]:
    """Print on standard error what was made of cells that say nothing, if there are any."""
    if told:
        print(f"note: {'; '.join(told)}", file=sys.stderr)
    return told


def check_labels(stream: Any, texts: Sequence[str]) -> None:
    """See that a stream can take texts as they are: in UTF-8, if it may change to that.

    Raises:
        DataError: it cannot.
    """
    encoding = getattr(stream, "encoding", None) or "utf-8"
    for text in texts:
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            if "PYTHONIOENCODING" not in os.environ and isinstance(stream, TextIOWrapper):
                stream.reconfigure(encoding="utf-8")
                return
            raise DataError(
                f"the output is in {encoding}, which has no way to write {cut(text)}; set "
                "PYTHONIOENCODING=utf-8, or give --output a file"
            ) from None


def check_output(path: Any, *inputs: Any) -> None:
    """See that a file may be written at ``path``, and that it is none of the inputs."""
    check_place(path)
    for other in map(Path, inputs):
        if other.exists() and Path(path).exists() and other.samefile(path):
            raise DataError(f"{path} is the input itself; give the output another name")


# train ------------------------------------------------------------------------------------------


def train(options: argparse.Namespace) -> dict[str, Any]:
    """Train a net on a table, report, and save the model and a picture."""
    path = Path(options.file)
    model = Path(options.output or f"{_stem(path, '.gz', '.csv', '.tsv', '.npy', '.npz')}.model.npz")
    picture_path = model.with_name(_stem(model, ".npz", ".safetensors", ".model") + ".training.png")
    for output in (model, picture_path):
        check_output(output, path)
    if options.target in options.ignore:
        raise DataError(f"{cut(options.target)} is the --target, and cannot be left out by --ignore as well")
    whole = read_table(path, False if options.quiet else None, options.header)
    if options.header is not None and whole.first is None:
        raise DataError(f"{path}: --header and --no-header are for text, and this file holds arrays")
    check_first_line(whole)
    table = whole.without(options.ignore)
    if table.rows < FEWEST_ROWS:
        raise DataError(f"{path}: {count(table.rows, 'row')}; at least {FEWEST_ROWS} are wanted")
    order = np.random.default_rng(options.seed).permutation(table.rows)
    held_out, kept = np.split(order, [round(table.rows * options.held_out)])
    if len(kept) < FEWEST_LEARNED:
        raise DataError(
            f"--held-out {options.held_out:g} leaves {len(kept)} of {table.rows} rows to learn from; "
            f"at least {FEWEST_LEARNED} are wanted: give a smaller share"
        )
    watched = held_out[:0]
    if options.patience is not None:
        if len(held_out) < 2:
            raise DataError(
                f"--patience chooses the epoch on half of the rows held out, and --held-out "
                f"{options.held_out:g} makes that {len(held_out)} of {table.rows}: give a larger share"
            )
        watched, held_out = np.array_split(held_out, 2)
    preprocessing = Preprocessing.of(table, kept, options.target, options.regression, options.strict)
    if preprocessing.classes:
        check_first_line(whole, preprocessing.target)
    inputs, truth = preprocessing.inputs(table), preprocessing.truth(table)
    targets, classes = preprocessing.targets(truth), preprocessing.classes

    batch = options.batch_size or min(max(32, len(kept) // STEPS), LARGEST)
    sizes = [*options.hidden, len(classes) or 1]
    check_memory([preprocessing.width, *sizes], min(batch, len(kept)))
    random.seed(options.seed)
    net = Net(preprocessing.width, sizes, "relu", "linear", init="he")
    if whole.guessed and whole.first is not None:
        taken = f"{TAKEN[whole.headed]} ({OTHERWISE[whole.headed]})"
        tell(options, f"{path}: line {whole.first[1]} was taken for {taken}")
    what = f"one of {len(classes)} classes" if classes else "a number"
    given = _given(preprocessing)
    tell(options, f"{path}: {table.rows} rows of {given}, and {cut(preprocessing.target)}, {what}")
    if told := [*preprocessing.filled(table), *preprocessing.encoded()]:
        tell(options, "; ".join(told))
    choosing = f", and choosing the epoch on {count(len(watched), 'other')}" if len(watched) else ""
    tell(options, f"training a net {'-'.join(map(str, net.N))} on {count(len(kept), 'row')}{choosing}")
    history = net.fit(
        _made(inputs.at(kept)),
        targets[kept],
        loss="cross_entropy" if classes else "mse",
        lr=options.lr,
        epochs=options.epochs,
        batch_size=batch,
        validation=(_made(inputs.at(watched)), targets[watched]) if len(watched) else None,
        patience=options.patience,
        seed=options.seed,
        progress=not options.quiet,
    )
    if history.interrupted:
        epochs = count(len(history.loss), "epoch")
        tell(options, f"interrupted after {epochs}; what was learned until then is kept")
    if history.best is not None:
        tell(options, f"kept the weights of epoch {history.best + 1} of {len(history.loss)}, the best")
    found, answers = None, np.empty(0)
    if len(held_out):
        answers = np.concatenate([preprocessing.answers(o) for o in outputs(net, inputs.at(held_out))])
        found = _measured(preprocessing, truth[held_out], answers)
        where = f"{count(len(held_out), 'row')} held out{' from both' if len(watched) else ''}"
        tell(options, f"on the {where}: {metrics.verdict(found)}")
    net.save(model, preprocessing=preprocessing.as_header())
    tell(options, f"saved the model: {model}")
    picture = _draw_training(options, picture_path, history, preprocessing, truth[held_out], answers)
    return {
        "model": str(model),
        "picture": picture,
        "rows": table.rows,
        "header": table.headed,
        "features": preprocessing.features,
        "target": preprocessing.target,
        "classes": classes,
        "notes": told,
        "layers": net.N,
        "epochs": len(history.loss),
        "best": None if history.best is None else history.best + 1,
        "loss": history.loss[-1] if history.loss else None,
        "interrupted": history.interrupted,
        "held_out": found,
    }


def check_first_line(table: Table, target: str | None = None) -> None:
    """See that nothing in a table speaks against what its first line was taken for.

    Args:
        table: the table.
        target: the column of classes, once that is known.

    Raises:
        DataError: something does.
    """
    doubt = table.doubt(target)
    if doubt is not None and table.first is not None:
        taken = TAKEN[table.headed].partition(",")[0]
        raise DataError(
            f"{table.path}, line {table.first[1]}: it was taken for {taken}, but {doubt}; say --header if "
            "it has the names of the columns, --no-header if it is a row"
        )


def check_memory(sizes: Sequence[int], batch: int) -> None:
    """See that this machine has the memory to train a net of these sizes, if its system says so.

    Raises:
        DataError: it has less.
    """
    if not hasattr(os, "sysconf"):
        return
    weights = sum((m + 1) * n for m, n in pairwise(sizes))
    wanted = PER_WEIGHT * weights + PER_OUTPUT * batch * sum(sizes)
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if wanted > there:
        raise DataError(
            f"to train a net {'-'.join(map(str, sizes))} takes about {wanted // 10**6:,} MB of memory, and "
            f"this machine has {there // 10**6:,}; give smaller layers by --hidden"
        )


def _stem(path: Path, *endings: str) -> str:
    name = path.name
    for ending in endings:
        name = name.removesuffix(ending)
    return name


def _given(preprocessing: Preprocessing) -> str:
    """What a net is given, in words."""
    numbers, texts = count(len(preprocessing.numbers), "number"), len(preprocessing.levels)
    return f"{numbers} and {count(texts, 'text')}" if texts else numbers


def _made(inputs: Inputs) -> Inputs | Array:
    """The inputs made at once, if they are not too many."""
    rows, width = inputs.shape
    return inputs if rows * width > AT_ONCE else inputs.make(slice(None))


def _measured(preprocessing: Preprocessing, truth: Array, answers: Array) -> dict[str, Any]:
    """How good answers are, with the number of rows."""
    classes = preprocessing.classes
    found = metrics.of_classes(truth, answers, classes) if classes else metrics.of_numbers(truth, answers)
    return {"rows": len(truth), **found}


def _draw_training(
    options: argparse.Namespace,
    path: Path,
    history: History,
    preprocessing: Preprocessing,
    truth: Array,
    answers: Array,
) -> str | None:
    """Save a picture of a training, if matplotlib is there; its path."""
    try:
        picture, axes = plot.figure(2 if len(truth) else 1)
    except MissingExtraError as error:
        tell(options, f"no picture: {error}")
        return None
    plot.show_loss(axes[0], history.loss, history.val_loss, history.best)
    if len(truth):
        _show(axes[1], preprocessing, truth, answers)
    plot.save(picture, path)
    tell(options, f"saved a picture: {path}")
    return str(path)


def _show(
    axes: Any, preprocessing: Preprocessing, truth: Array, answers: Array, title: str = "Held-out rows"
) -> None:
    if preprocessing.classes:
        plot.show_confusion(axes, truth, answers, preprocessing.classes, title)
    else:
        every = slice(None, None, 1 + len(truth) // DOTS)
        plot.show_fit(axes, truth[every], answers[every], preprocessing.target, title)


# Using a model ----------------------------------------------------------------------------------


def load(path: Any) -> Net:
    """The net in a file.

    Raises:
        DataError: there is no such file.
        FileFormatError: it is another kind of file.
    """
    try:
        return Net.load(path)
    except FileNotFoundError:
        way_out = nearby(path) or f"; train FILE --output {path} makes it"
        raise DataError(f"{path}: there is no such model{way_out}") from None


def load_trained(path: Any) -> tuple[Net, Preprocessing]:
    """The net and the preprocessing that `train` has saved.

    Raises:
        DataError, FileFormatError: as `load`, or the net is not one that `train` has saved.
    """
    net = load(path)
    if net.preprocessing is None:
        raise FileFormatError(f"{path}: a net, but not one that train has saved")
    try:
        return net, Preprocessing.of_header(net.preprocessing, net.n_in, net.n_out)
    except ValueError as error:
        raise FileFormatError(f"{path}: {error}") from None


def load_for(options: argparse.Namespace) -> tuple[Net, Preprocessing]:
    """The model that is used on a table, as `load_trained`."""
    try:
        return load_trained(options.model)
    except FileFormatError as error:
        model = options.file.endswith((".model.npz", ".safetensors"))
        swapped = "; MODEL comes before FILE" if model else ""
        raise FileFormatError(f"{error}{swapped}") from None


def read_for(preprocessing: Preprocessing, options: argparse.Namespace) -> tuple[Table, Inputs]:
    """The table that a model is used on, and its inputs."""
    headed = preprocessing.headed
    names = preprocessing.features if headed else ()
    table = read_table(options.file, False if options.quiet else None, None if headed else headed, names)
    if not table.headed and len(table.names) == len(preprocessing.features):
        table = table.called(preprocessing.features)
        if headed and table.first is not None:
            why = "since it has not the names that it should"
            print(f"note: {options.file}: line {table.first[1]} was taken for a row, {why}", file=sys.stderr)
    if headed is False and table.first is not None and is_strange(table.first[0], table, preprocessing):
        raise DataError(
            f"{options.file}, line {table.first[1]}: there is no number where the model wants one; if the "
            "line has the names of columns, leave it out, as the model's table had none, or train with "
            "--header"
        )
    return table, preprocessing.inputs(table, options.strict)


def is_strange(first: Sequence[str], table: Table, preprocessing: Preprocessing) -> bool:
    """Whether none of the cells of a first line is a number where the model wants one."""
    cells = dict(zip(table.columns, first, strict=True))
    wanted = [cells[name] for name in preprocessing.numbers if name in cells]
    return bool(wanted) and not any(is_number(cell) or is_missing(cell) for cell in wanted)


def outputs(net: Net, inputs: Inputs) -> Iterator[Array]:
    """A net's outputs, for some rows at a time; they may be infinite where the inputs are very large."""
    for start in range(0, len(inputs), CHUNK):
        with np.errstate(all="ignore"):
            some = net.predict(inputs.make(slice(start, start + CHUNK)))
        yield some


def predict(options: argparse.Namespace) -> dict[str, Any]:
    """Print predictions or write them into a file, and tell how good they are if that can be known."""
    net, preprocessing = load_for(options)
    if options.proba and not preprocessing.classes:
        raise DataError(
            f"{options.model}: --proba is for classes, and {cut(preprocessing.target)} is a number"
        )
    if options.output:
        check_output(options.output, options.model, options.file)
    table, inputs = read_for(preprocessing, options)
    target = table.columns.get(preprocessing.target)
    truth = preprocessing.truth(table) if target is not None and target.missing < table.rows else None
    notes = note(preprocessing.filled(table))
    answers: list[Array] = []
    rows: list[Any] = []
    with _writer(options, preprocessing, rows) as write:
        for some in outputs(net, inputs):
            answers.append(preprocessing.answers(some))
            columns = [preprocessing.labels(answers[-1])]
            columns += softmax(some, axis=1).T.tolist() if options.proba else []
            write(list(zip(*columns, strict=True)))
    report: dict[str, Any] = {
        "model": options.model,
        "file": options.file,
        "rows": table.rows,
        "notes": notes,
    }
    report["target"] = preprocessing.target
    if options.output:
        report["output"] = options.output
        tell(options, f"wrote {count(table.rows, 'prediction')}: {options.output}")
    else:
        report["predictions"] = [row[0] for row in rows]
        if options.proba:
            report |= {"classes": preprocessing.classes, "probabilities": [row[1:] for row in rows]}
    if truth is not None:
        found = report["found"] = _measured(preprocessing, truth, np.concatenate(answers))
        print(f"{count(table.rows, 'row')}: {metrics.verdict(found)}", file=sys.stderr)
    return report


@contextmanager
def _writer(
    options: argparse.Namespace, preprocessing: Preprocessing, rows: list[Any]
) -> Iterator[Callable[[Any], Any]]:
    """What takes rows of an answer and perhaps its probabilities: a file, ``rows``, or the output."""
    head = [preprocessing.target]
    head += [f"p({name})" for name in preprocessing.classes] if options.proba else []
    if options.output:
        with atomic_write(options.output) as file:
            text = TextIOWrapper(file, "utf-8", newline="")
            yield _csv(text, head)
            text.detach()
        return
    if options.json:
        yield rows.extend
        return
    check_labels(sys.stdout, [*preprocessing.classes, *(head if options.proba else [])])
    if options.proba:
        yield _csv(sys.stdout, head)
    else:
        yield lambda some: print(*(_cell(row[0]) for row in some), sep="\n")


def _csv(file: Any, head: Sequence[str]) -> Callable[[Any], None]:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(head)
    return lambda rows: writer.writerows([_cell(cell) for cell in row] for row in rows)


def _cell(answer: str | float) -> str:
    return answer if isinstance(answer, str) else f"{answer:.6g}"


def evaluate(options: argparse.Namespace) -> dict[str, Any]:
    """Tell how good a model is on a table that has the target too."""
    if options.picture:
        check_output(options.picture, options.model, options.file)
        picture, (axes,) = plot.figure(1, path=options.picture)
    net, preprocessing = load_for(options)
    table, inputs = read_for(preprocessing, options)
    truth = preprocessing.truth(table)
    notes = note(preprocessing.filled(table))
    answers = np.concatenate([preprocessing.answers(some) for some in outputs(net, inputs)])
    found = _measured(preprocessing, truth, answers)
    tell(options, f"{count(table.rows, 'row')}: {metrics.verdict(found)}")
    if preprocessing.classes:
        for line in _by_class(found["classes"]):
            tell(options, line)
    else:
        tell(options, f"mean absolute error {found['mae']:.4g}")
    if options.picture:
        title = f"{count(table.rows, 'row')} of {Path(options.file).name}"
        _show(axes, preprocessing, truth, answers, title)
        plot.save(picture, options.picture)
        tell(options, f"saved a picture: {options.picture}")
    report = {"model": options.model, "file": options.file, "target": preprocessing.target, "notes": notes}
    return {**report, **found, "picture": options.picture}


def _by_class(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    """A table of precision and recall, line by line."""
    names = [brief(entry["class"]) for entry in found]
    width = max(len("class"), *map(len, names))
    yield f"{'class':<{width}}  {'rows':>7}  precision   recall"
    for name, entry in zip(names, found, strict=True):
        shares = ["-" if entry[key] is None else f"{entry[key]:.1%}" for key in ("precision", "recall")]
        yield f"{name:<{width}}  {entry['rows']:>7}  {shares[0]:>9}  {shares[1]:>7}"


def info(options: argparse.Namespace) -> dict[str, Any]:
    """Tell what a model is, and what it was trained on."""
    net = load(options.model)
    size = Path(options.model).stat().st_size
    report: dict[str, Any] = {
        "model": options.model,
        "bytes": size,
        "version": io.read_header(options.model).get("version"),
        "layers": net.N,
        "activations": net.activations,
        "dtype": net.dtype.name,
        "parameters": net.nparams(),
        "preprocessing": net.preprocessing,
    }
    by = f", saved by version {report['version']}" if report["version"] else ""
    tell(options, f"{options.model}: {size / 1000:.1f} kB{by}")
    tell(options, f"net: {'-'.join(map(str, net.N))}, {net.nparams()} parameters in {net.dtype.name}")
    tell(options, f"activations: {', '.join(map(str, net.activations))}")
    if net.preprocessing is None:
        tell(options, "trained on: not known, since it was not saved by train")
        return report
    _, preprocessing = load_trained(options.model)
    classes, levels = preprocessing.classes, preprocessing.levels
    what = f"one of {len(classes)} classes: {listed(classes, SHOWN)}" if classes else "a number"
    tell(options, f"target: {cut(preprocessing.target)}, {what}")
    if preprocessing.numbers:
        numbers = count(len(preprocessing.numbers), "number")
        tell(options, f"from {numbers}: {listed(preprocessing.numbers, SHOWN)}")
    for name, known in levels.items():
        tell(options, f"from the text {cut(name)}, with {count(len(known), 'level')}: {listed(known, SHOWN)}")
    return report


# The demos --------------------------------------------------------------------------------------


def demo(options: argparse.Namespace) -> dict[str, Any]:
    """Run one of the demos, and tell what came out of it and where the film or the picture is."""
    path = options.output or demos.PICTURES[options.name]
    check_place(path)
    try:
        plot.figure(1)
    except MissingExtraError as error:
        if options.output:
            raise
        tell(options, f"no picture: {error}")
        path = None
    found = demos.DEMOS[options.name](path, seed=options.seed)
    tell(options, f"{options.name}: " + ", ".join(f"{name} {x:.6g}" for name, x in found.items()))
    if path:
        tell(options, f"saved {'a picture' if options.name == 'digits' else 'a film'}: {path}")
    return {"demo": options.name, "picture": path, **found}
