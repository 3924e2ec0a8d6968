"""Write the part of the golden vectors that is kept here, from the complete ones (../shared/golden).

    python -m tests.golden.selection

One case of each label of the one-op models, the one in which most builds differ, and the small models with their files.
"""

import shutil

import numpy as np

from .vectors import ALL_MODELS, ALL_VECTORS, SELECTION, one_op_cases

MODELS = ("hello_world_float", "hello_world_int8", "micro_speech_quantized", "trained_lstm_int8")


def selected_cases() -> set[str]:
    """The names of the cases kept: of each label the one with most arrays, so with most outputs that differ."""
    with np.load(ALL_VECTORS / "one_op.npz") as archive:
        names = [key.rpartition("/")[0] for key in archive.files]
    best: dict[str, str] = {}
    for name, case in one_op_cases(ALL_VECTORS / "one_op.npz").items():
        best[case.label] = max(best.get(case.label, name), name, key=lambda one: (names.count(one), -len(one)))
    return set(best.values())


def write() -> None:
    """Write one_op.npz, the models' vectors by build, and the models."""
    SELECTION.mkdir(exist_ok=True)
    kept = selected_cases()
    with np.load(ALL_VECTORS / "one_op.npz") as archive:
        arrays = {key: archive[key] for key in archive.files if key.rpartition("/")[0] in kept}
        np.savez_compressed(SELECTION / "one_op.npz", **arrays)
    for model in MODELS:
        source = next(ALL_MODELS.rglob(f"{model}.tflite"))
        for path in (source, *ALL_VECTORS.glob(f"?/{model}.npz")):
            target = SELECTION / ("models" if path == source else path.parent.name) / path.name
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, target)


if __name__ == "__main__":
    write()
