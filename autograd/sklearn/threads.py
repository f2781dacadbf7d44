"""How many threads of BLAS a training takes where joblib runs several at once in threads of one process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from joblib.parallel import get_active_backend
from threadpoolctl import OpenBLASController, ThreadpoolController

__all__ = ["ONE_EACH", "OneBlasThreadEach"]


class OneBlasThreadEach:
    """One thread of BLAS for each thread of joblib's backend "threading": more would fight over the cores.

    The other backends work in processes, and limit the threads of these themselves.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._trainings = 0  # that are within `limited`
        self._limiter: Any = None  # which knows the numbers of threads before

    @contextmanager
    def limited(self) -> Iterator[None]:
        """A training, which elsewhere than in such a thread changes nothing."""
        backend, _ = get_active_backend()
        if not backend.nesting_level or threading.current_thread() is threading.main_thread():
            yield
            return
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        """The first training sets the limit, and the last one lifts it, in whatever order they end."""
        with self._lock:
            self._trainings += change
            if self._trainings == 1 and change == 1:
                self._limiter = ThreadpoolController().limit(limits=1, user_api="blas")
            elif self._trainings == 0:
                OpenBLASController.clear_controlling_thread(force=True)  # else only the first could lift it
                self._limiter.restore_original_limits()
                OpenBLASController.clear_controlling_thread()


ONE_EACH = OneBlasThreadEach()
