"""Images as inputs: resized, normalized as asked, and said so."""

from pathlib import Path

import numpy as np
import pytest

from minilite.cli.images import Pixels, normalize, read_image
from minilite.errors import InputError

from .models import DIGITS, document, tensor

pillow = pytest.importorskip("PIL.Image", reason="Pillow is not installed")

NONE = Pixels()


def picture(folder: Path, size: tuple[int, int] = (8, 8), mode: str = "L", suffix: str = ".png") -> Path:
    """A file whose pixels all differ."""
    channels = {"L": (), "RGB": (3,), "RGBA": (4,)}[mode]
    shape = (size[1], size[0], *channels)
    pixels = (np.arange(np.prod(shape)) % 256).astype(np.uint8).reshape(shape)
    path = folder / f"picture{suffix}"
    pillow.fromarray(pixels).save(path)
    return path


@pytest.mark.parametrize(
    ("kind", "zero_point", "first", "says"),
    [
        ("int8", -128, -128, "pixel - 128 as code"),
        ("uint8", 0, 0, "pixel as code"),
        ("float32", None, 0.0, "pixel / 255"),
    ],
)
def test_pixels_without_options(kind: str, zero_point: int | None, first: float, says: str, tmp_path: Path) -> None:
    scale = None if zero_point is None else 1 / 255
    given = tensor(0, kind, (1, 8, 8, 1), scale, zero_point)
    array, steps = read_image(picture(tmp_path), given, NONE)
    assert array.shape == (1, 8, 8, 1)
    assert array.ravel()[0] == first
    assert array.ravel()[2] - array.ravel()[1] == pytest.approx(1 / 255 if kind == "float32" else 1)
    assert steps == ["8 x 8 image as L", says]


def test_options_normalize() -> None:
    pixels = np.array([[[0, 100, 255]]], np.uint8)
    given = tensor(0, "float32", (1, 1, 1, 3))
    scaled, says = normalize(pixels, given, Pixels(scale="0.5"))
    assert (scaled.tolist(), says) == ([[[0.0, 50.0, 127.5]]], "pixel * 0.5")
    centered, says = normalize(pixels, given, Pixels(mean="127.5", std="127.5"))
    assert (centered.ravel()[[0, 2]].tolist(), says) == ([-1.0, 1.0], "(pixel - 127.5) / 127.5")
    each, _ = normalize(pixels, given, Pixels(mean="0,100,250", std="1,2,5"))
    assert each.tolist() == [[[0.0, 0.0, 1.0]]]


@pytest.mark.parametrize(
    ("pixels", "says"),
    [
        (Pixels(mean="1", scale="2"), "cannot be combined"),
        (Pixels(std="0"), "must not be 0"),
        (Pixels(mean="one"), "'one' is not a number"),
        (Pixels(mean="1,2"), "one finite number or 3"),
        (Pixels(scale="nan"), "one finite number or 3"),
    ],
)
def test_bad_options(pixels: Pixels, says: str) -> None:
    given = tensor(0, "float32", (1, 1, 1, 3))
    with pytest.raises(InputError, match=says):
        normalize(np.zeros((1, 1, 3), np.uint8), given, pixels)


@pytest.mark.parametrize("shape", [(1, 8, 8, 3), (8, 8, 3), (1, 8, 8, 4), (1, 8, 8, 1)])
def test_channels_follow_the_model(shape: tuple[int, ...], tmp_path: Path) -> None:
    given = tensor(0, "float32", shape)
    array, _ = read_image(picture(tmp_path, mode="RGB"), given, NONE)
    assert array.shape == ((1, *shape[1:]) if len(shape) == 4 else shape)


@pytest.mark.parametrize("shape", [(1, 64), (1, 8, 8, 2), (1, 1, 8, 8, 1), (1, 0, 8, 1)])
def test_inputs_that_take_no_image(shape: tuple[int, ...], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="takes no image"):
        read_image(picture(tmp_path), tensor(0, "float32", shape), NONE)


def test_resized_to_the_input_and_said_so(tmp_path: Path) -> None:
    report = document("run", DIGITS / "digits_int8.tflite", picture(tmp_path, (20, 30), "RGB"), "--scale", "0.00392")
    (given,) = report["inputs"]
    assert given["steps"][:3] == ["20 x 30 image as L", "resized to 8 x 8 (bilinear)", "pixel * 0.00392"]
    assert given["steps"][-1] == "0 of 64 values clamped"
    assert given["shape"] == [1, 8, 8, 1]


def test_turned_as_the_camera_says(tmp_path: Path) -> None:
    image = pillow.fromarray(np.arange(6, dtype=np.uint8).reshape(2, 3))
    exif = image.getexif()
    exif[0x0112] = 6  # shown turned by a quarter
    image.save(tmp_path / "turned.png", exif=exif)
    array, _ = read_image(tmp_path / "turned.png", tensor(0, "uint8", (3, 2, 1)), NONE)
    assert array[..., 0].tolist() == [[3, 0], [4, 1], [5, 2]]
