"""A trace as a file: an .npz whose member manifest.json says what is in it (schema/trace-file.schema.json)."""

import io
import json
import platform
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from minilite import __version__
from minilite.archive import write_file, write_npz
from minilite.errors import InputError
from minilite.numerics.affine import Affine, Range

from .record import Accumulators, TensorRecord
from .result import Key, Trace
from .sums import Errors
from .values import Values

Array = NDArray[Any]
FORMAT = 1
MANIFEST = "manifest.json"
COUNTED = ("counts", "lowest", "highest")  # arrays of `Values`


def save_trace(trace: Trace, path: str | Path) -> None:
    """Write a trace as .npz with a manifest (schema/trace-file.schema.json), all or nothing. Raises InputError."""
    path = Path(path)
    check_path(path)
    arrays: dict[str, Array] = {}
    tensors = [_tensor(record, trace, arrays) for record in trace.records]
    manifest = {
        "format": FORMAT,
        "minilite": __version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "runs": trace.runs,
        "kernels": trace.kernels if isinstance(trace.kernels, str) else dict(trace.kernels),
        "engine": trace.engine,
        "reference": trace.reference,
        "sha256": trace.hashes,
        "tensors": tensors,
    }
    text = json.dumps(manifest, indent=1, allow_nan=False)

    def write(file: IO[bytes]) -> None:
        write_npz(file, arrays, {MANIFEST: text})

    write_file(path, write)


def check_path(path: Path) -> None:
    """Raise InputError if a trace cannot be written to `path`, before anything is computed."""
    if path.suffix != ".npz":
        raise InputError(f"{path}: a trace file ends in .npz")
    if path.is_dir() or not path.parent.is_dir():
        why = "it is a folder" if path.is_dir() else "there is no such folder"
        raise InputError(f"{path}: cannot be written: {why}")


def _tensor(record: TensorRecord, trace: Trace, arrays: dict[str, Array]) -> dict[str, Any]:
    key = record.subgraph, record.index
    place = f"{record.subgraph}/{record.index}"
    for what, found in (("tensor", trace.arrays.get(key)), ("accumulator", trace.accumulators.get(key))):
        if found is not None and found.dtype.kind != "O":
            arrays[f"{what}/{place}"] = found
    values = record.values
    arrays |= {f"{name}/{place}": array for name in COUNTED if (array := getattr(values, name)) is not None}
    affine = trace.quantization.get(key)
    return {
        **{name: getattr(record, name) for name in ("subgraph", "index", "name", "type", "node", "op")},
        "shape": list(record.shape),
        "quantization": None if affine is None else _affine(affine),
        "scale": record.scale,
        "zero_point": record.zero_point,
        "codes": None if values.codes is None else list(values.codes),
        "sums": {name: getattr(values, name) for name in ("elements", "not_finite", "total", "squares")},
        "accumulators": None if record.accumulators is None else asdict(record.accumulators),
        "local": None if record.local is None else _finite(asdict(record.local)),
        "propagated": None if record.propagated is None else _finite(asdict(record.propagated)),
        "without": record.without,
    }


def _affine(affine: Affine) -> dict[str, Any]:
    return {"scale": affine.scale.tolist(), "zero_point": affine.zero_point.tolist(), "axis": affine.axis}


def _finite(numbers: dict[str, Any]) -> dict[str, Any]:
    return {name: value if np.isfinite(value) else str(value) for name, value in numbers.items()}


def load_trace(path: str | Path) -> Trace:
    """Read what `save_trace` wrote. Raises InputError for a file that is none, is damaged or of a later format."""
    where = Path(path)
    try:
        with zipfile.ZipFile(io.BytesIO(where.read_bytes())) as archive:
            manifest = json.loads(archive.read(MANIFEST)) if MANIFEST in archive.namelist() else None
            arrays = {name[:-4]: _array(archive.read(name)) for name in archive.namelist() if name.endswith(".npy")}
    except OSError as error:
        raise InputError(f"{where}: cannot be read: {error.strerror or error}") from None
    except Exception as error:  # zipfile, json and NumPy raise whatever the damaged bytes lead to
        raise InputError(f"{where}: not a trace file: {error}") from None
    if not isinstance(manifest, dict) or "format" not in manifest:
        raise InputError(f"{where}: not a trace file: it has no {MANIFEST} of a trace")
    if manifest["format"] != FORMAT:
        raise InputError(f"{where}: the trace has format {manifest['format']}, this version reads {FORMAT}")
    try:
        return _trace(manifest, arrays)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{where}: not a trace file: {type(error).__name__} {error} in {MANIFEST}") from None


def _array(data: bytes) -> Array:
    array: Array = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    return array


def _trace(manifest: Mapping[str, Any], arrays: Mapping[str, Array]) -> Trace:
    keys: dict[Key, str] = {(t["subgraph"], t["index"]): f"{t['subgraph']}/{t['index']}" for t in manifest["tensors"]}
    kept = {key: arrays[f"tensor/{place}"] for key, place in keys.items() if f"tensor/{place}" in arrays}
    sums = {key: arrays[f"accumulator/{place}"] for key, place in keys.items() if f"accumulator/{place}" in arrays}
    affines = {
        (t["subgraph"], t["index"]): None
        if t["quantization"] is None
        else Affine(
            np.array(t["quantization"]["scale"], np.float32),
            np.array(t["quantization"]["zero_point"], np.int64),
            t["quantization"]["axis"],
        )
        for t in manifest["tensors"]
    }
    return Trace(
        records=tuple(_record(tensor, arrays) for tensor in manifest["tensors"]),
        **{name: manifest[name] for name in ("runs", "kernels", "engine", "reference")},
        hashes=manifest["sha256"],
        arrays=kept,
        accumulators=sums,
        quantization=affines,
    )


def _record(tensor: Mapping[str, Any], arrays: Mapping[str, Array]) -> TensorRecord:
    place = f"{tensor['subgraph']}/{tensor['index']}"
    codes = tensor["codes"]
    values = Values(None if codes is None else Range(*codes), **tensor["sums"])
    for name in COUNTED:
        if f"{name}/{place}" in arrays:
            setattr(values, name, arrays[f"{name}/{place}"])
    head = tensor["accumulators"]
    same = ("subgraph", "index", "name", "type", "scale", "zero_point", "node", "op", "without")
    return TensorRecord(
        **{name: tensor[name] for name in same},
        shape=tuple(tensor["shape"]),
        values=values,
        accumulators=None if head is None else Accumulators(**head),
        local=_errors(tensor["local"]),
        propagated=_errors(tensor["propagated"]),
    )


def _errors(numbers: Mapping[str, Any] | None) -> Errors | None:
    if numbers is None:
        return None
    plain: dict[str, Any] = {n: float(number) if isinstance(number, str) else number for n, number in numbers.items()}
    return Errors(**plain)
