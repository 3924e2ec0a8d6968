"""HASHTABLE_LOOKUP:  y[i], hits[i] = values[k], 1 where keys[k] = lookup[i]; zeros, 0 where there is no such k
LSH_PROJECTION:    one bit for each number of `hash`: is the sum over i of weight[i] * fingerprint(number, x[i]) > 0?
SKIP_GRAM:         y = sequences of ngram_size words of x, with at most max_skip_size words left out between two

HASHTABLE_LOOKUP searches by halving, so the keys should increase. LSH_PROJECTION takes the fingerprint as a signed
number of 64 bits and sums in float64. DENSE gives the bits, SPARSE one number per row of `hash`: row * 2**bits plus
the row's bits, the first one highest. SKIP_GRAM with include_all_ngrams gives the shorter sequences as well. It takes a
space for a part of the text's first word, and leaves that word out when another follows, as upstream does.

Follows tflite/kernels/hashtable_lookup.cc, lsh_projection.cc, skip_gram.cc.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.dense import LSHProjectionOptions, SkipGramOptions
from minilite.numerics.farmhash import fingerprint
from minilite.numerics.fixed_point import wrap_int32

from .call import Array, Call
from .element_types import EVERY
from .indices import Guard, guard
from .op import Op, Variant
from .signature import Shape

SPARSE, DENSE = 1, 2  # LSHProjectionType
MOST_BITS = 32
SPACES = b" \t\n\v\f\r"


def plan_lookup(call: Call[Any]) -> None:
    values = call["values"]
    fits = values.shape[:1] == call["keys"].shape
    call.require(fits, f"{call['keys'].shape[0]} keys for values of shape {list(values.shape)}")
    call.require(values.shape[0] > 0, "a key expected, there are none")
    call.require(values.dtype.kind != "O" or len(values.shape) == 1, "strings need one dimension")


def lookup(plan: None, lookup: Array, keys: Array, values: Array) -> tuple[Array, Array]:
    found = np.array([position(keys.tolist(), wanted) for wanted in lookup.tolist()], np.int64)
    hits = found >= 0
    y = np.empty((len(lookup), *values.shape[1:]), values.dtype)
    y[...] = b"" if values.dtype.kind == "O" else 0
    y[hits] = values[found[hits]]
    return y, hits.astype(np.uint8)


def position(keys: Sequence[int], wanted: int) -> int:
    """Where halving finds `wanted`, -1 when it does not."""
    low, high = 0, len(keys)
    while low < high:
        middle = (low + high) // 2
        if keys[middle] == wanted:
            return middle
        low, high = (low, middle) if wanted < keys[middle] else (middle + 1, high)
    return -1


def lookup_shapes(call: Call[Any]) -> Sequence[Shape]:
    count = call["lookup"].shape
    return [(*count, *call["values"].shape[1:]), count]


class Projection(NamedTuple):
    """The constants of a node."""

    dense: bool


def plan_projection(call: Call[LSHProjectionOptions]) -> Projection:
    return Projection(call.options.type == DENSE)


def project(plan: Projection, hash: Array, x: Array, weight: Array | None) -> Array:
    items = [item.tobytes() for item in x]
    weights = np.ones(len(x)) if weight is None else weight.astype(np.float64)
    bits = np.array([[_bit(seed.tobytes(), items, weights) for seed in row] for row in hash], np.int64)
    bits = bits.reshape(hash.shape)
    if plan.dense:
        return bits.astype(np.int32).ravel()
    count = hash.shape[1]
    signatures = (bits << np.arange(count)[::-1]).sum(axis=1) + (np.arange(len(hash)) << count)
    return np.asarray(wrap_int32(signatures), np.int32)


def _bit(seed: bytes, items: Sequence[bytes], weights: Array) -> bool:
    score = np.float64(0)
    for item, weight in zip(items, weights, strict=True):
        number = fingerprint(seed + item)
        score += weight * np.float64(number - 2**64 if number >= 2**63 else number)
    return bool(score > 0)


def projection_shapes(call: Call[LSHProjectionOptions]) -> Sequence[Shape]:
    rows, bits = call["hash"].shape
    x, weight, kind = call["x"].shape, call.optional("weight"), call.options.type
    call.require(bits <= MOST_BITS, f"{bits} bits, at most {MOST_BITS} expected")
    call.require(bool(x) and x[0] > 0, "an input with elements expected")
    call.require(weight is None or weight.shape == x[:1], f"{x[0]} weights expected")
    call.require(kind in (SPARSE, DENSE), f"option type is {kind}, expected {SPARSE} (sparse) or {DENSE} (dense)")
    return [(rows * bits,) if kind == DENSE else (rows,)]


class Grams(NamedTuple):
    """The constants of a node, and whose the text is."""

    size: int
    skip: int
    shorter: bool
    guard: Guard


def plan_grams(call: Call[SkipGramOptions]) -> Grams:
    options = call.options
    return Grams(options.ngram_size, options.max_skip_size, options.include_all_ngrams, guard(call, "x"))


def skip_gram(plan: Grams, x: Array) -> Array:
    plan.guard.require(x.size > 0, "a text expected, there is none")
    words = split_words(x.reshape(-1)[0])
    grams: list[bytes] = []
    if 0 < plan.size <= len(words):
        for first in range(len(words)):
            grams += _grams(plan, words, [first])
    y = np.empty(len(grams), object)
    y[:] = grams
    return y


def _grams(plan: Grams, words: Sequence[bytes], chosen: list[int]) -> Iterator[bytes]:
    """The sequences that begin with the chosen words, those with more words first."""
    last = chosen[-1]
    if len(chosen) < plan.size:
        for following in range(last + 1, min(last + plan.skip + 2, len(words))):
            yield from _grams(plan, words, [*chosen, following])
    if plan.shorter or len(chosen) == plan.size:
        yield b" ".join(words[index] for index in chosen)


def split_words(text: bytes) -> list[bytes]:
    """The words of a text, as upstream splits it: see above for a space at its beginning."""
    words, start = [], 0
    for place in range(1, len(text)):
        if text[place] in SPACES:
            if place > start and text[start] not in SPACES:
                words.append(text[start:place])
            start = place + 1
    return [*words, text[start:]] if len(text) > start else words


OPS = (
    Op(
        "HASHTABLE_LOOKUP",
        "lookup[n] keys[k] values[...] -> y[...] hits[...]",
        None,
        (
            Variant(
                "lookup",
                tuple(f"int32 int32 {kind} -> {kind} uint8" for kind in (*EVERY, "string")),
                plan_lookup,
                lookup,
            ),
        ),
        lookup_shapes,
    ),
    Op(
        "LSH_PROJECTION",
        "hash[n,b] x[...] weight[...]? -> y[...]",
        LSHProjectionOptions,
        (
            Variant(
                "projection",
                tuple(f"float32 {kind} float32 -> int32" for kind in EVERY),
                plan_projection,
                project,
            ),
        ),
        projection_shapes,
    ),
    Op(
        "SKIP_GRAM",
        "x[...] -> y[?]",
        SkipGramOptions,
        (Variant("words", ("string -> string",), plan_grams, skip_gram),),
    ),
)
