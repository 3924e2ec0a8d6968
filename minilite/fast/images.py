"""Images copied with the padding that windows reach into, so that no loop has to ask where an image ends.

A window is a tuple as `numerics.geometry.Window`: output, before, size, stride, dilation.
"""

from typing import Any

import numpy as np


def reach(window: Any) -> Any:
    """The length that all positions of a window reach over."""
    return (window[0] - 1) * window[3] + (window[2] - 1) * window[4] + 1


def copy_image(x: Any, image: Any, rows: Any, columns: Any, units: Any, x_zero: Any) -> None:
    """image[h,w,u], flat, = x[h,w,c] with the zero point around it, each c `units / channels` times."""
    height, width, channels = reach(rows), reach(columns), x.shape[2]
    multiplier = units // channels
    left, right = min(columns[1], width), max(min(columns[1] + x.shape[1], width), columns[1])
    for h in range(height):
        row, base = h - rows[1], h * width * units
        if not 0 <= row < x.shape[0]:
            image[base : base + width * units] = x_zero
            continue
        image[base : base + left * units] = x_zero
        image[base + right * units : base + width * units] = x_zero
        start, count = base + left * units, (right - left) * channels
        source = x[row].reshape(-1)
        if multiplier == 1:
            image[start : start + count] = source[:count]
        else:
            for k in range(count):
                for m in range(multiplier):
                    image[start + k * multiplier + m] = np.uint8(source[k])
