"""Is this a .tflite file at all? If not, what is it?"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minilite.errors import InputError, ModelError

IDENTIFIER = b"TFL3"

OTHER_FORMATS = (
    (b"PK\x03\x04", "a zip archive (a .task bundle or a .keras file?)"),
    (b"\x89HDF", "an HDF5 file (Keras?)"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"GGUF", "a GGUF file"),
    (b"LITERTLM", "a LiteRT-LM bundle"),
    (b"\x1f\x8b", "a gzip file"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file it stands for"),
    (b"<", "an HTML or XML page (a failed download?)"),
    (b"{", "a JSON file"),
)


def file_bytes(data: Any) -> NDArray[np.uint8]:
    """The bytes of any buffer (bytes, mmap, array, ...) as a read-only array, not copied."""
    try:
        view = memoryview(data)
        raw = np.frombuffer(view.cast("B"), np.uint8) if view.nbytes else np.empty(0, np.uint8)
    except (TypeError, ValueError, BufferError) as error:
        raise InputError(f"expected the bytes of a .tflite file, got {type(data).__name__}: {error}") from None
    raw = raw.view()
    raw.flags.writeable = False
    return raw


def check_identifier(raw: NDArray[np.uint8]) -> None:
    """Raises ModelError, saying what the file seems to be, unless it starts as a .tflite file does."""
    start = raw[:64].tobytes()
    if start[4:8] == IDENTIFIER:
        return
    if not start:
        raise ModelError("not a .tflite file: it is empty")
    if len(start) < 8:
        raise ModelError(f"not a .tflite file: only {len(start)} bytes, a model has at least 8 (is it truncated?)")
    raise ModelError(
        f"not a .tflite file: bytes 4 to 7 are {start[4:8]!r}, expected {IDENTIFIER!r}; it looks like {_guess(start)}"
    )


def _guess(start: bytes) -> str:
    for magic, name in OTHER_FORMATS:
        if start.startswith(magic):
            return name
    printable = all(byte in b"\t\r\n" or 32 <= byte < 127 for byte in start)
    return "a text file" if printable else "another binary format"
