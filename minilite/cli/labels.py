"""The classes with the highest scores, by name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minilite.errors import InputError

from .files import read_bytes

DEFAULT_TOP = 5
Array = NDArray[Any]


class Ranked(NamedTuple):
    """One class: its number, name (None without labels), and score."""

    class_index: int
    label: str | None
    score: Any


def read_labels(path: Path) -> list[str]:
    """One name a line. Raises InputError when there are none."""
    labels = read_bytes(path).decode("utf-8-sig", errors="replace").splitlines()
    while labels and not labels[-1].strip():
        labels.pop()
    if not labels:
        raise InputError(f"{path}: there are no labels in it")
    return [label.strip() for label in labels]


def ranked(scores: Mapping[str, Array], labels: list[str] | None, top: int | None) -> dict[str, list[list[Ranked]]]:
    """The best classes of each sample of each output that has one score for each label.

    Nothing when neither labels nor a number is asked for. Classes of the same score keep their order; NaN comes last.
    Raises InputError when no output has as many scores as there are labels.
    """
    if labels is None and top is None:
        return {}
    sizes = {name: array.shape[-1] if array.ndim else 1 for name, array in scores.items() if array.dtype.kind in "iuf"}
    fitting = [name for name, size in sizes.items() if size > 0 and (labels is None or size == len(labels))]
    if not fitting:
        found = ", ".join(map(str, sizes.values())) or "none"
        raise InputError(f"{len(labels or [])} labels, but the outputs have this many scores: {found}")
    return {name: [_rank(row, labels, top or DEFAULT_TOP) for row in _rows(scores[name])] for name in fitting}


def _rows(array: Array) -> Array:
    return array.reshape(-1, array.shape[-1] if array.ndim else 1)


def _rank(row: Array, labels: list[str] | None, top: int) -> list[Ranked]:
    order = np.argsort(-row.astype(np.float64), kind="stable")[:top]
    return [Ranked(int(i), labels[i] if labels else None, row[i].item()) for i in order]
