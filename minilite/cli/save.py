"""Writing results: all or nothing."""

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

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

    Written beside `path` first and then moved, so that no half of it is ever left. Raises InputError.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("xb") as file:
            if path.suffix == ".npy":
                np.lib.format.write_array(file, next(iter(codes.values())), allow_pickle=False)
            else:
                _write_npz(file, {**codes, **{f"{name}.real": array for name, array in reals.items()}})
        temporary.replace(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}") from None
    finally:
        temporary.unlink(missing_ok=True)


def _write_npz(file: IO[bytes], arrays: Mapping[str, Array]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            # A fixed date, so that equal arrays make equal files.
            with archive.open(zipfile.ZipInfo(f"{printable(name)}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
