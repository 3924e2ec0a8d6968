"""String tensors: the bytes of a file as an array of `bytes` objects, and back.

The layout, all int32 little-endian: count, then count + 1 offsets from the start, then the characters.
Follows tflite/string_util.h.
"""

import math
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minilite.errors import ModelError

Shape = tuple[int, ...]


def decode_strings(data: NDArray[np.uint8], shape: Shape, where: str) -> NDArray[Any]:
    """An object array of `bytes`. Raises ModelError, naming `where`, for counts or offsets that do not fit."""
    raw = data.tobytes()
    count = int.from_bytes(raw[:4], "little", signed=True)
    if len(raw) < 4 or count != math.prod(shape) or len(raw) < 4 * (count + 2):
        raise ModelError(f"{where}: the string buffer has {len(raw)} bytes and {count} strings, shape is {list(shape)}")
    offsets = np.frombuffer(raw, "<i4", count + 1, 4).tolist()
    bounds = [4 * (count + 2), *offsets, len(raw)]
    if bounds != sorted(bounds):
        raise ModelError(f"{where}: the offsets of the string buffer do not increase within its {len(raw)} bytes")
    array = np.empty(count, object)
    array[:] = [raw[start:end] for start, end in pairwise(offsets)]
    return array.reshape(shape)


def encode_strings(strings: NDArray[Any]) -> NDArray[np.uint8]:
    """The buffer of an array of `bytes`."""
    texts = [bytes(text) for text in strings.ravel()]
    offsets = np.cumsum([4 * (len(texts) + 2), *map(len, texts)]).astype("<i4")
    header = np.array([len(texts)], "<i4").tobytes() + offsets.tobytes()
    return np.frombuffer(header + b"".join(texts), np.uint8)
