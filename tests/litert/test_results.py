"""Results equal LiteRT's bit for bit, through every way to run a model."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minilite
from minilite.oracle import same_bits

from .both import (
    BOTH,
    DIGITS,
    EACH_MODEL,
    HIDDEN,
    REFUSED_BY_LITERT,
    SUM,
    WEIGHTS,
    Make,
    X,
    Y,
    Z,
    assert_same_details,
    codes,
    official,
    ours,
    ready,
    small_model,
)

NOT_YET = (  # files with operators or types that are not implemented
    "trained_lstm",
    "trained_lstm_int8",
    "digits_float16",
    "digits_int16x8",
)


def random_inputs(interpreter: Any, seed: int) -> dict[int, Any]:
    random = np.random.default_rng(seed)
    inputs = {}
    for detail in interpreter.get_input_details():
        dtype, shape = np.dtype(detail["dtype"]), detail["shape"]
        if dtype.kind == "f":
            inputs[detail["index"]] = random.normal(size=shape).astype(dtype)
        else:
            limits = np.iinfo(dtype)
            inputs[detail["index"]] = random.integers(limits.min, limits.max, shape, dtype, endpoint=True)
    return inputs


@pytest.mark.parametrize("path", EACH_MODEL)
def test_models(path: Path) -> None:
    """One script on both, twice in a row: details, every tensor of the file with preservation, outputs without."""
    if path.stem == REFUSED_BY_LITERT:
        return
    options = {"experimental_preserve_all_tensors": True}
    mine, reference = ours(path, **options), official(str(path), **options)
    plain = minilite.Interpreter(path)
    reference.allocate_tensors()
    try:
        mine.allocate_tensors()
        plain.allocate_tensors()
    except minilite.UnsupportedError:
        assert path.stem in NOT_YET
        return
    for seed in range(2):
        for index, value in random_inputs(reference, seed).items():
            for interpreter in (mine, plain, reference):
                interpreter.set_tensor(index, value)
        for interpreter in (mine, plain, reference):
            interpreter.invoke()
        for detail in mine.get_tensor_details():
            index = detail["index"]
            assert same_bits(np.asarray(mine.get_tensor(index)), np.asarray(reference.get_tensor(index))), detail
        assert_same_details(mine, reference)
        for detail in plain.get_output_details():
            assert same_bits(plain.get_tensor(detail["index"]), mine.get_tensor(detail["index"]))


def test_every_tensor_of_the_small_model() -> None:
    pair = [ready(make, experimental_preserve_all_tensors=True) for make in (ours, official)]
    for interpreter in pair:
        interpreter.invoke()
    for index in range(6):
        assert same_bits(pair[0].get_tensor(index), pair[1].get_tensor(index)), index


def test_batch() -> None:
    results = []
    for make in (ours, official):
        interpreter = make(model_content=small_model())
        for index in (X, Z, SUM):  # scripts often resize outputs too; it has no effect
            interpreter.resize_tensor_input(index, [5, 3])
        interpreter.allocate_tensors()
        interpreter.set_tensor(X, codes(1, 5))
        interpreter.set_tensor(Z, codes(2, 5))
        interpreter.invoke()
        results.append([interpreter.get_tensor(index) for index in (X, Z, SUM, Y)])
    assert all(map(same_bits, *results))
    assert results[0][2].shape == (5, 3)


@pytest.mark.parametrize("batch", [1, 4])
def test_signature(batch: int) -> None:
    outputs = []
    for make in (ours, official):
        interpreter = make(model_content=small_model())
        runner = interpreter.get_signature_runner()
        outputs.append(runner(a=codes(2, batch), b=codes(1, batch)))
        assert same_bits(interpreter.get_tensor(SUM), outputs[-1]["total"])
    assert list(outputs[0]) == list(outputs[1]) == ["part", "total"]
    for name in outputs[0]:
        assert outputs[0][name].shape == (batch, 3)
        assert same_bits(outputs[0][name], outputs[1][name])


@pytest.mark.parametrize("make", BOTH)
def test_set_and_get_copy(make: Make) -> None:
    interpreter = ready(make)
    value = codes(3)
    interpreter.set_tensor(X, value)
    value[:] = 0
    assert np.array_equal(interpreter.get_tensor(X), codes(3))
    interpreter.get_tensor(X)[:] = 0
    assert np.array_equal(interpreter.get_tensor(X), codes(3))
    interpreter.invoke()
    before = interpreter.get_tensor(SUM)
    interpreter.set_tensor(X, codes(4))
    assert np.array_equal(interpreter.get_tensor(SUM), before)
    interpreter.invoke()
    assert not np.array_equal(interpreter.get_tensor(SUM), before)
    interpreter.set_tensor(X, np.asfortranarray(codes(4, 9))[::9])


@pytest.mark.parametrize("make", BOTH)
def test_views(make: Make) -> None:
    interpreter = ready(make)
    view, total = interpreter.tensor(X), interpreter.tensor(SUM)
    interpreter.invoke()
    by_copy = interpreter.get_tensor(SUM)
    interpreter.set_tensor(X, np.zeros((1, 3), np.int8))
    view()[:] = codes(1)
    interpreter.invoke()
    assert np.array_equal(total(), by_copy)
    assert np.array_equal(interpreter.get_tensor(X), codes(1))
    assert type(view()) is np.ndarray
    assert view().flags.writeable


@pytest.mark.parametrize("make", BOTH)
@pytest.mark.parametrize("call", ["invoke", "allocate_tensors", "resize_tensor_input"])
@pytest.mark.parametrize("part", [lambda view: view, lambda view: view[0], lambda view: view.reshape(-1)[1:].T])
def test_held_views_block_what_would_make_them_stale(make: Make, call: str, part: Any) -> None:
    interpreter = ready(make)
    held = part(interpreter.tensor(X)())
    arguments = (X, [1, 3]) if call == "resize_tensor_input" else ()
    with pytest.raises(RuntimeError):
        getattr(interpreter, call)(*arguments)
    interpreter.set_tensor(X, codes(7))
    assert np.shares_memory(held, interpreter.tensor(X)())
    assert np.isin(held, codes(7)).all()
    del held
    getattr(interpreter, call)(*arguments)


@pytest.mark.parametrize("make", BOTH)
def test_inputs_stay_over_a_second_allocation(make: Make) -> None:
    interpreter = ready(make)
    interpreter.allocate_tensors()
    interpreter.resize_tensor_input(X, [1, 3])
    interpreter.invoke()
    assert np.array_equal(interpreter.get_tensor(X), codes(1))
    assert np.array_equal(interpreter.get_tensor(Z), codes(2))
    assert interpreter.reset_all_variables() is None


@pytest.mark.parametrize("make", BOTH)
def test_constants_before_allocation(make: Make) -> None:
    interpreter = make(model_content=small_model())
    assert interpreter.get_tensor(WEIGHTS).tolist() == [[1, -2, 3], [4, 5, -6], [-7, 8, 9]]
    interpreter.get_tensor(WEIGHTS)[:] = 0
    assert interpreter.get_tensor(WEIGHTS)[0, 0] == 1


def test_views_of_constants_are_read_only() -> None:
    assert not ours(model_content=small_model()).tensor(WEIGHTS)().flags.writeable


@pytest.mark.parametrize("make", BOTH)
def test_zero_batch(make: Make) -> None:
    interpreter = make(model_content=small_model())
    interpreter.resize_tensor_input(X, [0, 3])
    interpreter.resize_tensor_input(Z, [0, 3])
    interpreter.allocate_tensors()
    interpreter.invoke()
    assert interpreter.get_tensor(SUM).shape == interpreter.tensor(SUM)().shape == (0, 3)


def test_every_way_to_name_the_reference_kernels() -> None:
    from ai_edge_litert.interpreter import OpResolverType

    expected = ready(official)
    expected.invoke()
    for resolver in (None, "BUILTIN_REF", 2, OpResolverType.BUILTIN_REF, minilite.OpResolverType.BUILTIN_REF):
        interpreter = ready(ours, experimental_op_resolver_type=resolver)
        interpreter.invoke()
        assert same_bits(interpreter.get_tensor(SUM), expected.get_tensor(SUM))
    for options in ({"kernels": {"ADD": "reference"}}, {"engine": "auto"}, {"num_threads": 2}, {"engine": None}):
        interpreter = ready(ours, **options)
        interpreter.invoke()
        assert same_bits(interpreter.get_tensor(SUM), expected.get_tensor(SUM))
    assert {m.name: m.value for m in OpResolverType} == {m.name: m.value for m in minilite.OpResolverType}


@pytest.mark.parametrize("engine", ["numpy", "jit"])
def test_each_resolver_computes_by_its_own_kernels(engine: str) -> None:
    """On codes that round otherwise in each: 40 pictures of noise."""
    from ai_edge_litert.interpreter import OpResolverType

    generator = np.random.default_rng(1)
    pictures = generator.integers(-128, 128, (40, 1, 8, 8, 1)).astype(np.int8)
    answers = []
    for name in ("BUILTIN_REF", "BUILTIN_WITHOUT_DEFAULT_DELEGATES", "AUTO"):
        resolver = OpResolverType[name]
        results = []
        for make, options in ((ours, {"engine": engine}), (official, {})):
            interpreter = make(
                model_path=str(DIGITS / "digits_int8.tflite"), experimental_op_resolver_type=resolver, **options
            )
            interpreter.allocate_tensors()
            (given,), (made,) = interpreter.get_input_details(), interpreter.get_output_details()
            found = []
            for picture in pictures:
                interpreter.set_tensor(given["index"], picture.astype(given["dtype"]))
                interpreter.invoke()
                found.append(interpreter.get_tensor(made["index"]).copy())
            results.append(np.array(found))
        assert same_bits(*results), name
        answers.append(results[0].tobytes())
    assert len(set(answers)) > 1, "the pictures should tell the kernel sets apart"


def test_without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    interpreter = ready(ours, engine=None)
    interpreter.invoke()
    with pytest.raises(minilite.UnsupportedError, match="needs numba"):
        ours(model_content=small_model(), engine="jit")


def test_same_public_names_and_arguments() -> None:
    import inspect

    from ai_edge_litert import interpreter as litert

    for name in ("Interpreter", "SignatureRunner"):
        theirs, mine = getattr(litert, name), getattr(minilite.litert, name)
        public = {key for key in vars(theirs) if not key.startswith("_")}
        assert public <= set(vars(mine))
        for key in sorted(public & {k for k, v in vars(theirs).items() if inspect.isfunction(v)}):
            expected = list(inspect.signature(getattr(theirs, key)).parameters)
            assert list(inspect.signature(getattr(mine, key)).parameters) == expected, key
    expected = list(inspect.signature(litert.Interpreter.__init__).parameters)
    assert list(inspect.signature(minilite.Interpreter.__init__).parameters)[: len(expected)] == expected


def test_intermediates_only_when_kept() -> None:
    kept = ready(ours, experimental_preserve_all_tensors=True)
    kept.invoke()
    assert kept.get_tensor(HIDDEN).shape == (1, 3)
    kept.resize_tensor_input(X, [2, 3])
    kept.resize_tensor_input(Z, [2, 3])
    kept.allocate_tensors()
    with pytest.raises(minilite.StateError, match=r"call invoke\(\) first"):
        kept.get_tensor(HIDDEN)
