"""No recorded array is overlooked: what is read from the files is all there is in them."""

import numpy as np

from .vectors import BUILDS, FAULTY, VECTORS, model_names, model_path, model_runs, one_op_cases, stored_under


def test_every_file_is_compared() -> None:
    read = {stored_under(model, kernels) for model in model_names() for kernels in BUILDS}
    assert read == set(VECTORS.glob("?/*.npz"))
    assert {path.parent.name for path in read} == set(BUILDS.values())
    assert all(model_path(model).exists() for model in model_names())


def test_every_array_of_a_model_is_read() -> None:
    for path in VECTORS.glob("?/*.npz"):
        runs = model_runs(path)
        every = (*runs.fresh, *runs.stream)
        with np.load(path) as archive:
            assert sum(len(run.inputs) + len(run.tensors) for run in every) == len(archive.files), path.name
        assert all(run.inputs and run.tensors for run in every), path.name


def test_every_array_of_every_case_is_read() -> None:
    cases = one_op_cases(VECTORS / "one_op.npz")
    keys = set()
    for name, case in cases.items():
        keys |= {f"{name}/model", *(f"{name}/refused_{build}" for build in case.refused)}
        for run, given in enumerate(case.inputs):
            keys |= {f"{name}/in_{run}_{operand}" for operand in range(len(given))}
            keys |= {f"{name}/out_{build}_{run}" for build in case.outputs}
    with np.load(VECTORS / "one_op.npz") as archive:
        assert set(archive.files) <= keys
        assert {key.partition("/")[0] for key in archive.files} == set(cases)
    assert {label for label, _ in FAULTY} <= {case.label for case in cases.values()}
