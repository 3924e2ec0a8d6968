"""Writing results: all or nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from minilite.archive import write_file, write_npz
from minilite.errors import InputError
from minilite.graph import printable

Array = NDArray[Any]


def check_destination(path: Path, outputs: int) -> None:
    """Raise InputError if `outputs` arrays cannot be written to `path`, before anything is computed."""
    if path.suffix not in (".npz", ".npy"):
        raise InputError(f"{path}: an output file ends in .npz (all outputs) or .npy (one)")
    if path.suffix == ".npy" and outputs != 1:
        raise InputError(f"{path}: a .npy file holds one array and the model has {outputs} outputs; use .npz")
    if path.is_dir() or not path.parent.is_dir():
        why = "it is a folder" if path.is_dir() else "there is no such folder"
        raise InputError(f"{path}: cannot be written: {why}")


def save(path: Path, codes: Mapping[str, Array], reals: Mapping[str, Array]) -> None:
    """Write arrays: .npz has NAME as the model stores it and NAME.real; .npy the codes of the only output.

    No half of it is ever left. Raises InputError.
    """
    named = {**codes, **{f"{name}.real": array for name, array in reals.items()}}

    def write(file: IO[bytes]) -> None:
        if path.suffix == ".npy":
            np.lib.format.write_array(file, next(iter(codes.values())), allow_pickle=False)
        else:
            write_npz(file, {printable(name): array for name, array in named.items()})

    write_file(path, write)
