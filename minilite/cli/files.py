"""Arrays from files: .npy, .npz, .raw, .bin and .csv. Images are read in `images`."""

import io
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minilite.errors import InputError
from minilite.graph import Tensor

Array = NDArray[Any]


def read_bytes(path: Path) -> bytes:
    """The contents of a file. Raises InputError when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None


def read_npy(path: Path) -> Array:
    """The array of a .npy file. Raises InputError for one that is broken or holds pickled objects."""
    return _npy(read_bytes(path), str(path))


def _npy(data: bytes, where: str) -> Array:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            array = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    except Exception as error:  # a damaged header fails in NumPy's parser in any way
        if "Object arrays" in str(error):
            raise InputError(f"{where}: it holds pickled Python objects, which are not loaded") from None
        raise InputError(f"{where}: not a valid .npy file: {error}") from None
    native = array.dtype.newbyteorder("=")
    return np.ascontiguousarray(array, native).reshape(array.shape)


def read_npz(path: Path) -> dict[str, Array]:
    """The arrays of a .npz file, by name. Raises InputError as `read_npy` does."""
    try:
        with zipfile.ZipFile(io.BytesIO(read_bytes(path))) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except InputError:
        raise
    except Exception as error:  # zipfile raises whatever the damaged bytes lead to
        raise InputError(f"{path}: not a valid .npz file: {error}") from None
    arrays = {name: data for name, data in members.items() if name.endswith(".npy")}
    if not arrays:
        raise InputError(f"{path}: there is no array in it")
    return {name[:-4]: _npy(data, f"{path}, array {name[:-4]!r}") for name, data in arrays.items()}


def read_raw(path: Path, tensor: Tensor) -> Array:
    """Bytes as the values of `tensor`, in its type and shape, little-endian. Raises InputError for another size."""
    data = read_bytes(path)
    expected = int(np.prod(tensor.shape, dtype=object)) * tensor.dtype.itemsize
    if len(data) != expected:
        raise InputError(
            f"{path}: {len(data)} bytes, but {tensor.label} takes {expected} "
            f"({tensor.dtype} {list(tensor.shape)}, without a header)"
        )
    return np.frombuffer(data, tensor.dtype).reshape(tensor.shape)


def read_csv(path: Path, tensor: Tensor) -> Array:
    """Numbers between commas and line ends, shaped like `tensor`: real values, or integers where it has no scale.

    Each line may hold the values of one sample of a batch. Raises InputError for what is not a number.
    """
    text = read_bytes(path).decode("utf-8-sig", errors="replace")
    rows = [line.replace(";", ",").rstrip(",").split(",") for line in text.splitlines() if line.strip()]
    is_integer = tensor.dtype.kind in "iub" and tensor.quantization is None
    numbers = [_number(word, is_integer, f"{path}, line {i + 1}") for i, row in enumerate(rows) for word in row]
    try:
        values = np.array(numbers, tensor.dtype if is_integer else np.float64)
    except (OverflowError, ValueError) as error:
        raise InputError(f"{path}: {error}") from None
    return _shaped(values, len(rows), tensor, path)


def _number(word: str, is_integer: bool, where: str) -> int | float:
    try:
        return int(word) if is_integer else float(word)
    except ValueError:
        kind = "an integer" if is_integer else "a number"
        raise InputError(f"{where}: {word.strip()[:40]!r} is not {kind}") from None


def _shaped(values: Array, rows: int, tensor: Tensor, path: Path) -> Array:
    size = int(np.prod(tensor.shape, dtype=object))
    if values.size == size:
        return values.reshape(tensor.shape)
    sample = int(np.prod(tensor.shape[1:], dtype=object))
    if tensor.shape and rows and values.size == rows * sample:
        return values.reshape(rows, *tensor.shape[1:])
    raise InputError(f"{path}: {values.size} numbers, but {tensor.label} takes {size} {list(tensor.shape)}")
