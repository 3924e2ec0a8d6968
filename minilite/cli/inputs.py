"""From the files a user names to arrays the model takes, keeping account of everything done on the way."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minilite.errors import InputError
from minilite.graph import Graph, Tensor, printable
from minilite.interpreter import to_input
from minilite.names import input_names

from .files import read_csv, read_npy, read_npz, read_raw
from .images import SUFFIXES, Pixels, read_image

Array = NDArray[Any]


class Input(NamedTuple):
    """What one input of the model is given. `steps` says what was done to the file's values, in words.

    `clamped` counts values outside the range of the codes, `real` are the values before they became codes; None when
    nothing was quantized.
    """

    name: str
    tensor: Tensor
    array: Array
    source: str
    steps: tuple[str, ...] = ()
    clamped: int | None = None
    real: Array | None = None

    def document(self) -> dict[str, Any]:
        """The input for JSON, values left out."""
        return {
            "name": self.name,
            "index": self.tensor.index,
            "type": self.tensor.type.name.lower(),
            "shape": list(self.array.shape),
            "source": self.source,
            "steps": list(self.steps),
            "clamped": self.clamped,
        }


def read_inputs(graph: Graph, arguments: Sequence[str], pixels: Pixels) -> list[Input]:
    """One Input for each input of the model, in order, from arguments FILE or NAME=FILE.

    Files without a name fill the inputs not named, in order; a .npz names its own. Raises InputError for what does
    not fit.
    """
    names = input_names(graph)
    paths, unnamed = _by_name(names, arguments)
    given: dict[str, Input] = {}
    for path in unnamed:
        free = [name for name in names if name not in paths and name not in given]
        if path.suffix == ".npz":
            given.update(_from_npz(graph, names, free, path))
        elif not free:
            raise InputError(f"{path}: nothing left to give it to; the model has {_listed(names)}")
        else:
            paths[free[0]] = path
    for name, path in paths.items():
        given[name] = _from_file(name, graph.main.tensors[names[name]], path, pixels)
    missing = [name for name in names if name not in given]
    if missing:
        raise InputError(f"{_listed(missing)} not given; name a file, or use --random; the model has {_listed(names)}")
    if pixels.is_given and not any(path.suffix.lower() in SUFFIXES for path in paths.values()):
        raise InputError("--mean, --std and --scale are for images, and no input is one")
    return [given[name] for name in names]


def _listed(names: Sequence[str] | Mapping[str, Any]) -> str:
    return f"{len(names)} input{'' if len(names) == 1 else 's'} ({', '.join(map(printable, names))})"


def _by_name(names: Mapping[str, int], arguments: Sequence[str]) -> tuple[dict[str, Path], list[Path]]:
    named: dict[str, Path] = {}
    unnamed: list[Path] = []
    for argument in arguments:
        # A name may contain "=", and so may a file.
        name = max((n for n in names if n and argument.startswith(f"{n}=")), key=len, default=None)
        if name is not None:
            if name in named:
                raise InputError(f"input {printable(name)!r} is given twice")
            named[name] = Path(argument[len(name) + 1 :])
        elif "=" in argument and not Path(argument).exists():
            raise InputError(f"no input is called {argument.partition('=')[0]!r}; the model has {_listed(names)}")
        else:
            unnamed.append(Path(argument))
    return named, unnamed


def _from_npz(graph: Graph, names: Mapping[str, int], free: Sequence[str], path: Path) -> dict[str, Input]:
    arrays = read_npz(path)
    if len(arrays) == 1 and len(free) == 1:
        arrays = dict.fromkeys(free, *arrays.values())
    for key in arrays:
        if key not in free:
            raise InputError(f"{path}: array {key!r} is the name of no input that is left; they are {_listed(free)}")
    return {name: ready(name, graph.main.tensors[names[name]], array, str(path)) for name, array in arrays.items()}


def _from_file(name: str, tensor: Tensor, path: Path, pixels: Pixels) -> Input:
    suffix = path.suffix.lower()
    if suffix in SUFFIXES:
        array, steps = read_image(path, tensor, pixels)
        return ready(name, tensor, array, str(path), steps)
    if suffix == ".npy":
        return ready(name, tensor, read_npy(path), str(path))
    if suffix == ".npz":
        arrays = read_npz(path)
        if name not in arrays and len(arrays) > 1:
            raise InputError(f"{path}: it holds {', '.join(map(repr, arrays))}, none called {name!r}")
        return ready(name, tensor, arrays.get(name, next(iter(arrays.values()))), str(path))
    if suffix in (".raw", ".bin"):
        return ready(name, tensor, read_raw(path, tensor), str(path))
    if suffix == ".csv":
        return ready(name, tensor, read_csv(path, tensor), str(path))
    raise InputError(f"{path}: cannot tell what is in it by its name; give .npy, .npz, .raw, .bin, .csv or an image")


def ready(name: str, tensor: Tensor, array: Array, source: str, steps: Sequence[str] = ()) -> Input:
    """The values of a file as the model takes them, in a shape it can have. Raises InputError for what does not fit."""
    array, shaped = _fit_shape(tensor, array)
    with np.errstate(all="ignore"):
        values = to_input(tensor, array)
        done = [*steps, *shaped]
        if values.dtype == array.dtype:
            return Input(name, tensor, values, source, tuple(done))
        if tensor.quantization is None or tensor.dtype.kind == "f":
            return Input(name, tensor, values, source, (*done, f"{array.dtype} values as {tensor.dtype}"))
        clamped = tensor.quantization.count_clamped(array, tensor.dtype)
    done.append(f"{array.dtype} values quantized with {tensor.quantization}")
    done.append(f"{clamped} of {array.size} values clamped")
    return Input(name, tensor, values, source, tuple(done), clamped, array)


def _fit_shape(tensor: Tensor, array: Array) -> tuple[Array, list[str]]:
    """`array` in a shape the input can have, and what was done to its shape or the model's, in words."""
    expected, given = tensor.shape, array.shape
    if given == expected:
        return array, []
    if expected and expected[0] == 1 and given == expected[1:]:
        return array[None], [f"batch dimension added: {list(given)} to {list(expected)}"]
    signature = tensor.shape_signature or expected
    free = [-1, *signature[1:]] if signature else []
    fits = len(given) == len(expected) == len(free) and all(
        wanted in (length, -1) for length, wanted in zip(given, free, strict=True)
    )
    if not fits or 0 in given:
        raise InputError(f"input {tensor.label}: shape is {list(given)}, expected {list(expected)}")
    return array, [f"model resized from {list(expected)} to {list(given)}"]
