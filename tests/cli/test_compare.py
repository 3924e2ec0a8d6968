"""minilite compare: models, kernel sets and dumps; thresholds and exit codes; one clear line for a bad dump."""

from pathlib import Path

import numpy as np
import pytest

from minilite import load, load_trace, save_trace, trace
from minilite.comparing import minilite_side
from minilite.graph import save

from .models import DIGITS, document, invoke

MODEL = DIGITS / "digits_int8.tflite"
GRAPH = load(MODEL)
COMPUTED = [index for node in GRAPH.main.nodes for index in node.outputs]


@pytest.fixture
def values() -> dict[int, np.ndarray]:
    tensor = GRAPH.main.tensors[GRAPH.main.inputs[0]]
    codes = np.random.default_rng(3).integers(-128, 128, tensor.shape, np.int8)
    found = minilite_side(GRAPH, {tensor.index: codes}).values
    return {index: np.array(found[index]) for index in (tensor.index, *COMPUTED)}


def test_another_model_is_paired_by_structure() -> None:
    report = document("compare", MODEL, DIGITS / "digits_float32.tflite", code=1)
    (found,) = report["comparisons"]
    assert len(found["tensors"]) == len(COMPUTED)
    assert all(tensor["differing"] is None and tensor["sqnr_db"] > 20 for tensor in found["tensors"])


def test_thresholds_decide_the_exit_code() -> None:
    other = DIGITS / "digits_float32.tflite"
    assert document("compare", MODEL, other, "--min-sqnr", 10)["comparisons"][0]["beyond"] == []
    beyond = document("compare", MODEL, other, "--min-sqnr", "14=200", code=1)["comparisons"][0]["beyond"]
    assert beyond == [14]
    assert "the model has no tensor 'nobody'" in invoke("compare", MODEL, other, "--min-sqnr", "nobody=1").stderr
    assert "'many' is not a number" in invoke("compare", MODEL, other, "--max-codes", "many").stderr


def test_a_dump_brings_its_own_inputs(tmp_path: Path, values: dict[int, np.ndarray]) -> None:
    np.savez(tmp_path / "dump.npz", **{str(index): array for index, array in values.items()})
    (found,) = document("compare", MODEL, tmp_path / "dump.npz")["comparisons"]
    assert (found["equal"], found["runs"]) == (True, ["inputs of dump.npz"])
    index = COMPUTED[4]
    values[index].flat[5] ^= 1
    np.savez(tmp_path / "dump.npz", **{GRAPH.main.tensors[i].name: array for i, array in values.items()})
    (found,) = document("compare", MODEL, tmp_path / "dump.npz", code=1)["comparisons"]
    assert (found["first_differing_tensor"], found["differing"]) == (index, 1)
    assert found["parting"]["tensor"] == index
    assert document("compare", MODEL, tmp_path / "dump.npz", "--max-codes", 1)["comparisons"][0]["beyond"] == []


def test_a_folder_of_files_of_every_kind(tmp_path: Path, values: dict[int, np.ndarray]) -> None:
    for place, (index, array) in enumerate(values.items()):
        if place % 3 == 0:
            np.save(tmp_path / f"{index}.npy", array)
        elif place % 3 == 1:
            (tmp_path / f"{index}.raw").write_bytes(array.tobytes())
        else:
            reals = GRAPH.main.tensors[index].quantization.to_real(array)
            (tmp_path / f"{index}.csv").write_text(",".join(map(str, reals.ravel())))
    (found,) = document("compare", MODEL, tmp_path)["comparisons"]
    assert found["equal"]
    assert len(found["tensors"]) == len(COMPUTED)


def test_a_trace_and_a_trace_of_another_model(tmp_path: Path) -> None:
    data = np.load(DIGITS / "digit.npy")
    save_trace(trace(MODEL, data), tmp_path / "trace.npz")
    assert load_trace(tmp_path / "trace.npz").hashes["model"]
    (found,) = document("compare", MODEL, tmp_path / "trace.npz")["comparisons"]
    assert found["equal"]
    other = tmp_path / "other.tflite"
    save(load(MODEL), other)
    other.write_bytes(other.read_bytes() + b"\0")
    result = invoke("compare", other, tmp_path / "trace.npz")
    assert result.exit_code == 2
    assert "it is a trace of another model" in result.stderr


def test_two_traces_without_the_model(tmp_path: Path) -> None:
    data = np.load(DIGITS / "digit.npy")
    paths = [tmp_path / f"{name}.npz" for name in ("double", "single", "other", "many")]
    for path, kernels in zip(paths, ("tflm", "tflm-single"), strict=False):
        save_trace(trace(MODEL, data, kernels=kernels), path)
    save_trace(trace(DIGITS / "digits_int16x8.tflite", data), paths[2])
    save_trace(trace(MODEL, [data, data]), paths[3])
    (found,) = document("compare", *paths[:2], code=1)["comparisons"]
    (expected,) = document("compare", MODEL, paths[1], "--kernels", "tflm", code=1)["comparisons"]
    for ours, theirs in zip(found["tensors"], expected["tensors"], strict=True):
        assert [ours[key] for key in ("index", "differing", "largest", "sqnr_db")] == [
            theirs[key] for key in ("index", "differing", "largest", "sqnr_db")
        ]
    assert document("compare", paths[0], paths[0])["comparisons"][0]["equal"]
    assert document("compare", *paths[:2], "--max-codes", 9)["comparisons"][0]["beyond"] == []
    hint = f"which op differs given equal inputs: minilite compare MODEL {paths[1]} --kernels tflm\n"
    assert hint in invoke("compare", *paths[:2]).stdout
    assert "given equal inputs" not in invoke("compare", paths[0], paths[0]).stdout
    assert "it is a trace of another model" in invoke("compare", paths[0], paths[2]).stderr
    assert "which has statistics only" in invoke("compare", paths[0], paths[3]).stderr
    assert "not a trace file" in invoke("compare", paths[0], DIGITS / "digit.npy").stderr


def test_bad_dumps_get_one_line_each(tmp_path: Path, values: dict[int, np.ndarray]) -> None:
    path = tmp_path / "dump.npz"
    index = COMPUTED[3]
    for arrays, complaint in (
        ({"nobody": np.zeros(3)}, "it has no tensor of the model"),
        ({str(index): values[index][:, 1:]}, f"tensor {index}"),
        ({str(index): values[index].astype(np.int32)}, "is int32, the model has int8"),
        ({str(index): values[index].astype(np.complex64)}, "is complex64, the model has int8"),
        ({str(index): values[index].ravel()}, "has shape ["),
        ({str(index): np.full(values[index].shape, np.nan)}, "has NaN or infinite values, int8 has none"),
        ({"14": values[14], str(GRAPH.main.inputs[0]): np.zeros((1, 8), np.int8)}, "in the model [1, 8, 8, 1]"),
    ):
        np.savez(path, **arrays)
        result = invoke("compare", MODEL, path)
        assert result.exit_code == 2
        assert result.stderr.count("\n") == 1 + ("missing" in result.stderr)
        assert complaint in result.stderr.splitlines()[-1]
    path.write_bytes(b"no archive")
    assert "not a valid .npz file" in invoke("compare", MODEL, path).stderr


def test_a_trace_of_a_dataset_has_no_tensors_to_compare(tmp_path: Path) -> None:
    images = np.load(DIGITS / "test_images.npy")[:2]
    save_trace(trace(MODEL, [image[None] for image in images]), tmp_path / "many.npz")
    result = invoke("compare", MODEL, tmp_path / "many.npz")
    assert result.exit_code == 2
    assert result.stderr.endswith("it is a trace of 2 runs, which has statistics only; trace one run\n")


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_each_op_runs_on_the_codes_of_real_values(tmp_path: Path, values: dict[int, np.ndarray], kind: type) -> None:
    index = COMPUTED[2]
    values[index].flat[5] ^= 1
    reals = {i: GRAPH.main.tensors[i].quantization.to_real(array).astype(kind) for i, array in values.items()}
    np.savez(tmp_path / "dump.npz", **{str(i): array for i, array in reals.items()})
    (found,) = document("compare", MODEL, tmp_path / "dump.npz", code=1)["comparisons"]
    assert (found["differing"], found["parting"]["tensor"], found["parting"]["differing"]) == (1, index, 1)


def test_missing_tensors_are_named(tmp_path: Path, values: dict[int, np.ndarray]) -> None:
    del values[COMPUTED[2]]
    np.savez(tmp_path / "dump.npz", **{str(index): array for index, array in values.items()})
    result = invoke("compare", MODEL, tmp_path / "dump.npz")
    assert result.exit_code == 0
    assert f"1 of {len(COMPUTED)} tensors are missing: tensor {COMPUTED[2]}" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "give either B, a model or a dump, or --with"),
        (("--with", "fastest"), "no kernel set is called 'fastest'"),
        (("--with", "litert:tflm"), "no kernel set is called 'tflm'"),
        (("--with", "optimized", "--max-codes", "nan"), "--max-codes nan: 'nan' is not a number"),
        (("--with", ","), "--with names no kernel set"),
        (("--with", "optimized", "--random", "--input", "x.npy"), "--random makes up all inputs"),
    ],
)
def test_wrong_use(arguments: tuple[str, ...], complaint: str) -> None:
    result = invoke("compare", MODEL, *arguments)
    assert result.exit_code == 2
    assert complaint in result.stderr


def test_with_kernel_sets_and_litert() -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    report = document("compare", MODEL, "--with", "reference,litert:reference")
    assert [one["sides"] for one in report["comparisons"]] == [
        ["reference", "reference"],
        ["reference", "litert:reference"],
    ]
    text = invoke("compare", MODEL, "--with", "litert:reference").stdout
    assert "11 tensors differ; 0 of 4,980 elements differ" in text
    assert max(map(len, text.splitlines())) <= 80
