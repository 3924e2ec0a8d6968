"""The runs of a command that takes a dataset: a folder of files, an array of many samples, or one run."""

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from math import prod
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minilite.errors import InputError
from minilite.graph import Graph, Tensor
from minilite.names import input_names

from .images import Pixels
from .inputs import Input, read_inputs, ready
from .sample import random_inputs

Array = NDArray[Any]


class Samples(NamedTuple):
    """The inputs of each run, read when it is its turn, and how many runs there are."""

    runs: Iterator[list[Input]]
    total: int
    source: str


class Stack(NamedTuple):
    """An array with samples along its first axis, in a .npy file or a member of a .npz."""

    path: Path
    member: str | None
    dtype: np.dtype[Any]
    shape: tuple[int, ...]


def read_samples(graph: Graph, arguments: Sequence[str], rest: dict[str, Any]) -> Samples:
    """The runs that arguments and options name. Raises InputError for what does not fit."""
    if rest["is_random"]:
        if arguments:
            raise InputError("--random makes up all inputs; give either that or files")
        seeds = range(rest["seed"], rest["seed"] + rest["seeds"])
        what = f"random, seed {seeds[0]}" if len(seeds) == 1 else f"random, seeds {seeds[0]} to {seeds[-1]}"
        return Samples((random_inputs(graph, seed) for seed in seeds), len(seeds), what)
    pixels, source = Pixels(rest["mean"], rest["std"], rest["scale"]), ", ".join(arguments)
    if len(arguments) == 1 and Path(arguments[0]).is_dir():
        files = sorted(path for path in Path(arguments[0]).iterdir() if path.is_file() and path.name[0] != ".")
        if not files:
            raise InputError(f"{arguments[0]}: there is no file in this folder")
        return Samples((read_inputs(graph, [str(path)], pixels) for path in files), len(files), source)
    stacks = find_stacks(graph, arguments)
    if stacks is None:
        return Samples(iter([read_inputs(graph, arguments, pixels)]), 1, source)
    return Samples(split(graph, stacks), count_samples(graph, stacks), source)


def find_stacks(graph: Graph, arguments: Sequence[str]) -> dict[str, Stack] | None:
    """The arrays of many samples for the inputs, by name; None when the arguments are something else, or one run."""
    names = input_names(graph)
    if len(arguments) != 1 or Path(arguments[0]).suffix not in (".npy", ".npz"):
        return None
    found = list(_headers(Path(arguments[0])))
    by_name = {stack.member: stack for stack in found}
    stacks = {name: by_name.get(name, found[0] if len(found) == len(names) == 1 else None) for name in names}
    if not all(
        stack and _samples(graph.main.tensors[names[name]], stack.shape) is not None for name, stack in stacks.items()
    ):
        return None
    return {name: stack for name, stack in stacks.items() if stack}


def count_samples(graph: Graph, stacks: dict[str, Stack]) -> int:
    """How many runs the arrays make. Raises InputError when they do not agree."""
    names = input_names(graph)
    counts = {name: _samples(graph.main.tensors[names[name]], stack.shape) or 0 for name, stack in stacks.items()}
    if len(set(counts.values())) > 1:
        raise InputError(f"the arrays have different numbers of samples: {counts}")
    return next(iter(counts.values()))


def _samples(tensor: Tensor, shape: tuple[int, ...]) -> int | None:
    """How many inputs of this shape are stacked in an array of `shape`; None when it is no stack of them."""
    if shape == tensor.shape or not tensor.shape:
        return None
    if shape[1:] == tensor.shape:
        return shape[0]
    fits = len(shape) == len(tensor.shape) and shape[1:] == tensor.shape[1:]
    return shape[0] // tensor.shape[0] if fits and tensor.shape[0] and shape[0] % tensor.shape[0] == 0 else None


def split(graph: Graph, stacks: dict[str, Stack]) -> Iterator[list[Input]]:
    """One run after the other, never more than one of them in memory."""
    names = input_names(graph)
    with ExitStack() as open_files:
        streams = {name: open_files.enter_context(_opened(stack)) for name, stack in stacks.items()}
        for name, stack in stacks.items():
            _header(streams[name], stack.path, stack.member)  # the samples begin behind it
        for number in range(count_samples(graph, stacks)):
            given = []
            for name, stack in stacks.items():
                tensor = graph.main.tensors[names[name]]
                array = _read(streams[name], stack, tensor)
                given.append(ready(name, tensor, array, f"{stack.path}, sample {number}"))
            yield given


def _headers(path: Path) -> Iterator[Stack]:
    try:
        if path.suffix == ".npy":
            members: list[str | None] = [None]
        else:
            with zipfile.ZipFile(path) as archive:
                members = [name[:-4] for name in archive.namelist() if name.endswith(".npy")]
        for member in members:
            with _opened(Stack(path, member, np.dtype("u1"), ())) as file:
                yield _header(file, path, member)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, zipfile.BadZipFile, KeyError) as error:
        raise InputError(f"{path}: not a valid {path.suffix} file: {error}") from None


def _opened(stack: Stack) -> IO[bytes]:
    if stack.member is None:
        return stack.path.open("rb")
    return zipfile.ZipFile(stack.path).open(f"{stack.member}.npy")


def _header(file: IO[bytes], path: Path, member: str | None) -> Stack:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, is_fortran, dtype = read(file)
    return Stack(path, member, dtype, () if is_fortran or dtype.hasobject else shape)


def _read(file: IO[bytes], stack: Stack, tensor: Tensor) -> Array:
    size = prod(tensor.shape) * stack.dtype.itemsize
    data = file.read(size)
    if len(data) != size:
        raise InputError(f"{stack.path}: the file ends before its last sample")
    return np.frombuffer(data, stack.dtype).astype(stack.dtype.newbyteorder("=")).reshape(tensor.shape)
