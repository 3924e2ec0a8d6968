"""How many recorded elements minilite differs in.

    python -m tests.golden [numpy|jit]     one line for each kernel set

Models and cases of one op, refused ones apart: those which the real build refuses too, and the one it gets wrong
(FAULTY in vectors.py).
"""

import sys
from collections.abc import Iterator

from .vectors import BUILDS, Compared, all_cases, compare_model, model_names

COLUMNS = "{:16} {:>5} {:>7} {:>6} {:>8} {:>8} {:>11} {:>10}"


def figure(kernels: str, engine: str) -> tuple[object, ...]:
    """The line of a kernel set."""
    cases = all_cases()
    taken = [case for case in cases if not case.is_refused(kernels)]

    def compare() -> Iterator[Compared]:
        for model in model_names():
            yield from compare_model(model, kernels, engine)
        for case in taken:
            yield from case.compare(kernels, engine)

    compared = list(compare())
    elements, differing = sum(one.elements for one in compared), sum(one.differing for one in compared)
    counts = len(model_names()), len(taken), len(cases) - len(taken), len(compared)
    return kernels, BUILDS[kernels], *counts, f"{elements:,}", differing


if __name__ == "__main__":
    print(COLUMNS.format("kernel set", "build", "models", "cases", "refused", "tensors", "elements", "differing"))
    for name in BUILDS:
        print(COLUMNS.format(*figure(name, sys.argv[1] if len(sys.argv) > 1 else "numpy")), flush=True)
