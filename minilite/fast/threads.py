"""Stretches of compiled loops, run by one thread or by a team of them. Compiled code holds no lock of Python's."""

import ctypes
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from minilite.numerics.jit import is_compiled
from minilite.ops.state import State

from .calls import ARRIVED, FAILED, GIVE_WAY, LoopCall, make_table, run_calls


class Team:
    """Threads that go through the same stretches. The caller's is the first; the others wait when there is nothing."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._meeting = np.zeros(3, np.int64)
        self._meeting[GIVE_WAY] = _give_way()
        self._workers: ThreadPoolExecutor | None = None
        self._process = 0

    def run(self, table: np.ndarray) -> None:
        """Make the calls of a table (see `calls`). Raises RuntimeError if a loop failed, which it has no reason to."""
        meeting, start = self._meeting, int(self._meeting[ARRIVED])
        for thread in range(1, len(table)):
            self._pool().submit(run_calls, table, thread, meeting, start)
        run_calls(table, 0, meeting, start)
        if meeting[FAILED]:
            raise RuntimeError("a compiled loop failed")

    def _pool(self) -> ThreadPoolExecutor:
        if self._workers is None or self._process != os.getpid():  # a forked process has none of the threads
            self._workers, self._process = ThreadPoolExecutor(self.threads - 1, "minilite"), os.getpid()
        return self._workers


class Stretch:
    """Loops that follow each other, each as calls that can be made at once."""

    def __init__(self, calls: Sequence[Sequence[LoopCall]], team: Team) -> None:
        self.calls = calls  # holds on to the arrays, of which the table has mere addresses
        self.team = team
        widest = max((len(at_once) for at_once in calls), default=0)
        self.table = make_table(calls, widest) if is_compiled() else None

    def __call__(self, state: State | None = None) -> None:
        """Make them all. Loops have no state."""
        if self.table is not None:
            self.team.run(self.table)
        else:
            for at_once in self.calls:
                for call in at_once:
                    call.run()


def usable(threads: int) -> int:
    """How many of `threads` there are CPUs for: more would only wait for each other."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(threads, cpus))


def _give_way() -> int:
    """The address of what lets another thread have the CPU."""
    if sys.platform == "win32":
        function = ctypes.windll.kernel32.SwitchToThread
    else:
        function = ctypes.CDLL(None).sched_yield
    return ctypes.cast(function, ctypes.c_void_p).value or 0
