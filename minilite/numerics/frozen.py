"""Arrays that stay as they are: the constants of a plan serve every run."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def frozen(values: Any) -> NDArray[Any]:
    """A read-only copy of `values`, an array or a number."""
    copy = np.array(values)
    copy.flags.writeable = False
    return copy
