"""How many elements of an op differ from LiteRT's, over fixed examples: what its tolerance has to cover.

    python -m tests.conformance.rate RFFT2D 1000

prints for each case and kernel set: elements, how many differ, the largest difference as a share of the largest value.
"""

import sys

import numpy as np
from hypothesis import Phase, given, settings

from minilite import oracle

from . import CASES
from .case import Case, OneOp
from .test_conformance import SETTINGS, outputs


def measure(case: Case, kernels: str, examples: int) -> tuple[int, int, float]:
    """Elements, differing ones, and the largest share over `examples` examples."""
    elements, differing, largest = 0, 0, 0.0
    resolver = case.resolver if kernels == "reference" else kernels

    @settings(SETTINGS, max_examples=examples, phases=[Phase.generate], derandomize=True)
    @given(case.draw)
    def count(example: OneOp) -> None:
        nonlocal elements, differing, largest
        theirs = oracle.evaluate(example.graph, example.inputs, resolver)
        for index, values in outputs(example, "numpy", kernels).items():
            found = oracle.difference(values, theirs[index])
            elements, differing = elements + found.elements, differing + found.differing
            if found.differing:
                sizes = np.abs(theirs[index])
                scale = float(sizes[np.isfinite(sizes)].max(initial=0))
                largest = max(largest, found.largest / scale if found.largest else 0.0)

    count()
    return elements, differing, largest


def main(op: str, examples: str = "200") -> None:
    """Print one line for each case of an op and each kernel set that is compared."""
    for case in (case for case in CASES if case.op == op):
        for kernels in ("reference", *(name for name, match in case.sets.items() if not isinstance(match, str))):
            elements, differing, largest = measure(case, kernels, int(examples))
            print(f"{case}  {kernels}  {differing:,} of {elements:,} differ, by {largest:.2g} at most")


if __name__ == "__main__":
    main(*sys.argv[1:])
