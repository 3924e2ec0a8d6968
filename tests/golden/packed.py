"""Many small arrays in one file: their bytes one after another, and an index of names, types and shapes."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def pack(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays to a file."""
    index = [[name, array.dtype.str, list(array.shape)] for name, array in arrays.items()]
    data = b"".join(array.tobytes() for array in arrays.values())
    np.savez_compressed(path, index=np.array(json.dumps(index)), data=np.frombuffer(data, np.uint8))


def unpack(path: Path) -> dict[str, Array]:
    """The arrays of a file."""
    with np.load(path) as archive:
        index, data = json.loads(str(archive["index"])), archive["data"].tobytes()
    arrays, start = {}, 0
    for name, dtype, shape in index:
        end = start + np.dtype(dtype).itemsize * math.prod(shape)
        arrays[name] = np.frombuffer(data[start:end], dtype).reshape(shape)
        start = end
    return arrays
