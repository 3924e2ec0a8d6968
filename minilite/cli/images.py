"""Images as model inputs: resized to the input's height and width, and normalized as asked. Needs Pillow."""

import importlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minilite.errors import InputError, UnsupportedError
from minilite.graph import Tensor
from minilite.numerics.affine import code_range

Array = NDArray[Any]
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".ppm", ".pgm", ".pnm", ".tif", ".tiff")
MODES = {1: "L", 3: "RGB", 4: "RGBA"}


class Pixels(NamedTuple):
    """How pixels from 0 to 255 become values: as the options of the same names say; None is not given."""

    mean: str | None = None
    std: str | None = None
    scale: str | None = None

    @property
    def is_given(self) -> bool:
        """Whether the user gave any of the options."""
        return any(option is not None for option in self)


def read_image(path: Path, tensor: Tensor, pixels: Pixels) -> tuple[Array, list[str]]:
    """An image as values in the shape of `tensor`, batch 1, and what was done to it, in words."""
    height, width, channels = _size(path, tensor)
    picture, steps = _open(path, width, height, MODES[channels])
    values = np.asarray(picture, np.uint8).reshape(height, width, channels)
    array, step = normalize(values, tensor, pixels)
    return array.reshape((1,) * (len(tensor.shape) - 3) + array.shape), [*steps, step]


def _size(path: Path, tensor: Tensor) -> tuple[int, int, int]:
    size = tensor.shape[-3:]
    if len(size) < 3 or len(tensor.shape) > 4 or size[2] not in MODES or 0 in size:
        raise InputError(
            f"{path}: input {tensor.label} {list(tensor.shape)} takes no image; "
            "one needs [batch, height, width, channels] with 1, 3 or 4 channels"
        )
    return size[0], size[1], size[2]


def _open(path: Path, width: int, height: int, mode: str) -> tuple[Any, list[str]]:
    try:
        image, operations = importlib.import_module("PIL.Image"), importlib.import_module("PIL.ImageOps")
    except ImportError:
        raise UnsupportedError(
            f"{path}: reading images needs Pillow; install it with: pip install 'minilite-tflite[image]'"
        ) from None
    try:
        with image.open(path) as opened:
            picture = operations.exif_transpose(opened).convert(mode)
    except (OSError, ValueError, SyntaxError, MemoryError, image.DecompressionBombError) as error:
        raise InputError(f"{path}: cannot read the image: {getattr(error, 'strerror', None) or error}") from None
    steps = [f"{picture.width} x {picture.height} image as {mode}"]
    if picture.size != (width, height):
        picture = picture.resize((width, height), image.Resampling.BILINEAR)
        steps.append(f"resized to {width} x {height} (bilinear)")
    return picture, steps


def normalize(values: Array, tensor: Tensor, pixels: Pixels) -> tuple[Array, str]:
    """Pixels as real values, or as codes where nothing is asked and the input has 8 bits; and how, in words."""
    if pixels.scale is not None:
        if pixels.mean is not None or pixels.std is not None:
            raise InputError("--scale cannot be combined with --mean or --std")
        scaled = values * _numbers("--scale", pixels.scale, values.shape[-1])
        return scaled.astype(np.float32), f"pixel * {pixels.scale}"
    if pixels.is_given:
        mean, std = pixels.mean or "0", pixels.std or "1"
        deviation = _numbers("--std", std, values.shape[-1])
        if not deviation.all():
            raise InputError("--std must not be 0")
        centered = (values - _numbers("--mean", mean, values.shape[-1])) / deviation
        return centered.astype(np.float32), f"(pixel - {mean}) / {std}"
    if tensor.dtype.kind in "iu" and tensor.dtype.itemsize == 1:
        low = code_range(tensor.dtype).low
        return (values.astype(np.int16) + low).astype(
            tensor.dtype
        ), "pixel as code" if low == 0 else f"pixel - {-low} as code"
    return (values / 255.0).astype(np.float32), "pixel / 255"


def _numbers(option: str, text: str, channels: int) -> Array:
    try:
        numbers = np.array([float(word) for word in text.split(",")])
    except ValueError:
        raise InputError(f"{option}: {text!r} is not a number, or numbers between commas") from None
    if numbers.size not in (1, channels) or not np.isfinite(numbers).all():
        raise InputError(f"{option}: expected one finite number or {channels}, one per channel, got {text!r}")
    return numbers
