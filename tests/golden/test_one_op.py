"""Models of one node under the four microcontroller sets, against what real builds computed."""

import pytest

from minilite.errors import UnsupportedError

from .vectors import BUILDS, ORACLE, SELECTION, OneOpCase, differences, one_op_cases

CASES = tuple(one_op_cases(ORACLE / "one_op.npz" if ORACLE.exists() else SELECTION).values())
LABELS = tuple(dict.fromkeys(case.label for case in CASES))
# CMSIS-NN reads pairs of 32-bit biases as one of 64 bits, past the end; minilite refuses instead.
FAULTY = {("fully_connected_i16_bias_i32_per_tensor", build) for build in ("C", "D")}


def check(case: OneOpCase, kernels: str, engine: str) -> None:
    if BUILDS[kernels] in case.refused or (case.label, BUILDS[kernels]) in FAULTY:
        with pytest.raises(UnsupportedError, match=f"not taken by kernel set '{kernels}'"):
            case.run(kernels, engine=engine)
        return
    pairs = zip(case.expected(kernels), case.run(kernels, engine=engine), strict=True)
    assert [differences(*pair) for pair in pairs] == [0] * len(case.inputs), (case.name, engine)


@pytest.mark.parametrize("kernels", BUILDS)
@pytest.mark.parametrize("label", LABELS)
def test_no_element_differs(label: str, kernels: str) -> None:
    for case in CASES:
        if case.label == label:
            for engine in ("numpy", "jit"):
                check(case, kernels, engine)
