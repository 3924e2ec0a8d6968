"""Images copied with the padding that windows reach into, so that no loop has to ask where an image ends."""

from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.geometry import Window

from .blocks import copy_bytes


class Image(NamedTuple):
    """How an image of x [h,w,c] is copied to one [down, across, c * repeat] that windows stay inside of."""

    height: int
    width: int
    channels: int
    above: int  # rows of padding, or less than 0: so many are left out
    left: int  # columns, likewise
    down: int
    across: int
    repeat: int  # each channel so many times
    fill: int  # the code that stands for 0
    flip: int  # XORed to each code, fill as well
    is_whole: int  # the windows read no padding, and the image needs no copy for it


IMAGE = len(Image._fields)


def make_image(shape: tuple[int, ...], rows: Window, columns: Window, units: int, fill: int, flip: int) -> Image:
    """The copy of images of this shape [n,h,w,c] for windows over rows and columns, with `units` channels."""
    _, height, width, channels = shape
    down, across = (
        (window.output - 1) * window.stride + (window.size - 1) * window.dilation + 1 for window in (rows, columns)
    )
    whole = rows.before == 0 and columns.before == 0 and down <= height and across <= width
    repeat = units // max(channels, 1)
    return Image(height, width, channels, rows.before, columns.before, down, across, repeat, fill, flip, int(whole))


def image_bytes(image: Image) -> int:
    """The size of the copy."""
    return max(image.down, 0) * max(image.across, 0) * image.channels * image.repeat


def copy_image(x: Any, y: Any, image: Any) -> None:
    """y[h,w,u], flat, = x[h,w,c] with padding around it, each c `repeat` times."""
    pixel = image.channels * image.repeat
    left, skipped = max(image.left, 0), max(-image.left, 0)
    right = min(image.left + image.width, image.across)
    fill, flip = np.uint8(image.fill ^ image.flip), np.uint8(image.flip)
    for h in range(image.down):
        row, base = h - image.above, h * image.across * pixel
        if not 0 <= row < image.height:
            y[base : base + image.across * pixel] = fill
            continue
        first, last = base + left * pixel, base + right * pixel
        y[base:first] = fill
        y[last : base + image.across * pixel] = fill
        start = (row * image.width + skipped) * image.channels
        if image.repeat > 1:
            for k in range((right - left) * image.channels):
                y[first + k * image.repeat : first + (k + 1) * image.repeat] = x[start + k] ^ flip
        else:
            copy_bytes(y, first, x, start, last - first, image.flip)
