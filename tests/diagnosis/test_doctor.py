"""The doctor finds what is wrong with wrong programs, and says nothing of right ones."""

import contextlib
import gc
import io
import json
import random
import re
import runpy
import sys
import threading
import warnings
import weakref
from pathlib import Path

import numpy as np
import pytest

import autograd
from autograd import Net, Tensor, Value
from autograd.diagnosis import MISTAKES, doctor, session
from autograd.engine import observe, pending
from autograd.errors import GradientError, UnsupportedError
from autograd.optim import SGD
from autograd.pictures import DEMOS
from autograd.support import WATCHERS

ROOT = Path(__file__).parents[2]
WRONG = sorted((Path(__file__).parent / "programs" / "wrong").glob("*.py"))
RIGHT = sorted((Path(__file__).parent / "programs" / "right").glob("*.py"))
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def marked(program):
    """The mistakes and lines that the comments of a program name."""
    lines = enumerate(program.read_text().splitlines(), 1)
    found = (
        (name, number)
        for number, line in lines
        if "# wrong:" in line
        for name in line.split("# wrong:")[1].split()
    )
    return set(found)


def found_by(function, *arguments):
    """The names of what the doctor finds in a function that is called; an error of its own fails the test."""
    with contextlib.redirect_stderr(io.StringIO()), doctor() as findings:
        function(*arguments)
    assert findings.error is None
    return [finding.mistake for finding in findings]


def never_zeroed(steps=6):
    w = Tensor(3.0, requires_grad=True)
    for _ in range(steps):
        ((w - 1) ** 2).backward()
        w.data -= 0.01 * w.grad


def run(path, watched=True):
    """What the doctor finds in a program, what it reports, and what the program prints."""
    random.seed(0)
    np.random.seed(0)
    report, printed = io.StringIO(), io.StringIO()
    context = doctor() if watched else contextlib.nullcontext(())
    findings = ()
    with contextlib.redirect_stderr(report), contextlib.redirect_stdout(printed), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # wrong programs may warn
        try:
            with context as findings:
                runpy.run_path(str(path), run_name="__main__")
        except AttributeError as error:
            if "'backward'" not in str(error):
                raise
    assert watched is False or findings.error is None
    return findings, report.getvalue(), printed.getvalue()


@pytest.mark.parametrize("program", WRONG, ids=lambda path: path.stem)
def test_a_mistake_is_found_in_its_line_and_nothing_else_is(program):
    findings, report, _ = run(program)
    assert {(finding.mistake, finding.line) for finding in findings} == marked(program)
    for finding in findings:
        assert Path(finding.file) == program
        assert f"{program}:{finding.line}: {MISTAKES[finding.mistake][0]}" in report
        assert "wrong:" in finding.source
        assert len(finding.remedy) == 2
        assert all(line in report for line in finding.remedy)


def test_each_mistake_is_made_by_programs_of_three_kinds():
    groups = {"dead_units": "units", "saturated_units": "units"}
    made = [groups.get(name, name) for program in WRONG for name in {name for name, _ in marked(program)}]
    assert len(WRONG) >= 40
    assert {name: made.count(name) for name in set(made) if made.count(name) < 3} == {}
    assert {groups.get(name, name) for name in MISTAKES} == set(made)


@pytest.mark.parametrize("program", RIGHT, ids=lambda path: path.stem)
def test_nothing_is_said_of_a_right_program_and_its_numbers_stay_the_same(program):
    _, report, printed = run(program)
    assert report == ""
    assert printed == run(program, watched=False)[2]


def test_there_are_twenty_right_programs():
    assert len(RIGHT) >= 20


@pytest.mark.parametrize("program", EXAMPLES, ids=lambda path: path.stem)
def test_nothing_is_said_of_the_examples(program, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(program)])
    findings, _, _ = run(program)
    assert [str(finding) for finding in findings] == []


@pytest.mark.parametrize("name", DEMOS)
def test_nothing_is_said_of_the_demos(name):
    with doctor() as findings:
        DEMOS[name](None, seed=0)
    assert [str(finding) for finding in findings] == []


@pytest.mark.parametrize(
    "notebook", sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem
)
def test_nothing_is_said_of_the_notebooks(notebook, tmp_path, monkeypatch):
    folder = tmp_path / "docs" / "notebooks"
    folder.mkdir(parents=True)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(folder)
    cells = [cell for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == "code"]
    code = "\n\n".join("".join(cell["source"]) for cell in cells)
    program = tmp_path / "notebook.py"
    program.write_text(re.sub(r"^[%!].*$", "", code, flags=re.M))
    findings, _, _ = run(program)
    assert [str(finding) for finding in findings] == []


def test_how_often_a_mistake_was_made_is_counted():
    x = Value(1.0)
    with contextlib.redirect_stderr(io.StringIO()) as report, doctor() as findings:
        for _ in range(7):
            (x * x).backward()
            x.data -= 0.01 * x.grad
    assert [(finding.mistake, finding.count) for finding in findings] == [("not_zeroed", 6)]
    assert "6 times" in report.getvalue()


def test_counts_go_on_where_the_interpreter_has_specialised_an_expression():
    random.seed(1)
    net = Net(1, [3, 1], "tanh", "linear")
    with contextlib.redirect_stderr(io.StringIO()), doctor() as findings:
        for _ in range(20):
            loss = 0.01 * sum(p * p for p in net.params())
            for i in range(15):
                loss = loss + float(net([i / 10])) ** 2
            net.zero_grad()
            loss.backward()
            net.step(0.01)
    assert [(finding.mistake, finding.count) for finding in findings] == [("number_taken", 20 * 15)]


def test_the_losses_of_a_line_are_those_of_all_its_passes():
    x = Value(1.0)
    with contextlib.redirect_stderr(io.StringIO()), doctor() as findings:
        for _ in range(40):
            loss = x * x
            x.zero_grad()
            loss.backward()
            x.data -= 1.05 * x.grad
    assert findings[0].mistake == "diverges"
    assert findings[0].details.startswith(f"The loss went from 1 to {loss.data:.4g} in 40 passes")


def test_the_details_of_an_infinity_name_the_operation_and_its_operands():
    x = Value(0.0)
    with contextlib.redirect_stderr(io.StringIO()), doctor() as findings:
        (2 * x.sqrt() * x).backward()
        (3 * Value(1e200) * (x + 1e200)).backward()
    assert [finding.details for finding in findings] == ["sqrt of 0 is 0 with an infinite slope."]


def test_a_number_whose_gradient_cancels_may_be_taken():
    values = [Value(1.0), Value(3.0), Value(2.0)]
    with doctor() as findings:
        for _ in range(5):
            highest = max(v.data for v in values)  # the softmax is the same whatever is subtracted
            exps = [(v - highest).exp() for v in values]
            loss = -(exps[0] / sum(exps)).log()
            for v in values:
                v.zero_grad()
            loss.backward()
            for v in values:
                v.data -= 0.1 * v.grad
    assert list(findings) == []


def test_a_number_that_becomes_a_value_on_purpose_may_be_taken():
    w, b = Value(2.0), Value(0.5)
    with doctor() as findings:
        for _ in range(5):
            baseline = Value(w.data)
            loss = (w - 1) ** 2 * baseline + (b - baseline) ** 2
            w.grad = b.grad = 0.0
            loss.backward()
            w.data -= 0.01 * w.grad
            b.data -= 0.01 * b.grad
    assert list(findings) == []


@pytest.mark.parametrize("names", [["grad"], ["data", "grad"]])
def test_a_gradient_that_is_read_makes_a_number_taken_a_mistake(names):
    def program():
        x = Value(2.0)
        (x * 3 + x.data**2).backward()
        assert [getattr(x, name) for name in names][-1] == 3.0

    assert found_by(program) == ["number_taken"]


def test_values_and_tensors_may_be_read_in_one_place():
    def number(v):
        return v.data

    def program(value_last):
        x, t = Value(2.0), Tensor([1.0], requires_grad=True)
        for _ in range(3):
            if value_last:
                loss = x * float(number(2 * t)[0]) + (x * number(3 * x) - 1) ** 2
            else:
                loss = (x * number(3 * x) - 1) ** 2 + x * float(number(2 * t)[0])
            x.grad, t.grad = 0.0, None
            loss.backward()
            x.data -= 0.1 * x.grad

    assert found_by(program, True) == ["number_taken"]
    assert found_by(program, False) == []  # the number that was read last is that of a constant


def test_a_number_that_is_taken_in_a_late_pass_is_found():
    net = Net(1, [3, 1], "tanh", "linear")

    def program():
        for step in range(7):
            loss = net([0.5]) ** 2 + sum(p * p for p in net.params())
            if step == 5:
                loss = loss + (float(net([1.0])) * net([0.2]) - 1) ** 2
            net.zero_grad()
            loss.backward()
            net.step(0.01)

    assert found_by(program) == ["number_taken"]


def test_a_pass_within_a_pass_counts_once():
    w, b = Tensor([0.5], requires_grad=True), Value(0.0)

    def outer():
        inner = (3 * w).sum()
        out = Value(inner.item(), (), "outer")
        out._backward = lambda: (out.grad * inner).backward()
        return out

    def program(*operands):
        for _ in range(4):
            outer().backward()
            w.data -= 0.01 * w.grad
        for _ in range(8):
            with contextlib.suppress(ZeroDivisionError):
                sum(operand() for operand in operands).backward()
            b.grad = 0.0
            (b * b + b).backward()
            b.data -= 0.01 * b.grad

    def failing():
        out = Value(4.0, (), "failing")
        out._backward = lambda: 1 / 0
        return out

    for operands in [(outer, failing), (failing, outer)]:
        w.grad = None
        with contextlib.redirect_stderr(io.StringIO()), doctor() as findings:
            program(*operands)
        assert [(finding.mistake, finding.count) for finding in findings] == [("not_zeroed", 2)]


# What the doctor leaves behind ---------------------------------------------------------------------


def test_numbers_that_are_printed_keep_no_graph():
    with doctor():
        v = Value(2.0) * 3
        for _ in range(3):
            print(v.data, file=io.StringIO())
        gone = weakref.ref(v)
        del v
        gc.collect()
        assert gone() is None


def left_behind():
    return vars(Value)["data"], vars(Value)["grad"], list(WATCHERS), pending.observer()


@pytest.mark.parametrize("error", [None, ValueError("mine"), KeyboardInterrupt()])
def test_nothing_is_left_behind_however_the_block_ends(error):
    before = left_behind()
    x = Value(2.0)
    with (
        contextlib.suppress(ValueError, KeyboardInterrupt),
        contextlib.redirect_stderr(io.StringIO()),
        doctor(),
    ):
        assert left_behind() != before
        (x * 3 + x.data**2).backward()
        if error is not None:
            raise error
    assert left_behind() == before
    assert "_home" not in vars(x * 1)


def test_a_block_within_a_block_changes_nothing():
    with doctor() as outer:
        with doctor() as inner:
            assert inner is outer
        assert WATCHERS


def test_another_thread_is_not_watched_and_cannot_be():
    told = []

    def other():
        x = Value(1.0)
        for _ in range(3):
            (x * x).backward()
            x.data -= 0.1 * x.grad
        try:
            with doctor():
                pass
        except UnsupportedError as error:
            told.append(str(error))

    with doctor() as findings:
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert list(findings) == []
    assert told == ["doctor() watches one thread at a time, and is watching another one already"]


def test_small_passes_of_another_thread_do_not_count():
    x, y = Value(1.0), Value(1.0)
    optimizer = SGD([x], lr=0.01)

    def passes():
        for _ in range(5):
            (y * y).backward()

    with contextlib.redirect_stderr(io.StringIO()), doctor() as findings:
        for step in range(100):
            optimizer.zero_grad()
            if step < 90:
                (x * x).backward()
            else:
                thread = threading.Thread(target=passes)
                thread.start()
                thread.join()
            optimizer.step()
    assert [(finding.mistake, finding.count) for finding in findings] == [("step_without_backward", 10)]


def test_it_goes_together_with_verify():
    random.seed(1)
    net = Net(1, [4, 1], "tanh", "linear")
    with contextlib.redirect_stderr(io.StringIO()), doctor() as findings, autograd.verify():
        for _ in range(4):
            sum((net([x]) - x) ** 2 for x in (0.1, 0.2)).backward()
            net.step(0.01)
    assert [finding.mistake for finding in findings] == ["not_zeroed"]


def test_an_observer_is_told_from_observe_to_unobserve():
    told = []

    class Mine(pending.Observer):
        def on_walk(self, order, before, walk):
            told.append(len(order))

    mine = Mine()
    observe(mine)
    try:
        (Value(2.0) * 3 + 1).backward()
    finally:
        pending.unobserve(mine)
    (Value(2.0) * 3 + 1).backward()
    assert told == [3]


@pytest.mark.parametrize("moment", range(12))
def test_an_interrupt_while_it_begins_or_ends_leaves_nothing_behind(moment, monkeypatch):
    calls = []

    def interrupted(kind, name, value):
        calls.append(name)
        setattr(kind, name, value)
        if len(calls) == moment + 1:
            raise KeyboardInterrupt

    before = left_behind()
    monkeypatch.setattr(session, "setattr", interrupted, raising=False)
    with contextlib.suppress(KeyboardInterrupt), doctor():
        pass
    assert len(calls) > moment
    assert left_behind() == before
    assert session.Current.session is None


def test_one_of_several_threads_that_begin_at_once_is_watched():
    told = []
    barrier = threading.Barrier(4)

    def begin():
        barrier.wait()
        try:
            with doctor():
                barrier.wait()
                told.append("watched")
        except UnsupportedError:
            told.append("refused")
            barrier.wait()

    threads = [threading.Thread(target=begin) for _ in range(4)]
    before = left_behind()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["refused", "refused", "refused", "watched"]
    assert left_behind() == before


def test_an_error_of_its_own_ends_its_look_and_not_the_program(monkeypatch, capsys):
    def broken(*arguments):
        raise ZeroDivisionError("mine")

    monkeypatch.setattr(session.Ledger, "of_walk", broken)
    x = Value(2.0)
    with doctor() as findings:
        for _ in range(3):
            (x * x).backward()
            x.data -= 0.1 * x.grad
    assert x.grad == pytest.approx(4 + 3.2 + 1.76)
    assert isinstance(findings.error, ZeroDivisionError)
    assert "an error of its own ended its look before the program's end: ZeroDivisionError('mine')" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize("end", [SystemExit(0), KeyboardInterrupt()])
def test_a_program_that_is_ended_is_judged_as_far_as_it_came(end):
    x = Value(3.0)
    with (
        contextlib.suppress(SystemExit, KeyboardInterrupt),
        contextlib.redirect_stderr(io.StringIO()),
        doctor() as findings,
    ):
        for _ in range(30):
            loss = (x - 1) ** 2
            x.grad = 0
            loss.backward()
            x.data -= 1.5 * x.grad
        raise end
    assert [finding.mistake for finding in findings] == ["diverges"]


# What it must bear ---------------------------------------------------------------------------------


def refusing_pass():
    net = Net(1, [1])
    out = net([1.0])
    assert out.data != 9.0
    net.params()[0].data = 5.0
    with pytest.raises(GradientError):
        out.backward()


def failing_closure():
    def fail():
        raise RuntimeError

    out = Value(4.0, (Value(2.0),), "square")
    out._backward = fail
    with pytest.raises(RuntimeError):
        out.backward()


def failing_activation():
    def fail(x):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        Net(1, [1], fail)([1.0]).data  # noqa: B018


@pytest.mark.parametrize("error", [refusing_pass, failing_closure, failing_activation])
def test_after_an_error_in_a_pass_or_a_net_it_goes_on_looking(error):
    def program():
        error()
        never_zeroed()
        x = Tensor([0.0, 4.0], requires_grad=True)
        x.sqrt().sum().backward()

    assert sorted(found_by(program)) == ["not_finite", "not_zeroed"]


def test_a_mistake_that_begins_after_many_small_passes_is_found():
    def program():
        x = Value(1.0)
        for step in range(300):
            if step < 100:
                x.grad = 0.0
            (x * x).backward()
            x.data -= 1e-6 * x.grad

    assert found_by(program) == ["not_zeroed"]


def test_a_net_that_is_gone_before_the_pass():
    def program():
        out = Net(2, [3, 1])([1.0, 2.0])
        out.backward()
        (Net(2, [1]).layers[0].neurons[0].w[0] * 2).backward()

    assert found_by(program) == []


def test_gradients_whose_sum_is_infinite_are_finite():
    def program():
        values = [Value(1.0), Value(1.0)]
        (values[0] * 1.7e308 - 1.7e308 + (values[1] * 1.7e308 - 1.7e308)).backward()

    assert found_by(program) == []


def test_an_infinity_is_found_in_a_late_pass_too():
    def program():
        x = Value(70.0)
        for _ in range(75):
            loss = x**0.5 if x.data >= 0 else x * 1.0
            x.grad = 0.0
            loss.backward()
            x.data -= 1.0 if x.data > 0 else 0.1

    assert found_by(program) == ["not_finite"]


def test_an_activation_of_the_users_is_not_called_once_more():
    def trained(watched):
        calls = []

        def mine(x):
            calls.append(1)
            return x * 2

        random.seed(1)
        net = Net(3, [4, 1], mine, "linear")
        X = np.linspace(-1, 1, 60).reshape(20, 3)
        net.fit(X, X[:, :1], epochs=3, seed=1, doctor=watched)
        context = doctor() if watched else contextlib.nullcontext()
        with context:
            for _ in range(3):
                loss = sum((net([x, 0.5, 1.0]) - x) ** 2 for x in (0.0, 0.5, 1.0))
                net.zero_grad()
                loss.backward()
                net.step(0.001)
        return len(calls)

    assert trained(True) == trained(False)


def test_a_subclass_with_a_data_attribute_of_its_own(monkeypatch):
    class Constant(Value):
        data = 3.0

    try:
        assert found_by(never_zeroed) == ["not_zeroed"]
        assert Constant.data == 3.0
    finally:
        del Constant
        gc.collect()
