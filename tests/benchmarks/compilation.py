"""How long compiling takes where nothing is kept yet: CPU seconds of each kernel, and of all. The goal: under 120 s.

    python -m tests.benchmarks.compilation

One model of each conformance case that has a compiled twin is run, then every loop is compiled that none of them
needed. A kernel is counted with all functions it calls, and once for each combination of types.
"""

import os
import sys
import tempfile
from collections import Counter
from time import process_time
from typing import Any

from hypothesis import Phase, find, settings
from numba.core import event

from minilite import fast
from minilite.fast.warmup import compile_all
from minilite.interpreter import evaluate
from minilite.program import bind
from tests.conformance import CASES
from tests.conformance.case import variant_of

FIRST = settings(phases=[Phase.generate], database=None)


class Stopwatch(event.Listener):
    """Adds up the time of compilations that are no part of another."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.times: Counter[str] = Counter()
        self.depth = 0
        self.start = 0.0

    def on_start(self, event: Any) -> None:
        """What numba calls before each compilation."""
        if self.depth == 0:
            self.start = process_time()
        self.depth += 1

    def on_end(self, event: Any) -> None:
        """What numba calls after each compilation."""
        self.depth -= 1
        if self.depth == 0:
            function = event.data["dispatcher"].py_func
            name = f"{function.__module__.removeprefix('minilite.')}.{function.__name__}"
            self.seconds[name] += process_time() - self.start
            self.times[name] += 1


def main() -> None:
    """Compile everything into an empty folder and print the times."""
    watch = Stopwatch()
    event.register("numba:compile", watch)
    for case in CASES:
        if variant_of(case) in fast.TWINS:
            example = find(case.draw, lambda example: True, settings=FIRST)
            program = bind(example.graph, {i: a.shape for i, a in example.inputs.items()}, engine="jit")
            evaluate(program, example.inputs)
    list(compile_all())
    for name, seconds in watch.seconds.most_common():
        print(f"{seconds:7.2f} s  {watch.times[name]:2} times  {name}")
    print(f"{sum(watch.seconds.values()):7.2f} s  in all (goal: under 120)")


if __name__ == "__main__":
    if "MINILITE_COMPILATION" not in os.environ:
        with tempfile.TemporaryDirectory() as folder:
            environment = {**os.environ, "MINILITE_CACHE": folder, "MINILITE_COMPILATION": "1"}
            os.spawnve(os.P_WAIT, sys.executable, [sys.executable, "-m", "tests.benchmarks.compilation"], environment)
    else:
        main()
