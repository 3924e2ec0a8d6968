"""The constants that plans are made of cannot be changed by whoever looks at them."""

import numpy as np
import pytest

from minilite.numerics.frozen import frozen
from minilite.numerics.reduction import mean_multiplier
from minilite.numerics.rescale import quantize_multiplier
from minilite.numerics.sampling import fixed_samples, float_samples, nearest_samples
from minilite.numerics.tables import SIGMOID_TABLE, table_8bit, table_16bit

CONSTANTS = {
    "multiplier": quantize_multiplier(np.array([0.5, 0.25])),
    "multiplier of a mean": mean_multiplier(0.5, 3),
    "sigmoid table": (SIGMOID_TABLE,),
    "table of 8-bit codes": (table_8bit(np.sin, np.float32(0.1), 0, np.float32(0.1), 0, np.dtype(np.int8)),),
    "table of 16-bit codes": (table_16bit(np.sin, np.float32(1e-4), 0, np.float32(1e-4), 0),),
    "samples in float": float_samples(4, 8, False, False),
    "samples in integers": fixed_samples(4, 8, False, False),
    "nearest samples": (nearest_samples(4, 8, False, False),),
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_constants_are_read_only(name: str) -> None:
    for array in CONSTANTS[name]:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_the_original_stays_writable_and_apart() -> None:
    original = np.array([1.0, 2.0])
    copy = frozen(original)
    original[0] = 3.0
    assert copy.tolist() == [1.0, 2.0]
