"""Calls of a function at a chosen event of the package, by a tracing hook: for interrupts and reads."""

import os
import sys

import autograd

PACKAGE = os.path.dirname(autograd.__file__)


class Disturbed:
    """Calls ``what`` at the ``at``-th event within the package.

    Events are the calls of the package's functions and the calls that they make; with ``fine``, for a
    ``what`` that raises nothing, each line and bytecode too. (An exception of a trace function between two
    bytecodes may keep a ``with`` from being left, which nothing else can.)
    """

    def __init__(self, what=None, at=-1, fine=False):
        self.what, self.at, self.fine, self.count, self.busy = what, at, fine, 0, False

    def event(self):
        self.count += 1
        if self.count == self.at:
            self.busy = True
            try:
                self.what()
            finally:
                self.busy = False

    def trace(self, frame, event, arg):
        if self.busy or not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if self.fine:
            frame.f_trace_opcodes = True
        if self.fine or event == "call":
            self.event()
        return self.trace if self.fine else None

    def profile(self, frame, event, arg):
        mine = event == "c_call" and not self.busy and frame.f_code.co_filename.startswith(PACKAGE)
        if mine and arg.__name__ != "__exit__":  # the end of a `with`, which no signal can prevent
            self.event()

    def run(self, function):
        before = sys.gettrace(), sys.getprofile()
        sys.setprofile(None if self.fine else self.profile)
        sys.settrace(self.trace)
        try:
            return function()
        finally:
            sys.settrace(before[0])
            sys.setprofile(before[1])


def interrupt():
    raise KeyboardInterrupt
