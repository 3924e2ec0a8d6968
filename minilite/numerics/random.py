"""Counter-based generators of random bits, Philox 4x32 and Threefry 2x32, and the numbers made of their bits.

Each block of bits is a function of a key and a counter, so any number of blocks is made at once. Words have 32 bits and
are kept in uint64 arrays. Published by Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011).
Follows tflite/kernels/rng_util.cc; and xla/tsl/lib/random, which the random kernels of LiteRT use.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import libm

Words = NDArray[np.uint64]
WORD = 0xFFFFFFFF
LOW, HALF = np.uint64(WORD), np.uint64(32)
PHILOX_ROUNDS = 10
PHILOX_FACTORS = 0xD2511F53, 0xCD9E8D57
PHILOX_KEY_STEPS = 0x9E3779B9, 0xBB67AE85
THREEFRY_PARITY = 0x1BD11BDA
THREEFRY_ROTATIONS = (13, 15, 26, 6), (17, 29, 16, 24)
SMALLEST = np.float32(1.0e-7)


def counters(start: int, count: int, bits: int) -> list[Words]:
    """The 32-bit words, the lowest first, of `count` counters of `bits` bits from `start` on."""
    numbers = [(start + step) % (1 << bits) for step in range(count)]
    return [np.array([number >> low & WORD for number in numbers], np.uint64) for low in range(0, bits, 32)]


def philox(key: tuple[int, int], counter: Sequence[Words]) -> Words:
    """Blocks of four words, uint64 [blocks, 4], of a key of two words and counters of four."""
    a, b, c, d = counter
    for turn in range(PHILOX_ROUNDS):
        first, second = (
            np.uint64((word + turn * step) & WORD) for word, step in zip(key, PHILOX_KEY_STEPS, strict=True)
        )
        low, high = a * np.uint64(PHILOX_FACTORS[0]), c * np.uint64(PHILOX_FACTORS[1])
        a, b, c, d = high >> HALF ^ b ^ first, high & LOW, low >> HALF ^ d ^ second, low & LOW
    return np.stack([a, b, c, d], axis=1)


def threefry(key: tuple[int, int], counter: Sequence[Words]) -> Words:
    """Blocks of two words, uint64 [blocks, 2], of a key of two words and counters of two."""
    keys = [np.uint64(word) for word in (*key, key[0] ^ key[1] ^ THREEFRY_PARITY)]
    a, b = (counter[0] + keys[0]) & LOW, (counter[1] + keys[1]) & LOW
    for turn in range(5):
        for rotation in THREEFRY_ROTATIONS[turn % 2]:
            a = (a + b) & LOW
            b = ((b << np.uint64(rotation) | b >> np.uint64(32 - rotation)) & LOW) ^ a
        a = (a + keys[(turn + 1) % 3]) & LOW
        b = (b + keys[(turn + 2) % 3] + np.uint64(turn + 1)) & LOW
    return np.stack([a, b], axis=1)


def uniform(words: Words) -> NDArray[np.float32]:
    """Numbers of 0 <= y < 1: 23 bits of each word behind the 1 of a float32, less 1."""
    return (words & np.uint64(0x7FFFFF) | np.uint64(0x3F800000)).astype(np.uint32).view(np.float32) - np.float32(1)


def uniform64(first: Words, second: Words) -> NDArray[np.float64]:
    """Numbers of 0 <= y < 1: 20 bits of one word and all of another behind the 1 of a float64, less 1."""
    return ((first & np.uint64(0xFFFFF)) << HALF | second | np.uint64(0x3FF << 52)).view(np.float64) - 1.0


def normal(first: Words, second: Words) -> tuple[NDArray[Any], NDArray[Any]]:
    """Two float32 numbers of the standard normal distribution from two words, by Box and Muller."""
    radius = np.sqrt(np.float32(-2) * libm.log(np.maximum(uniform(first), SMALLEST)))
    angle = (2 * np.pi * uniform(second).astype(np.float64)).astype(np.float32)
    return libm.sin(angle) * radius, libm.cos(angle) * radius
