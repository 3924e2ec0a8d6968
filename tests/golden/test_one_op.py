"""Models of one node under the four microcontroller sets, against what real builds computed."""

import pytest

from minilite.errors import UnsupportedError

from .vectors import BUILDS, OneOpCase, all_cases

CASES = tuple(all_cases())
LABELS = tuple(dict.fromkeys(case.label for case in CASES))


def check(case: OneOpCase, kernels: str, engine: str) -> None:
    if case.is_refused(kernels):
        with pytest.raises(UnsupportedError, match=f"not taken by kernel set '{kernels}'"):
            case.run(kernels, engine=engine)
        return
    compared = list(case.compare(kernels, engine))
    assert [one for one in compared if one.differing] == []
    assert len(compared) == len(case.inputs) > 0


@pytest.mark.parametrize("label", LABELS)
def test_no_element_differs(label: str) -> None:
    for case in (case for case in CASES if case.label == label):
        for kernels in BUILDS:
            for engine in ("numpy", "jit"):
                check(case, kernels, engine)
