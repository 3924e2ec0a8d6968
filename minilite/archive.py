"""Writing files all or nothing, and arrays as .npz that equal arrays make equal."""

import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from .errors import InputError

Array = NDArray[Any]


def write_file(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Let `write` fill a file beside `path`, then move it there: no half of it is ever left. Raises InputError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("xb") as file:
            write(file)
        temporary.replace(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}") from None
    finally:
        temporary.unlink(missing_ok=True)


def write_npz(file: IO[bytes], arrays: Mapping[str, Array], texts: Mapping[str, str] | None = None) -> None:
    """Arrays as members NAME.npy of a zip archive, and `texts` as members of their own names."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (texts or {}).items():
            archive.writestr(_dated(name), text.encode(), zipfile.ZIP_DEFLATED)
        for name, array in arrays.items():
            with archive.open(_dated(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _dated(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name)  # with a fixed date, so that equal arrays make equal files
