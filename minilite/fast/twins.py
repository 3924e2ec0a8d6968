"""What a fast module exports: for each variant it has one for, what makes the compiled kernel of a step.

`twin(plan, *constants)` is called once per step, with an array for each operand that is constant and None for the
others. It gives the kernel, which takes all the arrays: `kernel(x, w, b)`. So weights are packed once.
"""

from collections.abc import Callable, Mapping
from functools import partial
from threading import get_ident
from typing import Any, TypeAlias

import numpy as np

from minilite.ops import Variant
from minilite.ops.call import Array

Kernel: TypeAlias = Callable[..., Any]
Twin: TypeAlias = Callable[..., Kernel]
Twins: TypeAlias = Mapping[Variant, Twin]


def unpacked(function: Callable[..., Any]) -> Twin:
    """The twin of a function of the plan and all the arrays, which prepares nothing from constants."""

    def twin(plan: Any, *constants: Array | None) -> Kernel:
        return partial(function, plan)

    return twin


def packing(pack: Callable[..., Any], run: Callable[..., Any], scratch: tuple[str, ...]) -> Twin:
    """Calls run(plan, packed, x, w, b), with `packed` = pack(plan, w, b), made once for constant w and b.

    `packed` is a NamedTuple, its fields `scratch` are working memory: each thread has its own.
    """

    def twin(plan: Any, x: Array | None, w: Array | None, b: Array | None = None) -> Kernel:
        known = None if w is None else pack(plan, w, b)
        of_threads: dict[int, Any] = {}

        def kernel(x: Array, weights: Array, bias: Array | None = None) -> Any:
            if known is None or weights is not w or bias is not b:
                return run(plan, pack(plan, weights, bias), x, weights, bias)
            thread = get_ident()
            if thread not in of_threads:
                own = {name: np.zeros_like(getattr(known, name)) for name in scratch}
                of_threads[thread] = known._replace(**own)
            return run(plan, of_threads[thread], x, weights, bias)

        return kernel

    return twin
